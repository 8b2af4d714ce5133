// How every file of ours begins, in every version there will ever be: magic, version, and a checksum of the
// two, so that a flipped bit is not mistaken for a newer program's work. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/storage/file.hpp"

namespace conductor::storage {

using FileMagic = std::array<char, 8>;

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::size_t preamble_octets = 16;

enum class Preamble : std::uint8_t { ours, newer, bad };

void put_preamble(ByteSpace at, const FileMagic& magic);
[[nodiscard]] Preamble look_at_preamble(ByteSpan octets, const FileMagic& magic);

}  // namespace conductor::storage
