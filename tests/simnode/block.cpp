#include "tests/simnode/block.hpp"

#include <algorithm>
#include <vector>

#include "core/base/check.hpp"
#include "core/payload/block_hash.hpp"
#include "core/payload/draft.hpp"
#include "core/payload/keccak.hpp"
#include "core/payload/rlp.hpp"

namespace conductor::simnode {

namespace key = payload::key;
namespace layout = payload::layout;
namespace rlp = payload::rlp;
using payload::Digest;
using payload::Draft;
using rlp::Octets;

namespace {

constexpr std::uint64_t chain_id = 901;
constexpr std::uint64_t gas_limit = 200'000'000;
constexpr std::uint64_t base_fee = 1'000'000'000;
constexpr std::size_t padding_piece = 100'000;  ///< of data in one transaction
// Jovian's: version 1, denominator 250, elasticity 6, no minimum base fee (payload.md 1.6).
constexpr std::array<std::uint8_t, 17> extra_data{1, 0, 0, 0, 250, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0};

Digest digest(std::string_view what, ByteSpan of, std::uint64_t a = 0, std::uint64_t b = 0) {
    std::array<std::uint8_t, 16> numbers{};
    layout::put_u64(numbers.data(), a);
    layout::put_u64(numbers.data() + 8, b);
    return payload::Keccak256{}.update(as_octets(what)).update(of).update(numbers).finish();
}

Octets typed(std::uint8_t type, const Octets& items) {
    Octets out{type};
    rlp::append(out, rlp::list(items));
    return out;
}

Octets address(std::uint8_t first, std::uint8_t last) {
    Octets out(20, 0);
    out.front() = first;
    out.back() = last;
    return out;
}

// The L1 attributes deposit that opens every block of an OP chain.
Octets deposit(const Digest& entropy, std::uint64_t number) {
    Octets data(164, 0);
    std::copy_n(entropy.begin(), 8, data.begin());
    layout::put_u64(data.data() + 8, number);
    Octets items;
    rlp::append_string(items, digest("source", entropy));
    rlp::append_string(items, address(0xde, 0x01));  // from: the depositor
    rlp::append_string(items, address(0x42, 0x15));  // to: L1Block
    rlp::append_integer(items, 0);                   // mint
    rlp::append_integer(items, 0);                   // value
    rlp::append_integer(items, 1'000'000);           // gas
    rlp::append_integer(items, 0);                   // no system transaction
    rlp::append_string(items, data);
    return typed(0x7e, items);
}

// Data that does not compress, so that sizes on the wire are what was asked for.
Octets padding(const Digest& entropy, std::uint64_t nonce, std::size_t octets) {
    Octets data(octets);
    auto state = layout::u64_at(entropy.data()) ^ ((nonce + 1) * 0x9e3779b97f4a7c15ULL);
    for (auto& octet : data) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        octet = static_cast<std::uint8_t>(state >> 56U);
    }
    Octets items;
    rlp::append_integer(items, chain_id);
    rlp::append_integer(items, nonce);
    rlp::append_integer(items, 0);             // priority fee
    rlp::append_integer(items, 2 * base_fee);  // highest fee
    rlp::append_integer(items, 10'000'000);    // gas
    rlp::append_string(items, address(0x77, 0x77));
    rlp::append_integer(items, 0);  // value
    rlp::append_string(items, data);
    rlp::append(items, rlp::list({}));  // access list
    rlp::append_integer(items, 1);
    rlp::append_string(items, digest("r", entropy, nonce));
    rlp::append_string(items, digest("s", entropy, nonce));
    return typed(0x02, items);
}

class Builder {
public:
    void data(key::Index which, ByteSpan octets) {
        std::ranges::copy(octets, draft_.at(payload::payload_keys[which]).begin());
        draft_.present[which] = true;
    }
    void number(key::Index which, std::uint64_t value) {
        layout::put_u64(draft_.at(payload::payload_keys[which]).data(), value);
        draft_.present[which] = true;
    }

