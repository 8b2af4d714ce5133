// Keccak-256 as Ethereum uses it: the padding of the competition (0x01), not that of SHA-3 (0x06), which is
// why OpenSSL cannot stand in. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.hpp"

namespace conductor::payload {

using Digest = std::array<std::uint8_t, 32>;

class Keccak256 {
public:
    Keccak256& update(ByteSpan octets) noexcept;
    /// The digest of all that was given; the object is spent.
    [[nodiscard]] Digest finish() noexcept;

private:
    static constexpr std::size_t rate = 136;
    void absorb(const std::uint8_t* block) noexcept;

    std::array<std::uint64_t, 25> lanes_{};
    std::array<std::uint8_t, rate> pending_{};
    std::size_t pending_size_{0};
};

[[nodiscard]] inline Digest keccak256(ByteSpan octets) noexcept {
    return Keccak256{}.update(octets).finish();
}

}  // namespace conductor::payload
