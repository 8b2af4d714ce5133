#include "core/daemon/control_settings.hpp"

#include <algorithm>
#include <utility>

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

// A sum of a moment and a span must still be a moment.
Duration at_most_a_century(Duration span) {
    return std::min<Duration>(span, 24h * 365 * 100);
}

}  // namespace

control::PolicySettings policy_settings(const config::Settings& settings, std::uint64_t seed) {
    control::PolicySettings out;
    // First, so that an option that was set has the last word.
    if (settings.compat_go) control::turn_to_go(out);
    const auto& control = settings.control;
    out.self = ServerId{settings.raft.server_id};
    out.paused = control.paused;
    out.ready = false;
    out.rows.hold_partial = settings.health.rollup_boost_hold_partial;
    out.rows.startup_grace_span = at_most_a_century(control.startup_grace);
    out.rows.recovery_grace = at_most_a_century(control.recovery_grace);
    out.rows.recovery_settle = 3 * settings.health.interval;
    out.ladder.depth = control.unsafe_repair_depth;
    // Go repairs a gap of one and nothing else; whoever asks for more has chosen the ladder.
    out.ladder.repairs = out.ladder.repairs || control.unsafe_repair_depth > 1;
    // 0 waits for ever.
    out.ladder.catchup_timeout = at_most_a_century(
        control.catchup_timeout > Duration::zero() ? control.catchup_timeout : Duration::max());
    out.backoff.min = control.retry_min;
    out.backoff.max = control.retry_max;
    out.backoff.seed = seed;
    out.yield_when_idle = control.paused_yield_leadership;
    out.transfer_at_shutdown = control.shutdown_transfer_leadership;
    out.stop_soft_timeout = control.stop_soft_timeout;
    out.node_limit = settings.node.timeout;
    out.refresh_limit = std::min(out.refresh_limit, settings.node.timeout);
    out.confirm_limit = settings.raft.apply_timeout;
    out.transfer_limit = settings.raft.transfer_timeout;
    return out;
}

control::RoundSettings round_settings(const config::Settings& settings, std::vector<control::CheckPlan> plans) {
    control::RoundSettings out;
    out.beat = settings.health.interval;
    out.wall_tolerance = at_most_a_century(std::max<Duration>(settings.health.unsafe_interval, 1s));
    out.checks = std::move(plans);
    return out;
}

}  // namespace conductor::daemon