    // Twice through the decoder: the hash is part of what is decoded, but not of what is hashed.
    Envelope build(const std::vector<Octets>& transactions) {
        std::ranges::copy(extra_data, draft_.extra.begin());
        draft_.extra_size = extra_data.size();
        draft_.root_present = true;
        std::size_t total = 0;
        for (const auto& one : transactions) total += one.size();
        draft_.set_offsets(transactions.size(), total);
        auto ssz = assemble(transactions, total);

        const auto unsigned_yet = payload::envelope_from_ssz(Bytes::copy_of(ByteSpan{ssz}));
        CONDUCTOR_CHECK(unsigned_yet.has_value());
        const auto hash = payload::block_hash(*unsigned_yet);
        CONDUCTOR_CHECK(hash.has_value());
        std::ranges::copy(hash->bytes, ssz.begin() + layout::block_hash);
        auto envelope = payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
        CONDUCTOR_CHECK(envelope.has_value());
        return std::move(*envelope);
    }

private:
    Octets assemble(const std::vector<Octets>& transactions, std::size_t total) const {
        Octets ssz;
        ssz.reserve(draft_.fixed_size() + extra_data.size() + 4 * transactions.size() + total);
        rlp::append(ssz, ByteSpan{draft_.fixed}.first(draft_.fixed_size()));
        rlp::append(ssz, extra_data);
        auto offset = static_cast<std::uint32_t>(4 * transactions.size());
        for (const auto& one : transactions) {
            std::array<std::uint8_t, 4> place{};
            layout::put_u32(place.data(), offset);
            rlp::append(ssz, place);
            offset += static_cast<std::uint32_t>(one.size());
        }
        for (const auto& one : transactions) rlp::append(ssz, one);
        return ssz;
    }

    Draft draft_;
};

Envelope make(const BlockHash& parent, std::uint64_t number, const BlockRequest& request) {
    const auto entropy = digest("block", parent.bytes, request.seed, request.salt);
    Builder builder;
    builder.data(key::parent_hash, parent.bytes);
    builder.data(key::fee_recipient, address(0x42, 0x11));
    builder.data(key::state_root, digest("state", entropy, number));
    builder.data(key::receipts_root, digest("receipts", entropy, number));
    builder.data(key::logs_bloom, Octets(256, 0));
    builder.data(key::prev_randao, digest("randao", entropy, number));
    builder.number(key::block_number, number);
    builder.number(key::gas_limit, gas_limit);
    builder.number(key::gas_used, number == 0 ? 0 : 46'000 + request.padding);
    builder.number(key::timestamp, request.timestamp_s);
    builder.number(key::base_fee_per_gas, base_fee);
    builder.number(key::blob_gas_used, 0);
    builder.number(key::excess_blob_gas, 0);
    builder.data(key::withdrawals_root, digest("withdrawals", {}, request.seed));

    std::vector<Octets> transactions;
    if (number > 0) {
        transactions.push_back(deposit(entropy, number));
        for (std::size_t done = 0; done < request.padding; done += padding_piece)
            transactions.push_back(
                padding(entropy, done / padding_piece, std::min(padding_piece, request.padding - done)));
    }
    return builder.build(transactions);
}

}  // namespace

Envelope make_genesis(std::uint64_t seed, std::uint64_t timestamp_s) {
    BlockRequest request;
    request.seed = seed;
    request.timestamp_s = timestamp_s;
    return make({}, 0, request);
}

Envelope make_block(const Envelope& parent, const BlockRequest& request) {
    return make(parent.hash, parent.number.value() + 1, request);
}

L1Origin origin_of(std::uint64_t number) noexcept {
    return {number / 12, number % 12};
}

BlockHash l1_hash(std::uint64_t seed, std::uint64_t l1_number) {
    return {digest("l1", {}, seed, l1_number)};
}

}  // namespace conductor::simnode
