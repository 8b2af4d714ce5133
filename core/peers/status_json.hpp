// What conductors say of themselves as JSON: the result of `conductor_peerStatus`, written and read, and that
// of `conductor_peers` (conductor.md 3.4.9). Numbers and times are JSON integers; what is not known is null.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/peers/table.hpp"

namespace conductor::peers {

[[nodiscard]] std::string status_json(const Status& status);
[[nodiscard]] std::string table_json(const View& view);

/// Nothing where `text` is not what a conductord answers: it must name its id and its protocol, and whatever
/// else it says must have the type that it should have. A member that is missing, or null, is unknown.
[[nodiscard]] std::optional<Status> read_status(std::string_view text);

}  // namespace conductor::peers
