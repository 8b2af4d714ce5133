// Points in time as the pure modules see them: they are handed in, never read. An Instant counts on a clock
// that goes on during suspend (CLOCK_BOOTTIME), because a lease does so too; runtime/clock reads it. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace conductor {

struct BootClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};

using Duration = BootClock::duration;
using Instant = BootClock::time_point;

}  // namespace conductor
