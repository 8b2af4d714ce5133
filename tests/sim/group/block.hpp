// Blocks of a simulated chain: real envelopes of the smallest size, named by what they stand on.
#pragma once

#include <cstdint>

#include "core/payload/envelope.hpp"

namespace conductor::sim {

/// Equal arguments give equal octets; any difference, another hash.
[[nodiscard]] Bytes make_block(BlockNumber number, const BlockHash& parent, std::uint64_t salt);
[[nodiscard]] std::uint64_t digest(ByteSpan octets) noexcept;

}  // namespace conductor::sim
