#include "core/payload/keccak.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/check.hpp"

namespace conductor::payload {
namespace {

using Lanes = std::array<std::uint64_t, 25>;  // lane (x, y) at x + 5y; little-endian, as memory has it here

static_assert(std::endian::native == std::endian::little);

struct Tables {
    std::array<std::uint64_t, 24> constants{};  // iota
    std::array<int, 25> turns{};                // rho, by source lane
    std::array<std::size_t, 25> targets{};      // pi: where a source lane goes
};

// FIPS 202 §3.2: all of them follow from two small recurrences.
constexpr Tables tables = [] {
    Tables t;
    std::size_t x = 1;
    std::size_t y = 0;
    unsigned lfsr = 1;
    for (std::size_t round = 0; round < 24; ++round) {
        t.turns[x + 5 * y] = static_cast<int>((round + 1) * (round + 2) / 2 % 64);
        const auto turned = (2 * x + 3 * y) % 5;
        x = y;
        y = turned;
        for (unsigned j = 0; j < 7; ++j) {
            if ((lfsr & 1U) != 0) t.constants[round] |= std::uint64_t{1} << ((1U << j) - 1U);
            lfsr = (lfsr << 1U ^ (lfsr >> 7U) * 0x71U) & 0xffU;
        }
    }
    for (std::size_t i = 0; i < 25; ++i) t.targets[i] = i / 5 + 5 * ((2 * (i % 5) + 3 * (i / 5)) % 5);
    return t;
}();

// The inner loops have constant bounds and are unrolled, so that the tables turn into immediates.
void permute(Lanes& a) noexcept {
    for (const auto constant : tables.constants) {
        std::array<std::uint64_t, 5> c{};
        Lanes b;
#pragma GCC unroll 5
        for (std::size_t x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 25
        for (std::size_t i = 0; i < 25; ++i) {
            const auto mixed = a[i] ^ c[(i + 4) % 5] ^ std::rotl(c[(i + 1) % 5], 1);
            b[tables.targets[i]] = std::rotl(mixed, tables.turns[i]);
        }
#pragma GCC unroll 25
        for (std::size_t i = 0; i < 25; ++i) {
            const auto row = i - i % 5;
            a[i] = b[i] ^ (~b[row + (i + 1) % 5] & b[row + (i + 2) % 5]);
        }
        a[0] ^= constant;
    }
}

}  // namespace

void Keccak256::absorb(const std::uint8_t* block) noexcept {
    for (std::size_t i = 0; i < rate / 8; ++i) {
        std::uint64_t lane = 0;
        std::memcpy(&lane, block + 8 * i, 8);
        lanes_[i] ^= lane;
    }
    permute(lanes_);
}

Keccak256& Keccak256::update(ByteSpan octets) noexcept {
    if (pending_size_ > 0) {
        const auto take = std::min(rate - pending_size_, octets.size());
        std::ranges::copy(octets.first(take), pending_.begin() + static_cast<std::ptrdiff_t>(pending_size_));
        pending_size_ += take;
        octets = octets.subspan(take);
        if (pending_size_ < rate) return *this;
        absorb(pending_.data());
        pending_size_ = 0;
    }
    for (; octets.size() >= rate; octets = octets.subspan(rate)) absorb(octets.data());
    std::ranges::copy(octets, pending_.begin());
    pending_size_ = octets.size();
    return *this;
}

Digest Keccak256::finish() noexcept {
    std::fill(pending_.begin() + static_cast<std::ptrdiff_t>(pending_size_), pending_.end(), std::uint8_t{0});
    pending_[pending_size_] = 0x01;
    pending_[rate - 1] |= 0x80U;
    absorb(pending_.data());
    Digest digest;
    std::memcpy(digest.data(), lanes_.data(), digest.size());
    return digest;
}

}  // namespace conductor::payload
