// Faults that are planted on purpose, to see whether the simulator finds them. In its binary and in no other.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace conductor::sim {

enum class Fault : unsigned {
    none,
#include "planted_faults.inc"
    count
};

inline Fault planted_fault = Fault::none;
/// Seeds are drawn as for this fault, though it is not at work.
inline Fault planted_places = Fault::none;
[[nodiscard]] inline bool planted(Fault fault) noexcept {
    return planted_fault == fault;
}

inline constexpr std::size_t planted_count = static_cast<std::size_t>(Fault::count) - 1;
/// In the order of Fault, without `none`.
inline constexpr std::array<std::string_view, planted_count> planted_names{
#include "planted_names.inc"
};
/// Whose place in core was not found.
inline constexpr std::string_view planted_misplaced[]{
#include "planted_misplaced.inc"
};

}  // namespace conductor::sim
