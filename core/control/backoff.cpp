#include "core/control/backoff.hpp"

#include <algorithm>

namespace conductor::control {

namespace {

// splitmix64 (Steele, Lea, Flood 2014): enough to keep members out of step.
std::uint64_t draw(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    auto z = state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

}  // namespace

Duration Backoff::next(Urgency urgency) {
    const bool halted = urgency == Urgency::halted;
    const auto least = halted ? settings_.min : settings_.tolerable_min;
    const auto most = std::max(least, halted ? settings_.max : settings_.tolerable_max);
    auto wait = least;
    for (std::uint32_t i = 0; i < tries_ && wait < most; ++i) wait = std::min(most, wait * 2);
    // Counted only as far as doubling goes: an action that fails for days must not wrap around.
    if (wait < most) ++tries_;
    if (!settings_.jitter || wait < Duration{4}) return wait;
    return wait +
           Duration{static_cast<std::int64_t>(draw(random_) % static_cast<std::uint64_t>(wait.count() / 4))};
}

}  // namespace conductor::control
