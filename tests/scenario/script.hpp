// The language of the scenarios (README.md): one line a step, played on a Stage.
#pragma once

#include <istream>
#include <optional>
#include <string>

namespace conductor::scenario {

/// Plays a script from its first line to its last. Returns what went wrong, as `name:line: …` and who stood
/// where; nothing if all came as the script says.
[[nodiscard]] std::optional<std::string> play(const std::string& name, std::istream& script);

}  // namespace conductor::scenario
