// Whether the simulator finds what is planted: each fault gets a process of its own and seeds until one fails.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planted.hpp"

namespace conductor::sim {

/// Lies in the store, so every seed must use the real one.
[[nodiscard]] bool lies_in_the_store(Fault fault) noexcept;
/// Lies in the control loop, so every seed must run it.
[[nodiscard]] bool lies_in_the_loop(Fault fault) noexcept;

/// How many faults have lost their place in core; each is named.
[[nodiscard]] int misplaced();

struct Hunt {
    std::uint64_t first{1};
    std::uint64_t limit{2000};             ///< seeds for each fault
    std::vector<std::string_view> faults;  ///< empty: all
};
/// `run` says what a seed breaks. Prints a row for each fault, of the table in tests/sim/README.md; returns 0
/// if all were found.
[[nodiscard]] int hunt(const Hunt& what,
                       const std::function<std::optional<std::string>(std::uint64_t seed)>& run);

}  // namespace conductor::sim
