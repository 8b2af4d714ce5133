// The random waits of the protocol, replayable from a seed (splitmix64). Pure.
#pragma once

#include <cstdint>

#include "core/base/clock.hpp"

namespace conductor::consensus {

class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

    [[nodiscard]] std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15ULL;
        auto z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    /// Uniform in [low, high).
    [[nodiscard]] Duration between(Duration low, Duration high) noexcept {
        if (high <= low) return low;
        return low +
               Duration{static_cast<Duration::rep>(next() % static_cast<std::uint64_t>((high - low).count()))};
    }
    /// Uniform in [base, 2 base), the wait that raft-wire calls rand.
    [[nodiscard]] Duration once_or_twice(Duration base) noexcept { return between(base, 2 * base); }

private:
    std::uint64_t state_;
};

}  // namespace conductor::consensus
