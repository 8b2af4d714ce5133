// The execution payload envelope in the one form the conductor keeps: its SSZ octets, exactly as accepted
// (payload.md §2.8), with the few facts that rules ask for read out of them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/ordinal.hpp"
#include "core/base/result.hpp"

namespace conductor::payload {

enum class Version : std::uint8_t { v3 = 3, v4 = 4 };  ///< Ecotone … Holocene; Isthmus and later

/// Octets that decode as V3 or V4. Made by envelope_from_ssz and the transcoder alone.
struct Envelope {
    Bytes ssz;
    Version version{Version::v3};
    BlockNumber number;
    BlockHash hash;  ///< as claimed; block_hash() computes the true one
    BlockHash parent;
    std::uint64_t timestamp_s{0};  ///< unix seconds
};

struct SszError {
    std::string text;     ///< what Go's two-step decode reports (payload.md §4.2): for clients
    std::string precise;  ///< what is really wrong (§4.1): for the log
};

/// Checks every offset (payload.md §4.1) and reads the facts; the octets are shared, not copied.
///   errors  SszError; empty input has the text of E0 with 0, as Restore says it
[[nodiscard]] Result<Envelope, SszError> envelope_from_ssz(Bytes ssz);

/// Transactions of an envelope, in order; opaque octets, possibly empty ones (payload.md §2.4).
class Transactions {
public:
    Transactions() noexcept = default;
    explicit Transactions(ByteSpan region) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] ByteSpan operator[](std::size_t index) const noexcept;

private:
    ByteSpan region_;
    std::size_t count_{0};
};

/// One withdrawal; OP chains have none.
struct Withdrawal {
    std::uint64_t index{0};
    std::uint64_t validator_index{0};
    ByteSpan address;
    std::uint64_t amount_gwei{0};
};

/// Everything inside an envelope, as views into its octets: valid while they live.
struct Fields {
    ByteSpan parent_beacon_block_root, parent_hash, fee_recipient, state_root, receipts_root, logs_bloom,
        prev_randao;
    std::uint64_t block_number{0}, gas_limit{0}, gas_used{0}, timestamp_s{0};
    ByteSpan extra_data;
    ByteSpan base_fee_per_gas_le;  ///< 32 octets, least significant first
    ByteSpan block_hash;
    Transactions transactions;
    ByteSpan withdrawals;  ///< 44 octets each; see withdrawal_at
    std::uint64_t blob_gas_used{0}, excess_blob_gas{0};
    ByteSpan withdrawals_root;  ///< empty in V3
};
[[nodiscard]] Fields fields_of(const Envelope& envelope) noexcept;
[[nodiscard]] Withdrawal withdrawal_at(const Fields& fields, std::size_t index) noexcept;

/// What a sane OP payload has (payload.md §9 rows 8 and 9): true where this one has it not. Nothing here
/// refuses a payload; the caller counts.
struct Oddities {
    bool withdrawals_present{false};
    bool excess_blob_gas_set{false};
    bool extra_data_size{false};         ///< not 0, 9 or 17 octets
    bool first_transaction_type{false};  ///< no transaction, or the first is no deposit (type 0x7e)
    bool block_number_huge{false};       ///< 2^63 and above
    bool not_newer{false};               ///< number not above the head's
    bool parent_not_head{false};         ///< parentHash is not the head's hash
    friend bool operator==(const Oddities&, const Oddities&) = default;
};
/// `head` null: none yet, nothing to compare with.
[[nodiscard]] Oddities oddities_of(const Envelope& envelope, const Envelope* head) noexcept;

}  // namespace conductor::payload
