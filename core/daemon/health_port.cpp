#include "core/daemon/health_port.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace conductor::daemon {

namespace {

constexpr int intervals_a_verdict_is_held = 3;

control::Finding finding_of(plugin::Finding found) {
    return {static_cast<control::Judgement>(found.verdict), static_cast<control::FaultClass>(found.fault_class),
            std::move(found.reason), std::move(found.detail), std::chrono::nanoseconds{found.since_unix_ns}};
}
static_assert(static_cast<int>(control::Judgement::degraded) == CONDUCTOR_DEGRADED);
static_assert(static_cast<int>(control::Judgement::unhealthy) == CONDUCTOR_UNHEALTHY);
static_assert(static_cast<int>(control::FaultClass::node_down) == CONDUCTOR_NODE_DOWN);
static_assert(static_cast<int>(control::FaultClass::builder_down) == CONDUCTOR_BUILDER_DOWN);

control::OnUnknown on_unknown_of(const std::optional<std::string>& word) {
    if (word == "healthy") return control::OnUnknown::healthy;
    if (word == "unhealthy") return control::OnUnknown::unhealthy;
    return control::OnUnknown::hold;
}

std::uint32_t times(std::uint64_t count) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

void HealthPort::judge(Duration limit, std::function<void(std::optional<control::Finding>)> done) {
    if (held_) return done(std::nullopt);
    check_.judge(limit, [done = std::move(done)](plugin::Finding found) {
        if (found.skipped) return done(std::nullopt);
        done(finding_of(std::move(found)));
    });
}

control::CheckPlan plan_of(const config::PluginInstance& instance, const plugin::Admitted& admitted,
                           const config::HealthSettings& health) {
    control::CheckPlan plan;
    plan.interval = instance.interval.value_or(admitted.descriptor->interval_or(health.interval));
    plan.limit = instance.timeout.value_or(admitted.descriptor->timeout_or(health.timeout));
    auto& settings = plan.settings;
    settings.instance = instance.name;
    settings.role = instance.role == "advice" ? control::CheckRole::advice : control::CheckRole::gate;
    settings.names_reason = !admitted.bundled;
    settings.failures_to_unhealthy =
        times(instance.failures_to_unhealthy.value_or(health.failures_to_unhealthy));
    settings.successes_to_healthy = times(instance.successes_to_healthy.value_or(health.successes_to_healthy));
    settings.on_unknown = on_unknown_of(instance.on_unknown);
    settings.hold_for = instance.hold_for.value_or(intervals_a_verdict_is_held * plan.interval);
    settings.fault_cooldown = instance.fault_cooldown.value_or(settings.fault_cooldown);
    return plan;
}

}  // namespace conductor::daemon
