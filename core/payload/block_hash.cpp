#include "core/payload/block_hash.hpp"

#include <array>
#include <string>
#include <vector>

#include "core/payload/layout.hpp"
#include "core/payload/list_root.hpp"
#include "core/payload/rlp.hpp"

namespace conductor::payload {
namespace {

/// keccak256(RLP([])): no OP block has uncles.
constexpr Digest no_uncles{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5,
                           0x67, 0xb6, 0xcc, 0xd4, 0x1a, 0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a,
                           0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47};
/// sha256 of nothing: Isthmus headers carry an empty list of requests.
constexpr Digest no_requests{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                             0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                             0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

Digest withdrawals_root(const Fields& fields) {
    std::vector<rlp::Octets> items;
    for (std::size_t i = 0; i < fields.withdrawals.size() / layout::withdrawal_size; ++i) {
        const auto one = withdrawal_at(fields, i);
        rlp::Octets body;
        rlp::append_integer(body, one.index);
        rlp::append_integer(body, one.validator_index);
        rlp::append_string(body, one.address);
        rlp::append_integer(body, one.amount_gwei);
        items.push_back(rlp::list(body));
    }
    return list_root(items.size(), [&](std::size_t i) { return ByteSpan{items[i]}; });
}

}  // namespace

Result<BlockHash, Complaint> block_hash(const Envelope& envelope) {
    const auto fields = fields_of(envelope);
    if (fields.block_number >> 63U != 0) return Complaint{"block number of 2^63 or more"};
    const auto& transactions = fields.transactions;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        if (transactions[i].empty()) return Complaint{"transaction " + std::to_string(i) + " is empty"};
    }
    const auto transactions_root =
        list_root(transactions.size(), [&](std::size_t i) { return transactions[i]; });

    constexpr std::array<std::uint8_t, 8> nonce{};
    rlp::Octets header;
    rlp::append_string(header, fields.parent_hash);
    rlp::append_string(header, no_uncles);
    rlp::append_string(header, fields.fee_recipient);
    rlp::append_string(header, fields.state_root);
    rlp::append_string(header, transactions_root);
    rlp::append_string(header, fields.receipts_root);
    rlp::append_string(header, fields.logs_bloom);
    rlp::append_integer(header, 0);  // difficulty
    rlp::append_integer(header, fields.block_number);
    rlp::append_integer(header, fields.gas_limit);
    rlp::append_integer(header, fields.gas_used);
    rlp::append_integer(header, fields.timestamp_s);
    rlp::append_string(header, fields.extra_data);
    rlp::append_string(header, fields.prev_randao);
    rlp::append_string(header, nonce);
    rlp::append_integer_le(header, fields.base_fee_per_gas_le);
    if (envelope.version == Version::v4) {
        rlp::append_string(header, fields.withdrawals_root);
    } else {
        rlp::append_string(header, withdrawals_root(fields));
    }
    rlp::append_integer(header, fields.blob_gas_used);
    rlp::append_integer(header, fields.excess_blob_gas);
    rlp::append_string(header, fields.parent_beacon_block_root);
    if (envelope.version == Version::v4) rlp::append_string(header, no_requests);
    return BlockHash{keccak256(rlp::list(header))};
}

Result<void, Complaint> check_block_hash(const Envelope& envelope) {
    const auto computed = block_hash(envelope);
    const auto bad = "payload has bad block hash: " + to_hex(envelope.hash);
    if (!computed) return Complaint{bad + ", " + computed.error().text};
    if (*computed != envelope.hash) return Complaint{bad + ", actual block hash is: " + to_hex(*computed)};
    return {};
}

}  // namespace conductor::payload
