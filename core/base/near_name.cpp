#include "core/base/near_name.hpp"

#include <algorithm>
#include <vector>

namespace conductor {
namespace {

constexpr std::size_t longest_guessed = 128;  // the distance costs the product of both lengths

// Optimal string alignment: insertions, deletions, changes, and swaps of neighbours, each one step.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> near_name(std::string_view wrong, std::span<const std::string> names) {
    std::optional<std::string> best;
    if (wrong.empty() || wrong.size() > longest_guessed) return best;
    auto limit = std::max<std::size_t>(1, wrong.size() / 3) + 1;
    for (const auto& name : names) {
        if (name.size() > longest_guessed) continue;
        const auto steps = distance(wrong, name);
        if (steps >= limit) continue;
        limit = steps;
        best = name;
    }
    return best;
}

}  // namespace conductor
