// Ethereum's Recursive Length Prefix, writing only, as far as headers and tries need it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"

namespace conductor::payload::rlp {

using Octets = std::vector<std::uint8_t>;

/// The octets in front of a body; `small` 0x80 for a string, 0xc0 for a list.
struct Prefix {
    std::array<std::uint8_t, 9> octets{};
    std::size_t size{0};
    [[nodiscard]] ByteSpan span() const noexcept { return {octets.data(), size}; }
};
[[nodiscard]] Prefix prefix(std::uint8_t small, std::uint64_t body) noexcept;
/// The same for a string, which is its own prefix if it is one octet below 0x80.
[[nodiscard]] Prefix string_prefix(ByteSpan text) noexcept;

void append(Octets& out, ByteSpan octets);
void append_string(Octets& out, ByteSpan text);
/// Minimal big-endian; zero is the empty string.
void append_integer(Octets& out, std::uint64_t value);
void append_integer_le(Octets& out, ByteSpan little_endian);
/// `body`, which holds encoded items, as a list.
[[nodiscard]] Octets list(ByteSpan body);

}  // namespace conductor::payload::rlp
