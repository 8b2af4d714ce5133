// An envelope under construction: members arrive in any order, and only the whole decides its version. The
// scalars go straight to where the SSZ form has them, since all versions put them at the same place. Pure.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/payload/layout.hpp"

namespace conductor::payload {

enum class Form : std::uint8_t { data, quantity, extra_data, transactions, withdrawals };

/// One key of the payload object (payload.md §1.2), or the root of the envelope.
struct Key {
    std::string_view name;
    Form form{Form::data};
    std::size_t offset{0};  ///< in the envelope
    std::size_t size{0};    ///< octets there
    std::string_view type;  ///< as Go's messages call it
};

namespace key {
enum Index : std::size_t {
    parent_hash,
    fee_recipient,
    state_root,
    receipts_root,
    logs_bloom,
    prev_randao,
    block_number,
    gas_limit,
    gas_used,
    timestamp,
    extra_data,
    base_fee_per_gas,
    block_hash,
    transactions,
    withdrawals,
    blob_gas_used,
    excess_blob_gas,
    withdrawals_root,
    count
};
}  // namespace key

constexpr Key root_key{"parentBeaconBlockRoot", Form::data, 0, layout::root_size, "common.Hash"};

/// In the order of Go's output and of the SSZ form.
constexpr std::array<Key, key::count> payload_keys{{
    {"parentHash", Form::data, layout::parent_hash, 32, "common.Hash"},
    {"feeRecipient", Form::data, layout::fee_recipient, 20, "common.Address"},
    {"stateRoot", Form::data, layout::state_root, 32, "*eth.Bytes32"},
    {"receiptsRoot", Form::data, layout::receipts_root, 32, "*eth.Bytes32"},
    {"logsBloom", Form::data, layout::logs_bloom, 256, "*eth.Bytes256"},
    {"prevRandao", Form::data, layout::prev_randao, 32, "*eth.Bytes32"},
    {"blockNumber", Form::quantity, layout::block_number, 8, "hexutil.Uint64"},
    {"gasLimit", Form::quantity, layout::gas_limit, 8, "hexutil.Uint64"},
    {"gasUsed", Form::quantity, layout::gas_used, 8, "hexutil.Uint64"},
    {"timestamp", Form::quantity, layout::timestamp, 8, "hexutil.Uint64"},
    {"extraData", Form::extra_data, 0, 0, "hexutil.Bytes"},
    {"baseFeePerGas", Form::quantity, layout::base_fee_per_gas, 32, "*uint256.Int"},
    {"blockHash", Form::data, layout::block_hash, 32, "common.Hash"},
    {"transactions", Form::transactions, 0, 0, "[]hexutil.Bytes"},
    {"withdrawals", Form::withdrawals, 0, 0, "types.Withdrawals"},
    {"blobGasUsed", Form::quantity, layout::blob_gas_used, 8, "hexutil.Uint64"},
    {"excessBlobGas", Form::quantity, layout::excess_blob_gas, 8, "hexutil.Uint64"},
    {"withdrawalsRoot", Form::data, layout::withdrawals_root, 32, "common.Hash"},
}};

struct Draft {
    std::array<std::uint8_t, layout::withdrawals_root + 32> fixed{};  ///< root and fixed part, as in V4
    std::array<std::uint8_t, layout::max_extra_data> extra{};
    std::size_t extra_size{0};
    std::bitset<key::count> present;  ///< given, and not as null where null means absent
    bool root_present{false};

    [[nodiscard]] std::span<std::uint8_t> at(const Key& which) noexcept {
        return std::span{fixed}.subspan(which.offset, which.size);
    }
    [[nodiscard]] bool withdrawals_root_is_empty_trie() const noexcept;
    /// 1 … 4, by content (payload.md §2.6 rule 2).
    [[nodiscard]] unsigned version() const noexcept;
    /// Octets of root and fixed part in that version.
    [[nodiscard]] std::size_t fixed_size() const noexcept;
    /// Fills in the offsets, for `count` transactions of `octets` together.
    void set_offsets(std::size_t count, std::size_t octets) noexcept;
};

}  // namespace conductor::payload
