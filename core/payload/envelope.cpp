#include "core/payload/envelope.hpp"

#include <algorithm>
#include <optional>

#include "core/base/check.hpp"
#include "core/payload/layout.hpp"

namespace conductor::payload {
namespace {

using layout::u32_at;
using layout::u64_at;
using std::to_string;

// What is wrong with a transactions region, checks T1 … T6 in Go's order; empty if nothing.
std::string transactions_fault(ByteSpan region) {
    if (region.empty()) return {};
    const auto scope = region.size();
    if (scope < 4) return "not enough scope to read first tx offset: " + to_string(scope);
    const auto first = u32_at(region.data());
    const auto bad_first = "invalid first tx offset: " + to_string(first);
    if (first % 4 != 0) return bad_first + ", not a multiple of offset size";
    if (first > scope) return bad_first + ", out of scope " + to_string(scope);
    if (first == 0) return bad_first + ", no transactions in scope " + to_string(scope);
    const std::size_t count = first / 4;
    if (count > layout::max_transactions) {
        return "too many transactions: " + to_string(count) + " > " + to_string(layout::max_transactions);
    }

    std::size_t current = first;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t next = i + 1 < count ? u32_at(region.data() + 4 * (i + 1)) : scope;
        if (next < current || next > scope) {
            return "tx " + to_string(i) + " has bad next offset: " + to_string(next) + ", current is " +
                   to_string(current) + ", scope is " + to_string(scope);
        }
        current = next;
    }
    return {};
}

// Checks P1 … W2 for one of V3 and V4, in Go's order; empty if the octets decode.
std::string fault_as(ByteSpan ssz, Version version) {
    const auto number = static_cast<std::size_t>(version);
    const std::size_t fixed = layout::fixed_part[number];
    const std::size_t scope = ssz.size() - layout::root_size;
    if (scope < fixed) {
        return "scope too small to decode execution payload: " + to_string(scope) +
               ", version is: " + to_string(number - 1);
    }
    const std::size_t extra = u32_at(ssz.data() + layout::extra_data_offset);
    const std::size_t transactions = u32_at(ssz.data() + layout::transactions_offset);
    const std::size_t withdrawals = u32_at(ssz.data() + layout::withdrawals_offset);
    if (extra != fixed) return "unexpected extra data offset: " + to_string(extra) + " <> " + to_string(fixed);
    if (transactions < extra) return "transactions offset is smaller than extra data offset, aborting";
    if (withdrawals < transactions) return "withdrawals offset is smaller than transaction offset, aborting";
    if (withdrawals > scope) return "withdrawals offset is too large: " + to_string(withdrawals);
    if (transactions > extra + layout::max_extra_data || transactions > scope) {
        return "extra-data is too large: " + to_string(transactions - extra);
    }

    const auto payload = ssz.subspan(layout::root_size);
    const auto bad_transactions = transactions_fault(payload.subspan(transactions, withdrawals - transactions));
    if (!bad_transactions.empty()) return "failed to unmarshal transactions list: " + bad_transactions;

    const std::size_t rest = scope - withdrawals;
    if (rest % layout::withdrawal_size != 0) {
        return "failed to unmarshal withdrawals list: invalid withdrawals data";
    }
    if (rest / layout::withdrawal_size > layout::max_withdrawals) {
        return "failed to unmarshal withdrawals list: too many withdrawals: " +
               to_string(rest / layout::withdrawal_size) + " > " + to_string(layout::max_withdrawals);
    }
    return {};
}

BlockHash hash_at(ByteSpan ssz, std::size_t offset) {
    BlockHash hash;
    std::ranges::copy(ssz.subspan(offset, hash.bytes.size()), hash.bytes.begin());
    return hash;
}

}  // namespace

// The tag decides the version: the sets of octets that decode as V3 and as V4 are disjoint (§3.2). Go tries V4
// and then reports V3's complaint, whatever was wrong; `precise` keeps what was wrong with the tagged version.
Result<Envelope, SszError> envelope_from_ssz(Bytes ssz) {
    const auto octets = ssz.span();
    if (octets.size() < layout::root_size) {
        const auto text = "scope too small to decode execution payload: " + to_string(octets.size());
        return SszError{text, text};
    }
    const bool tagged = octets.size() >= layout::extra_data_offset + 4;
    const auto tag = tagged ? u32_at(octets.data() + layout::extra_data_offset) : 0;
    const auto version = tag == layout::fixed_part[4] ? Version::v4 : Version::v3;
    auto fault = fault_as(octets, version);
    if (!fault.empty()) {
        auto reported = version == Version::v3 ? fault : fault_as(octets, Version::v3);
        return SszError{std::move(reported), std::move(fault)};
    }

    Envelope envelope;
    envelope.version = version;
    envelope.number = BlockNumber{u64_at(octets.data() + layout::block_number)};
    envelope.hash = hash_at(octets, layout::block_hash);
    envelope.parent = hash_at(octets, layout::parent_hash);
    envelope.timestamp_s = u64_at(octets.data() + layout::timestamp);
    envelope.ssz = std::move(ssz);
    return envelope;
}

