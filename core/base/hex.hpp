// Hexadecimal text for people, logs and tests: plain loops. The kernels of the hot path, which scan,
// check and decode at once, are payload/hex_kernel. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// Two lower-case digits a byte, no prefix.
[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);
/// The same behind `0x`.
[[nodiscard]] std::string hex_with_prefix(std::span<const std::uint8_t> bytes);
/// Digits in either case, with or without `0x`; nothing on an odd count or any other character.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace conductor
