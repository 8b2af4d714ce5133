// What a network's name stands for: its profile, asked of the bundled provider before there is a configuration
// (conductor.md 1.5.3). Loads the provider only when a network is named. Blocks; at start-up.
#pragma once

#include <string>
#include <string_view>

#include "core/config/load.hpp"

namespace conductor::daemon {

/// Defaults of the options that the profile sets.
///   errors  why the provider cannot be asked; or, for a name that it does not know, the nearest one and how a
///           network is described without a provider
[[nodiscard]] Result<config::Profile, Complaint> look_up_network(const std::string& name);

/// The options that the `[policy]` of a profile sets, as one would write them behind their flags. Pure.
///   errors  the text is no TOML, or a value that no option takes
[[nodiscard]] Result<config::Profile, Complaint> read_profile(std::string_view text, const std::string& name);

}  // namespace conductor::daemon
