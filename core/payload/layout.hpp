// Where everything lies in the SSZ form of an envelope (payload.md §2.2), and how its little-endian numbers
// are read and written. Offsets count from the envelope's first octet; those stored inside it count from
// octet 32, the payload's first. Pure.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/base/bytes.hpp"

namespace conductor::payload::layout {

static_assert(std::endian::native == std::endian::little, "numbers are read and written as they lie in memory");

constexpr std::size_t root_size = 32;  ///< parentBeaconBlockRoot, in front of the payload
constexpr std::size_t parent_hash = 32;
constexpr std::size_t fee_recipient = 64;
constexpr std::size_t state_root = 84;
constexpr std::size_t receipts_root = 116;
constexpr std::size_t logs_bloom = 148;
constexpr std::size_t prev_randao = 404;
constexpr std::size_t block_number = 436;
constexpr std::size_t gas_limit = 444;
constexpr std::size_t gas_used = 452;
constexpr std::size_t timestamp = 460;
constexpr std::size_t extra_data_offset =
    468;  ///< its value is the length of the fixed part: the version's tag
constexpr std::size_t base_fee_per_gas = 472;
constexpr std::size_t block_hash = 504;
constexpr std::size_t transactions_offset = 536;
constexpr std::size_t withdrawals_offset = 540;
constexpr std::size_t blob_gas_used = 544;
constexpr std::size_t excess_blob_gas = 552;
constexpr std::size_t withdrawals_root = 560;

/// Length of the payload's fixed part for V1 … V4.
constexpr std::array<std::uint32_t, 5> fixed_part{0, 508, 512, 528, 560};

constexpr std::size_t max_extra_data = 32;
constexpr std::size_t max_transactions = 1U << 20U;
constexpr std::size_t max_withdrawals = 16;
constexpr std::size_t withdrawal_size = 44;  ///< index u64, validatorIndex u64, address 20, amount u64

/// Root of an empty trie. Go treats a withdrawalsRoot of this value as absent when it encodes (§2.6 rule 2).
constexpr std::array<std::uint8_t, 32> empty_trie_root{
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21};

[[nodiscard]] inline std::uint32_t u32_at(const std::uint8_t* at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}
[[nodiscard]] inline std::uint64_t u64_at(const std::uint8_t* at) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}
inline void put_u32(std::uint8_t* at, std::uint32_t value) noexcept {
    std::memcpy(at, &value, sizeof value);
}
inline void put_u64(std::uint8_t* at, std::uint64_t value) noexcept {
    std::memcpy(at, &value, sizeof value);
}

}  // namespace conductor::payload::layout
