// Whether the simulator finds what is planted: each fault gets a process of its own and seeds until one fails.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "planted.hpp"

namespace conductor::sim {

/// Lies in the store, so every seed must use the real one.
[[nodiscard]] bool lies_in_the_store(Fault fault) noexcept;

/// How many faults have lost their place in core; each is named.
[[nodiscard]] int misplaced();

/// `run` says what a seed breaks. Prints a line for each fault; returns 0 if `limit` seeds were enough for all.
[[nodiscard]] int hunt(std::uint64_t first, std::uint64_t limit,
                       const std::function<std::optional<std::string>(std::uint64_t seed)>& run);

}  // namespace conductor::sim
