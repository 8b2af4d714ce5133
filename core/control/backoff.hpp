// How long to wait before a failed action is tried again (conductor.md 5.11.2): 50 ms doubling to 2 s while
// nobody produces blocks, 2 s doubling to 10 s otherwise, with jitter on top so that members do not retry in
// step. Never less than the stated wait. Pure: the randomness is a seed.
#pragma once

#include <cstdint>

#include "core/base/clock.hpp"

namespace conductor::control {

enum class Urgency : std::uint8_t {
    halted,    ///< nobody produces blocks as far as we know
    tolerable  ///< somebody else does
};

struct BackoffSettings {
    Duration min{std::chrono::milliseconds{50}};  ///< control.retry-min
    Duration max{std::chrono::seconds{2}};        ///< control.retry-max
    Duration tolerable_min{std::chrono::seconds{2}};
    Duration tolerable_max{std::chrono::seconds{10}};
    bool jitter{true};
    std::uint64_t seed{1};
};

class Backoff {
public:
    explicit Backoff(BackoffSettings settings) : settings_{settings}, random_{settings.seed} {}
    [[nodiscard]] Duration next(Urgency urgency);
    void reset() noexcept { tries_ = 0; }
    [[nodiscard]] std::uint32_t tries() const noexcept { return tries_; }

private:
    BackoffSettings settings_;
    std::uint64_t random_;
    std::uint32_t tries_{0};
};

}  // namespace conductor::control
