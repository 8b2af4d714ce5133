// What the settings mean to the control loop. Pure.
#pragma once

#include "core/config/settings.hpp"
#include "core/control/policy.hpp"
#include "core/control/rounds.hpp"

namespace conductor::daemon {

/// `ready` is false: the probe of the node comes first.
[[nodiscard]] control::PolicySettings policy_settings(const config::Settings& settings, std::uint64_t seed);
[[nodiscard]] control::RoundSettings round_settings(const config::Settings& settings,
                                                    std::vector<control::CheckPlan> plans);

}  // namespace conductor::daemon
