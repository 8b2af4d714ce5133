// Lines of a program's log as what they say, whatever their format: for tests that compare what two programs
// say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::test {

struct LogLine {
    std::string level;
    std::string message;
    std::vector<std::pair<std::string, std::string>>
        fields;  ///< in order; texts unescaped, the rest as it stands
    [[nodiscard]] std::optional<std::string> field(std::string_view key) const;
};

/// A line of `json`, `jsonms`, `logfmt` or `text` without colour; nothing where it is none of ours.
[[nodiscard]] std::optional<LogLine> log_line(std::string_view line);
[[nodiscard]] std::vector<LogLine> log_lines(std::string_view text);

}  // namespace conductor::test
