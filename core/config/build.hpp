// The last step: judged values become Settings. Pure.
#pragma once

#include "core/config/resolved.hpp"
#include "core/config/settings.hpp"

namespace conductor::config {

[[nodiscard]] LogSettings log_settings(const Resolved& values, bool output_is_terminal);

/// `values` must have passed validate(); `file` gives the tables. Peers and rollup configuration come from
/// elsewhere and stay empty.
[[nodiscard]] Settings build(const Resolved& values, const FileContents& file, const LogSettings& log);

}  // namespace conductor::config
