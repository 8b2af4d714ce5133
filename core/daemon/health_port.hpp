// A health check as the control loop asks it, by a plugin on its own lane; and how its table in the
// configuration becomes a plan. Core thread.
#pragma once

#include "core/config/settings.hpp"
#include "core/control/rounds.hpp"
#include "core/control/surroundings.hpp"
#include "core/plugin/health_check.hpp"

namespace conductor::daemon {

class HealthPort final : public control::HealthCheck {
public:
    /// `instance` is opened, and outlives every look.
    explicit HealthPort(plugin::Instance& instance) : check_{instance} {}
    void judge(Duration limit, std::function<void(std::optional<control::Finding>)> done) override;
    /// While it is held it does not look: a reload has taken the plugin away for a moment.
    void hold(bool held) { held_ = held; }

private:
    plugin::HealthCheck check_;
    bool held_{false};
};

/// What the file says, else what the plugin wishes, else what `health` has for all. A bundled check reports
/// Go's texts without a reason, so that alerts still match.
[[nodiscard]] control::CheckPlan plan_of(const config::PluginInstance& instance,
                                         const plugin::Admitted& admitted,
                                         const config::HealthSettings& health);

}  // namespace conductor::daemon
