// The two clocks of the shells: instants for waiting and leases, wall time for logs, headers and stamps.
// Any thread.
#pragma once

#include <chrono>

#include "core/base/clock.hpp"

namespace conductor {

/// Now on CLOCK_BOOTTIME: never steps back, and goes on while the machine sleeps, as a lease does.
[[nodiscard]] Instant now() noexcept;

/// Now as people read it; may step in either direction. Never compare it with an Instant.
[[nodiscard]] std::chrono::system_clock::time_point wall_clock() noexcept;

}  // namespace conductor
