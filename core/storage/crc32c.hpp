// CRC-32C (Castagnoli; RFC 3720 B.4): the checksum of everything the store writes. Pure; any thread.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"

namespace conductor::storage {

/// The checksum of `octets` behind what `before` is the checksum of; 0 at the start.
/// Uses the processor's instruction, three streams at once for long input; SSE4.2 is the program's floor.
[[nodiscard]] std::uint32_t crc32c(ByteSpan octets, std::uint32_t before = 0) noexcept;
/// The same from the definition, for tests and as the reference.
[[nodiscard]] std::uint32_t crc32c_portable(ByteSpan octets, std::uint32_t before = 0) noexcept;

}  // namespace conductor::storage
