#include "core/daemon/node_gauges.hpp"

#include <catch2/catch.hpp>

#include "core/runtime/clock.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

namespace {

struct Served final : plugin::PluginMetrics {
    int gauges{0};
    int counts{0};
    void gauge(const plugin::MetricSeries&, double) override { ++gauges; }
    void count(const plugin::MetricSeries&, std::uint64_t) override { ++counts; }
};

plugin::MetricSeries series(const std::string& instance, const std::string& name) {
    return {instance, name, "", "", ""};
}

}  // namespace

TEST_CASE("what the bundled checks measure of the node is shown while it is young, and served as it came",
          "[daemon][gauges][7.3]") {
    const auto served = std::make_shared<Served>();
    NodeGauges gauges{served};
    gauges.know("sync", "io.conductord.op-node-sync");
    gauges.know("peers", "io.conductord.op-node-peers");
    gauges.gauge(series("sync", "unsafe_head_number"), 41);
    gauges.gauge(series("sync", "unsafe_head_age_seconds"), 2);
    gauges.gauge(series("peers", "connected_peers"), 5);
    gauges.gauge(series("foreign", "connected_peers"), 99);
    gauges.count(series("foreign", "looks_total"), 1);
    CHECK(served->gauges == 4);
    CHECK(served->counts == 1);

    metrics::ChainFigures chain;
    gauges.show(now(), chain);
    CHECK(chain.cl_head == 41U);
    CHECK(chain.unsafe_age == Duration{2s});
    CHECK(chain.cl_peers == 5U);
    CHECK_FALSE(chain.safe_age.has_value());
    CHECK_FALSE(chain.el_peers.has_value());

    gauges.show(now() + 11s, chain);
    CHECK_FALSE(chain.cl_head.has_value());
    CHECK_FALSE(chain.cl_peers.has_value());
}
