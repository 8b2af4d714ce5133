// What time it is on one simulated machine: the world's, shifted, and a little fast or slow.
#pragma once

#include "core/base/clock.hpp"

namespace conductor::sim {

class NodeClock {
public:
    NodeClock() = default;
    NodeClock(Instant world, Duration offset, std::int64_t drift_ppm)
        : world_{world}, local_{world + offset}, drift_ppm_{drift_ppm} {}

    [[nodiscard]] Instant local(Instant world) const {
        const auto passed = world - world_;
        return local_ + passed + passed * drift_ppm_ / million;
    }
    /// When it is `local` here, or a moment later.
    [[nodiscard]] Instant world(Instant local) const {
        const auto passed = local - local_;
        return world_ + passed - passed * drift_ppm_ / million + rounding;
    }

private:
    static constexpr std::int64_t million = 1'000'000;
    static constexpr Duration rounding = std::chrono::milliseconds{2};

    Instant world_{};
    Instant local_{};
    std::int64_t drift_ppm_{0};
};

}  // namespace conductor::sim
