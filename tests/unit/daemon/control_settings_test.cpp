// What of the configuration reaches the control loop.
#include "core/daemon/control_settings.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

namespace {

config::Settings settings() {
    config::Settings made;
    made.raft.server_id = "seq-1";
    made.raft.apply_timeout = 6s;
    made.raft.transfer_timeout = 7s;
    made.node.timeout = 8s;
    made.health.interval = 2s;
    made.health.unsafe_interval = 12s;
    made.control.startup_grace = 3s;
    made.control.recovery_grace = 31s;
    made.control.catchup_timeout = 9s;
    made.control.stop_soft_timeout = 1500ms;
    made.control.retry_min = 60ms;
    made.control.retry_max = 3s;
    made.control.unsafe_repair_depth = 32;
    return made;
}

}  // namespace

TEST_CASE("each option of the loop arrives where it is obeyed", "[daemon][settings][1.6.3]") {
    auto made = settings();
    made.control.paused = true;
    const auto policy = policy_settings(made, 7);
    CHECK(policy.self == ServerId{"seq-1"});
    CHECK(policy.paused);
    CHECK_FALSE(policy.ready);
    CHECK(policy.active == control::Active::unknown);
    CHECK(policy.confirm_limit == 6s);
    CHECK(policy.transfer_limit == 7s);
    CHECK(policy.node_limit == 8s);
    CHECK(policy.rows.startup_grace_span == 3s);
    CHECK(policy.rows.recovery_grace == 31s);
    CHECK(policy.rows.recovery_settle == 6s);
    CHECK(policy.ladder.catchup_timeout == 9s);
    CHECK(policy.ladder.depth == 32);
    CHECK(policy.stop_soft_timeout == 1500ms);
    CHECK(policy.backoff.min == 60ms);
    CHECK(policy.backoff.max == 3s);
    CHECK(policy.backoff.seed == 7);
    const auto rounds = round_settings(made, {});
    CHECK(rounds.beat == 2s);
    CHECK(rounds.wall_tolerance == 12s);
}

TEST_CASE("a grace of zero is none, a catch-up of zero never ends", "[daemon][settings][2.5.2]") {
    auto made = settings();
    made.control.startup_grace = 0s;
    made.control.catchup_timeout = 0s;
    const auto policy = policy_settings(made, 1);
    CHECK(policy.rows.startup_grace_span == 0s);
    CHECK(policy.ladder.catchup_timeout > 24h);
}

TEST_CASE("compat=go turns off what has no option of its own, and an explicit depth wins",
          "[daemon][settings][1.6.6][S-74]") {
    auto made = settings();
    made.compat_go = true;
    made.control.unsafe_repair_depth = 1;
    const auto go = policy_settings(made, 1);
    CHECK_FALSE(go.ladder.repairs);
    CHECK_FALSE(go.ladder.empty_rule);
    CHECK_FALSE(go.ladder.peers_withhold);
    CHECK_FALSE(go.rows.start_when_nobody_takes_over);
    made.control.unsafe_repair_depth = 5;
    CHECK(policy_settings(made, 1).ladder.repairs);
    made.compat_go = false;
    made.control.unsafe_repair_depth = 1;
    CHECK(policy_settings(made, 1).ladder.repairs);
}

TEST_CASE("a health interval of unsafe age zero still tolerates a second of wall clock",
          "[daemon][settings][4.7.4]") {
    auto made = settings();
    made.health.unsafe_interval = 0s;
    CHECK(round_settings(made, {}).wall_tolerance == 1s);
}
