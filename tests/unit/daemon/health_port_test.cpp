// A real check through the port of the control loop, and how its configuration becomes a plan.
#include "core/daemon/health_port.hpp"

#include "core/control/portrait.hpp"
#include "tests/unit/daemon/rig.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace conductor::daemon::test;

namespace {

class Checked {
public:
    Checked() { REQUIRE(world_.open(*instance_)); }
    ~Checked() { world_.close(*instance_); }
    std::optional<control::Finding> judge(Duration limit = 5s) {
        HealthPort port{*instance_};
        std::vector<std::optional<control::Finding>> got;
        port.judge(limit, [&](std::optional<control::Finding> found) { got.push_back(std::move(found)); });
        REQUIRE(world_.core.run_until([&] { return !got.empty(); }));
        return got.front();
    }

private:
    World world_;
    std::unique_ptr<plugin::Instance> instance_ =
        world_.make("health-op-node", "io.conductord.op-node-peers", {});

public:
    Nodes nodes{world_};
};

plugin::Admitted bundled_check() {
    auto admitted = World::admit("health-op-node", "io.conductord.op-node-sync");
    admitted.bundled = true;
    return admitted;
}

config::HealthSettings health_settings() {
    config::HealthSettings health;
    health.interval = 2s;
    health.timeout = 5s;
    health.failures_to_unhealthy = 2;
    health.successes_to_healthy = 3;
    return health;
}

}  // namespace

TEST_CASE("what a check finds reaches the control loop with its class and reason", "[daemon][health]") {
    Checked checked;
    const auto down = checked.judge();
    REQUIRE(down.has_value());
    CHECK(down->judgement == control::Judgement::unhealthy);
    CHECK(down->fault == control::FaultClass::node_down);
    CHECK(down->reason == "node.down");

    checked.nodes.says("opp2p_peerStats", recorded("okx", "opp2p_peerStats"));
    const auto well = checked.judge();
    REQUIRE(well.has_value());
    CHECK(well->judgement == control::Judgement::healthy);
}

TEST_CASE("since when a check says what it says is shown in its own words, where they can be true",
          "[daemon][health][abi]") {
    control::VerdictFold fold{{control::CheckSettings{}}};
    control::Finding finding{control::Judgement::unhealthy, control::FaultClass::hard, "x", "y", 70s};
    (void)fold.record(Instant{1s}, 0, finding);
    const auto report = fold.report(Instant{1s}).front();
    CHECK(report.since_unix == 70s);
    CHECK(control::shown_since(report, control::UnixTime{90s}, 100s) == control::UnixTime{70s});
    CHECK(control::shown_since(report, control::UnixTime{60s}, 65s) ==
          control::UnixTime{60s});  // of the future
    finding.since_unix = -1s;
    (void)fold.record(Instant{2s}, 0, finding);
    CHECK(control::shown_since(fold.report(Instant{2s}).front(), control::UnixTime{90s}, 100s) ==
          control::UnixTime{90s});
}

TEST_CASE("the plan of a check takes the file's word, then the plugin's wish, then that for all",
          "[daemon][health]") {
    config::PluginInstance instance;
    instance.name = "sync";
    const auto admitted = bundled_check();
    const auto plain = plan_of(instance, admitted, health_settings());
    CHECK(plain.settings.instance == "sync");
    CHECK(plain.settings.role == control::CheckRole::gate);
    CHECK(plain.interval == admitted.descriptor->interval_or(2s));
    CHECK(plain.limit == admitted.descriptor->timeout_or(5s));
    CHECK(plain.settings.hold_for == 3 * plain.interval);
    CHECK(plain.settings.fault_cooldown == 60s);
    CHECK(plain.settings.failures_to_unhealthy == 2);
    CHECK(plain.settings.successes_to_healthy == 3);
    CHECK(plain.settings.on_unknown == control::OnUnknown::hold);

    instance.role = "advice";
    instance.interval = 7s;
    instance.timeout = 3s;
    instance.on_unknown = "healthy";
    instance.hold_for = 1s;
    instance.fault_cooldown = 9s;
    instance.failures_to_unhealthy = 9;
    const auto told = plan_of(instance, admitted, health_settings());
    CHECK(told.settings.role == control::CheckRole::advice);
    CHECK(told.interval == 7s);
    CHECK(told.limit == 3s);
    CHECK(told.settings.on_unknown == control::OnUnknown::healthy);
    CHECK(told.settings.hold_for == 1s);
    CHECK(told.settings.fault_cooldown == 9s);
    CHECK(told.settings.failures_to_unhealthy == 9);
}

TEST_CASE("a bundled check reads as in Go, a foreign one names its reason", "[daemon][health][4.3]") {
    auto admitted = bundled_check();
    CHECK_FALSE(plan_of({}, admitted, health_settings()).settings.names_reason);
    admitted.bundled = false;
    CHECK(plan_of({}, admitted, health_settings()).settings.names_reason);
}
