#include "core/runtime/clock.hpp"

#include <ctime>

#include "core/base/check.hpp"

namespace conductor {

Instant now() noexcept {
    timespec t{};
    CONDUCTOR_CHECK(::clock_gettime(CLOCK_BOOTTIME, &t) == 0);
    return Instant{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

std::chrono::system_clock::time_point wall_clock() noexcept {
    return std::chrono::system_clock::now();
}

}  // namespace conductor
