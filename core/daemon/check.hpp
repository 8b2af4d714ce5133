// `--check-config`, behind the configuration: what else would end a start before anything is opened. Maps the
// plugins that the configuration names, as a start does; touches no node, no port and no data directory.
#pragma once

#include <string>

#include "core/config/settings.hpp"

namespace conductor::daemon {

/// What to print, a line for each problem and their number; empty: there are none.
[[nodiscard]] std::string problems_of_start(const config::Settings& settings);

}  // namespace conductor::daemon
