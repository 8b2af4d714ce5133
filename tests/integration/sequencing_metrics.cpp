// What dashboards read: every figure that one node can feed is fed, by a real daemon beside a real node.

#include <catch2/catch.hpp>

#include "tests/integration/sequencing.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

std::string scrape(SequencingHost& host) {
    const auto line = host.daemon().process().line_with("started metrics server", soon);
    if (!line) return {};
    const auto port = std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10);
    HttpClient client{"127.0.0.1", static_cast<std::uint16_t>(port), 5s};
    const auto answer = client.get("/metrics");
    return answer ? answer->body : std::string{};
}

/// The value of a series, named with its labels; nothing where it is not served.
std::optional<double> value(const std::string& text, const std::string& series) {
    const auto at = text.find("\nop_conductor_" + series + " ");
    if (at == std::string::npos) return std::nullopt;
    return std::strtod(text.c_str() + at + series.size() + 15, nullptr);
}

bool above_zero(SequencingHost& host, const std::string& series) {
    return eventually(soon, [&] { return value(scrape(host), series).value_or(0) > 0; });
}

const Variables measured{{"OP_CONDUCTOR_METRICS_ENABLED", "true"},
                         {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
                         {"OP_CONDUCTOR_METRICS_PORT", "0"}};

}  // namespace

TEST_CASE("every figure that one node can feed is fed", "[sequencing][metrics][7.2][7.3]") {
    SequencingHost host{"metrics", measured};
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
    CHECK(value(scrape(host), "unsafe_head_age_seconds").has_value());
}

TEST_CASE("a check that finds the sequencer unhealthy is shown so, and a node that is not asked has no level",
          "[sequencing][metrics][7.3]") {
    SequencingHost host{"metrics-sick", measured};
    REQUIRE(host.sequence());
    host.sicken(true);
    CHECK(host.says("conductor_sequencerHealthy", "false"));
    CHECK(eventually(soon, [&] {
        const auto text = scrape(host);
        return value(text, "health_check_ok{check=\"op-node-sync\"}") == 0.0 &&
               value(text, "health_check_ok{check=\"op-node-peers\"}") == 1.0 &&
               value(text, "unsafe_head_age_seconds").value_or(0) > 1000;
    }));
    CHECK(above_zero(host, "sequencer_stops_count{success=\"true\"}"));
    CHECK(above_zero(host, "action_failures_total{action=\"transfer\",reason=\"failed\"}"));
    host.node().kill();
    CHECK(eventually(soon, [&] { return !value(scrape(host), "unsafe_head_number{source=\"el\"}"); }));
}
