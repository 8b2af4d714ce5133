#include "tests/unit/plugins/recorded.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

struct ElCheck {
    World world;
    Nodes nodes{world};
    std::unique_ptr<Instance> instance;

    explicit ElCheck(const std::string& api, std::int64_t min = 2)
        : instance{world.make("health-el-peers", "io.conductord.el-peers",
                              {raw("api", api), {"min", {}, false, {{min, {}}}}})} {
        REQUIRE(world.open(*instance));
    }
    ~ElCheck() { world.close(*instance); }
    Finding judge() { return world.judge(*instance); }
};

std::string three_peers() {
    return R"([{"id":"a","name":"op-geth"},{"id":"b"},{"id":"c","caps":["eth/68"]}])";
}

}  // namespace

TEST_CASE("net counts by net_peerCount, admin by the length of admin_peers", "[plugins][health-el-peers]") {
    ElCheck net{"net", 25};
    net.nodes.result("net_peerCount", R"("0x19")");
    CHECK(net.judge().verdict == Verdict::healthy);
    CHECK(net.nodes.asked() == std::vector<std::string>{"execution net_peerCount -"});
    CHECK(net.world.metrics->gauges.at("connected_peers/") == 25);

    ElCheck admin{"admin", 3};
    admin.nodes.result("admin_peers", three_peers());
    CHECK(admin.judge().verdict == Verdict::healthy);
    CHECK(admin.nodes.asked() == std::vector<std::string>{"execution admin_peers -"});
}

TEST_CASE("what op-geth answered is read", "[plugins][health-el-peers]") {
    const std::string flavour = GENERATE("base", "okx");
    ElCheck check{"net", 2};
    check.nodes.says("net_peerCount", recorded(flavour, "net_peerCount"));
    CHECK(check.judge().verdict == Verdict::healthy);
    CHECK(check.world.metrics->gauges.at("connected_peers/") == 2);
}

TEST_CASE("peers of the execution layer below the minimum are unhealthy, in op-conductor's words",
          "[plugins][health-el-peers]") {
    const std::string api = GENERATE("net", "admin");
    ElCheck check{api, 4};
    check.nodes.result("net_peerCount", R"("0x3")");
    check.nodes.result("admin_peers", three_peers());
    const auto finding = check.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "el.peers.few");
    CHECK(finding.detail == "3 connected, want 4");
    const auto& line = check.world.log->lines.back();
    CHECK(line.message == "el p2p peer count is below minimum");
    CHECK(line.pairs == std::vector<LogPair>{{"peerCount", "3"}, {"minPeerCount", "4"}});
}

TEST_CASE("an execution layer that does not answer, or has no such method, is unhealthy and no more",
          "[plugins][health-el-peers]") {
    ElCheck check{"admin"};
    auto finding = check.judge();  // nothing listens
    CHECK(finding.verdict == Verdict::unhealthy);
    // Not NODE_DOWN: in Go it does not keep a node from its start attempt either.
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "el.down");
    CHECK(finding.detail == "connect: connection refused");

    check.nodes.error("admin_peers", -32601, "the method admin_peers does not exist/is not available");
    finding = check.judge();
    CHECK(finding.reason == "el.down");
    CHECK(finding.detail == "the method admin_peers does not exist/is not available");
}

TEST_CASE("a list that is too long, or no list, is a fault of the probe", "[plugins][health-el-peers]") {
    ElCheck check{"admin"};
    check.nodes.fails("admin_peers", {HttpError::Kind::too_large, "answer above 4 MiB"});
    check.nodes.result("admin_peers", R"({"a":1,"b":2,"c":3})");
    CHECK(check.judge().probe_failed);
    CHECK(check.judge().probe_failed);
    ElCheck net{"net"};
    net.nodes.result("net_peerCount", R"("many")");
    CHECK(net.judge().probe_failed);
}
