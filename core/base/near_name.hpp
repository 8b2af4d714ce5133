// Which name was meant. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace conductor {

/// The one of `names` that a slip of the finger would turn into `wrong`, if any: at most a third of its letters
/// differ. Names longer than 128 octets are neither guessed nor guessed at.
[[nodiscard]] std::optional<std::string> near_name(std::string_view wrong, std::span<const std::string> names);

}  // namespace conductor
