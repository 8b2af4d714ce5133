// Regular expressions (ECMAScript), compiled into one object file: every unit that includes <regex> itself
// takes seconds longer to compile.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace conductor::pattern {

struct Match {
    std::size_t at{0};
    std::string text;
    std::string group;  ///< the first one; empty: the pattern has none, or it did not take part
};

/// Every match, in order.
[[nodiscard]] std::vector<Match> matches(const std::string& text, const std::string& pattern);
[[nodiscard]] bool has_match(const std::string& text, const std::string& pattern);
/// Every match replaced.
[[nodiscard]] std::string replaced(const std::string& text, const std::string& pattern,
                                   const std::string& with);

}  // namespace conductor::pattern