Transactions::Transactions(ByteSpan region) noexcept
    : region_{region}, count_{region.empty() ? 0 : u32_at(region.data()) / 4} {}

ByteSpan Transactions::operator[](std::size_t index) const noexcept {
    CONDUCTOR_CHECK(index < count_);
    const std::size_t begin = u32_at(region_.data() + 4 * index);
    const std::size_t end = index + 1 < count_ ? u32_at(region_.data() + 4 * (index + 1)) : region_.size();
    return region_.subspan(begin, end - begin);
}

Fields fields_of(const Envelope& envelope) noexcept {
    const auto ssz = envelope.ssz.span();
    const auto* const at = ssz.data();
    const auto payload = ssz.subspan(layout::root_size);
    const std::size_t extra = u32_at(at + layout::extra_data_offset);
    const std::size_t transactions = u32_at(at + layout::transactions_offset);
    const std::size_t withdrawals = u32_at(at + layout::withdrawals_offset);

    Fields fields;
    fields.parent_beacon_block_root = ssz.first(layout::root_size);
    fields.parent_hash = ssz.subspan(layout::parent_hash, 32);
    fields.fee_recipient = ssz.subspan(layout::fee_recipient, 20);
    fields.state_root = ssz.subspan(layout::state_root, 32);
    fields.receipts_root = ssz.subspan(layout::receipts_root, 32);
    fields.logs_bloom = ssz.subspan(layout::logs_bloom, 256);
    fields.prev_randao = ssz.subspan(layout::prev_randao, 32);
    fields.block_number = u64_at(at + layout::block_number);
    fields.gas_limit = u64_at(at + layout::gas_limit);
    fields.gas_used = u64_at(at + layout::gas_used);
    fields.timestamp_s = u64_at(at + layout::timestamp);
    fields.extra_data = payload.subspan(extra, transactions - extra);
    fields.base_fee_per_gas_le = ssz.subspan(layout::base_fee_per_gas, 32);
    fields.block_hash = ssz.subspan(layout::block_hash, 32);
    fields.transactions = Transactions{payload.subspan(transactions, withdrawals - transactions)};
    fields.withdrawals = payload.subspan(withdrawals);
    fields.blob_gas_used = u64_at(at + layout::blob_gas_used);
    fields.excess_blob_gas = u64_at(at + layout::excess_blob_gas);
    if (envelope.version == Version::v4) fields.withdrawals_root = ssz.subspan(layout::withdrawals_root, 32);
    return fields;
}

Withdrawal withdrawal_at(const Fields& fields, std::size_t index) noexcept {
    const auto one = fields.withdrawals.subspan(index * layout::withdrawal_size, layout::withdrawal_size);
    return {u64_at(one.data()), u64_at(one.data() + 8), one.subspan(16, 20), u64_at(one.data() + 36)};
}

Oddities oddities_of(const Envelope& envelope, const Envelope* head) noexcept {
    constexpr std::uint8_t deposit = 0x7e;
    const auto fields = fields_of(envelope);
    const auto extra = fields.extra_data.size();
    const auto first = fields.transactions.size() > 0 ? fields.transactions[0] : ByteSpan{};

    Oddities odd;
    odd.withdrawals_present = !fields.withdrawals.empty();
    odd.excess_blob_gas_set = fields.excess_blob_gas != 0;
    odd.extra_data_size = extra != 0 && extra != 9 && extra != 17;
    odd.first_transaction_type = first.empty() || first[0] != deposit;
    odd.block_number_huge = fields.block_number >> 63U != 0;
    if (head != nullptr) {
        odd.not_newer = envelope.number <= head->number;
        odd.parent_not_head = envelope.parent != head->hash;
    }
    return odd;
}

}  // namespace conductor::payload
