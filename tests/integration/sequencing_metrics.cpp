// What dashboards read: every figure that one node can feed is fed, by a real daemon beside a real node.

#include <catch2/catch.hpp>

#include "tests/integration/sequencing.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

bool above_zero(SequencingHost& host, const std::string& series) {
    return eventually(soon, [&] { return host.figure(series).value_or(0) > 0; });
}

}  // namespace

TEST_CASE("every figure that one node can feed is fed", "[sequencing][metrics][7.2][7.3]") {
    SequencingHost host{"metrics", measured()};
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_paused", "true"));
    CHECK(above_zero(host, "time_without_active_sequencer_seconds_total"));
    REQUIRE(host.ask("conductor_resume") == "null");
    REQUIRE(host.produces(3));
    for (const auto* series : {"healthchecks_count{error=\"\",success=\"true\"}",
                               "health_check_duration_seconds_count{check=\"op-node-sync\"}",
                               "health_check_duration_seconds_count{check=\"op-node-peers\"}",
                               "health_check_ok{check=\"op-node-sync\"}",
                               "loop_execution_time_count",
                               "fsm_apply_duration_seconds_count",
                               "raft_log_store_duration_seconds_count",
                               "commit_raft_apply_duration_seconds_count",
                               "commit_marshal_duration_seconds_count",
                               "commit_payload_size_bytes_count",
                               "commit_duration_seconds_count{transport=\"json\"}",
                               "commit_total{result=\"success\"}",
                               "sequencer_starts_count{success=\"true\"}",
                               "unsafe_head_number{source=\"fsm\"}",
                               "unsafe_head_number{source=\"el\"}",
                               "unsafe_head_number{source=\"cl\"}",
                               "peers_connected{layer=\"cl\"}",
                               "leader",
                               "active",
                               "healthy",
                               "raft_term",
                               "raft_commit_index",
                               "raft_applied_index",
                               "cluster_servers{suffrage=\"voter\"}",
                               "cluster_version"}) {
        INFO(series);
        CHECK(above_zero(host, series));
    }
    CHECK(host.figure("unsafe_head_age_seconds").has_value());
}

TEST_CASE("a check that finds the sequencer unhealthy is shown so, and a node that is not asked has no level",
          "[sequencing][metrics][7.3]") {
    SequencingHost host{"metrics-sick", measured()};
    REQUIRE(host.sequence());
    host.sicken(true);
    CHECK(host.says("conductor_sequencerHealthy", "false"));
    CHECK(eventually(soon, [&] {
        return host.figure("health_check_ok{check=\"op-node-sync\"}") == 0.0 &&
               host.figure("health_check_ok{check=\"op-node-peers\"}") == 1.0 &&
               host.figure("unsafe_head_age_seconds").value_or(0) > 1000;
    }));
    CHECK(above_zero(host, "sequencer_stops_count{success=\"true\"}"));
    CHECK(above_zero(host, "action_failures_total{action=\"transfer\",reason=\"failed\"}"));
    host.node().kill();
    CHECK(eventually(soon, [&] { return !host.figure("unsafe_head_number{source=\"el\"}"); }));
}
