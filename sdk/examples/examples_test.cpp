// How a plugin is tested without a daemon: the suite that each should pass, and what it says of a scripted
// node.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
#include <conductor/testing/conformance.hpp>

namespace {

void set_up(const std::string& id, conductor::testing::Host& host) {
    if (id == "org.example.disk-space") host.option("path", std::string{"/"});
}

}  // namespace

CONDUCTOR_CONFORMANCE(BUILT "/health-disk-space.so", set_up)
CONDUCTOR_CONFORMANCE(BUILT "/health-node-peers.so", set_up)
CONDUCTOR_CONFORMANCE(BUILT "/health-load.so", set_up)
CONDUCTOR_CONFORMANCE(BUILT "/driver-memory.so", set_up)
CONDUCTOR_CONFORMANCE(BUILT "/transfer-preferred.so", set_up)
CONDUCTOR_CONFORMANCE(BUILT "/profile-devnet.so", set_up)

TEST_CASE("a node with too few peers is unhealthy, a silent one is down") {
    const conductor::testing::Library library{BUILT "/health-node-peers.so"};
    conductor::testing::Host host;
    host.option("min", std::int64_t{3});
    host.node("node").answers("opp2p_peerStats", R"({"connected":2})");
    const conductor::testing::Instance check{library, "org.example.node-peers", host};

    CHECK(check.judge().reason == "peers.few");
    CHECK(host.gauges().at("connected") == 2);
    host.node("node").refuses();
    CHECK(check.judge().fault_class == CONDUCTOR_NODE_DOWN);
}
