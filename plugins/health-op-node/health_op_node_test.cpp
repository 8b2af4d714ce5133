#include "tests/unit/plugins/recorded.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct Check {
    World world;
    Nodes nodes{world};
    std::unique_ptr<Instance> instance;

    explicit Check(const std::string& id, std::vector<RawOption> options)
        : instance{world.make("health-op-node", id, std::move(options))} {
        REQUIRE(world.open(*instance));
    }
    ~Check() { world.close(*instance); }
    Finding judge() { return world.judge(*instance); }
};

/// The recorded status, seen `later_s` seconds after its unsafe head's time.
struct Sync : Check {
    explicit Sync(const std::string& flavour, std::vector<RawOption> more = {})
        : Check{"io.conductord.op-node-sync", with_interval(std::move(more))} {
        const auto answer = recorded(flavour, "optimism_syncStatus");
        nodes.says("optimism_syncStatus", answer);
        unsafe_s = std::stoll(std::string{*json_slice(answer.reply.body, "/result/unsafe_l2/timestamp")});
        safe_s = std::stoll(std::string{*json_slice(answer.reply.body, "/result/safe_l2/timestamp")});
    }
    static std::vector<RawOption> with_interval(std::vector<RawOption> options) {
        options.push_back(raw("unsafe_interval", "12s"));
        return options;
    }
    Finding at(std::int64_t unix_s) {
        world.clock->unix_time = unix_s * second;
        return judge();
    }
    std::int64_t unsafe_s{0};
    std::int64_t safe_s{0};
};

RawOption flag(const std::string& key) {
    return {key, {}, false, {{true, {}}}};
}

}  // namespace

TEST_CASE("a young unsafe head is healthy, up to the interval and in the future too",
          "[plugins][health-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    Sync sync{flavour};
    CHECK(sync.at(sync.unsafe_s).verdict == Verdict::healthy);
    CHECK(sync.at(sync.unsafe_s + 12).verdict == Verdict::healthy);
    CHECK(sync.at(sync.unsafe_s - 100).verdict == Verdict::healthy);
    CHECK(sync.nodes.asked().front() == "node optimism_syncStatus -");
}

TEST_CASE("an unsafe head older than the interval is stale since the interval passed",
          "[plugins][health-op-node]") {
    Sync sync{"okx"};
    const auto finding = sync.at(sync.unsafe_s + 13);
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::stale);
    CHECK(finding.reason == "unsafe.old");
    CHECK(finding.since_unix_ns == (sync.unsafe_s + 12) * second);
    CHECK(sync.world.log->lines.back().message == "unsafe head is falling behind the unsafe interval");
    CHECK(sync.world.log->lines.back().pairs.back() == LogPair{"cur_unsafe_time_diff", "13"});
    CHECK(sync.world.metrics->gauges.at("unsafe_head_age_seconds/") == 13);
}

TEST_CASE("the safe head is judged only where the configuration says so", "[plugins][health-op-node]") {
    // The devnet had no batcher: its safe head stands at genesis.
    Sync without{"okx"};
    CHECK(without.at(without.unsafe_s).verdict == Verdict::healthy);

    Sync with{"okx", {flag("safe_enabled"), raw("safe_interval", "10s")}};
    REQUIRE(with.safe_s + 10 < with.unsafe_s);
    const auto finding = with.at(with.unsafe_s);
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::stale);
    CHECK(finding.reason == "safe.old");
    CHECK(with.world.log->lines.back().message == "safe head is not progressing as expected");

    Sync patient{"okx", {flag("safe_enabled"), raw("safe_interval", "1000h")}};
    CHECK(patient.at(patient.unsafe_s).verdict == Verdict::healthy);
}

TEST_CASE("an unsafe head that was never set is old", "[plugins][health-op-node]") {
    Check check{"io.conductord.op-node-sync", {raw("unsafe_interval", "12s")}};
    check.nodes.result("optimism_syncStatus",
                       R"({"unsafe_l2":{"number":0,"timestamp":0},"safe_l2":{"number":0,"timestamp":0}})");
    const auto finding = check.judge();
    CHECK(finding.fault_class == FaultClass::stale);
    CHECK(finding.since_unix_ns == 0);
}

TEST_CASE("a node that does not answer, or answers with an error, is down", "[plugins][health-op-node]") {
    const std::string id = GENERATE("io.conductord.op-node-sync", "io.conductord.op-node-peers");
    const bool sync = id == "io.conductord.op-node-sync";
    const std::string method = sync ? "optimism_syncStatus" : "opp2p_peerStats";
    Check check{id, sync ? std::vector{raw("unsafe_interval", "12s")} : std::vector<RawOption>{}};

    auto finding = check.judge();  // nothing listens
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::node_down);
    CHECK(finding.reason == "node.down");
    CHECK(finding.detail == "connect: connection refused");
    CHECK(check.world.log->lines.back().message ==
          (sync ? "health monitor failed to get sync status" : "health monitor failed to get peer stats"));

    check.nodes.says(method, recorded("okx", "admin_foo"));
    finding = check.judge();
    CHECK(finding.fault_class == FaultClass::node_down);
    CHECK(finding.detail == "the method admin_foo does not exist/is not available");
}

TEST_CASE("an answer that lacks its number is a fault of the probe, not a verdict",
          "[plugins][health-op-node]") {
    Check sync{"io.conductord.op-node-sync", {raw("unsafe_interval", "12s")}};
    sync.nodes.result("optimism_syncStatus", "{}");
    CHECK(sync.judge().probe_failed);
    CHECK(sync.judge().verdict == Verdict::unknown);
    Check peers{"io.conductord.op-node-peers", {}};
    peers.nodes.result("opp2p_peerStats", R"({"table":0})");
    CHECK(peers.judge().probe_failed);
}

TEST_CASE("peers below the minimum are unhealthy, the minimum itself is not", "[plugins][health-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    const auto min = [](std::int64_t n) { return RawOption{"min", {}, false, {{n, {}}}}; };
    Check enough{"io.conductord.op-node-peers", {min(2)}};  // recorded: 2 connected
    enough.nodes.says("opp2p_peerStats", recorded(flavour, "opp2p_peerStats"));
    CHECK(enough.judge().verdict == Verdict::healthy);
    CHECK(enough.world.metrics->gauges.at("connected_peers/") == 2);

    Check few{"io.conductord.op-node-peers", {min(3)}};
    few.nodes.says("opp2p_peerStats", recorded(flavour, "opp2p_peerStats"));
    const auto finding = few.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "peers.few");
    CHECK(finding.detail == "2 connected, want 3");
    CHECK(few.world.log->lines.back().message == "peer count is below minimum");
}
