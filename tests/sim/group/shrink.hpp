// From a seed that fails to the least of it that fails in the same way: fewer members, fewer kinds of trouble,
// fewer troubles, less time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "plan.hpp"

namespace conductor::sim {

/// What became of one run.
struct Outcome {
    std::optional<std::string> fault;  ///< nothing: it broke no rule
    Duration elapsed{};
    std::array<std::uint64_t, trouble_count> drawn{};  ///< troubles of each kind
    unsigned voters{0};
    unsigned spares{0};
    std::bitset<trouble_count> troubles;
};

/// The rule that was broken: what stands before the first colon.
[[nodiscard]] std::string rule_of(const std::string& fault);

struct Least {
    Cut cut;
    Outcome outcome;
    std::size_t runs{0};
};
/// `run` must fail with `from`. Never makes more than `most` runs.
[[nodiscard]] Least shrink(const Cut& from, const std::function<Outcome(const Cut&)>& run, std::size_t most);

}  // namespace conductor::sim
