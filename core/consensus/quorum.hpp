// Arithmetic of majorities: what enough voters have reached. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace conductor::consensus {

/// How many of `voters` make a quorum; 1 of none, so that nobody is ever chosen by nobody.
[[nodiscard]] std::size_t majority(std::size_t voters) noexcept;

/// The greatest value that a majority of the voters has reached or passed (raft-wire 5.8). Of nobody: T{}.
template <class T>
[[nodiscard]] T reached_by_majority(std::vector<T> values) {
    if (values.empty()) return T{};
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace conductor::consensus
