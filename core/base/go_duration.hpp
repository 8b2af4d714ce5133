// Durations as Go writes and reads them: `1m30s`, `500ms`, `1.5h`. Operators, log pipelines and the files of a
// Go cluster speak this notation. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace conductor {

/// As Go's Duration.String(): `1m30s`, `2m0s`, `1.5ms`, `76.849µs`, `0s`.
[[nodiscard]] std::string go_duration(std::chrono::nanoseconds value);

/// As Go's time.ParseDuration, which wants a unit behind every number but a lone 0. The complaint is Go's:
/// `time: missing unit in duration "5"`.
[[nodiscard]] Result<std::chrono::nanoseconds, Complaint> parse_go_duration(std::string_view text);

}  // namespace conductor
