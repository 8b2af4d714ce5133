#include "plugins/health-rollup-boost/tolerance.hpp"
#include "tests/unit/plugins/recorded.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

struct Boost {
    World world;
    Nodes nodes{world};
    std::unique_ptr<Instance> instance;

    explicit Boost(const std::string& variant, std::vector<RawOption> more = {})
        : instance{world.make("health-rollup-boost", "io.conductord.rollup-boost", with(variant, more))} {
        REQUIRE(world.open(*instance));
    }
    ~Boost() { world.close(*instance); }
    static std::vector<RawOption> with(const std::string& variant, std::vector<RawOption> options) {
        options.push_back(raw("variant", variant));
        return options;
    }
    Finding judge() { return world.judge(*instance); }
    Finding at(std::uint64_t seconds) {
        world.clock->monotonic = seconds * 1'000'000'000;
        return judge();
    }
    [[nodiscard]] const std::string& said() const { return world.log->lines.back().message; }
};

std::string word(const std::string& health) {
    return R"({"version":"0.7","rollup_boost_health":")" + health + R"("})";
}

void check_unreachable(Boost& boost, const std::string& why) {
    const auto finding = boost.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::builder_unreachable);
    CHECK(finding.reason == "boost.unreachable");
    CHECK(finding.detail == why);
    CHECK(boost.said() == "health monitor failed to get rollup-boost status");
}

}  // namespace

TEST_CASE("the standard variant reads the status code of /healthz", "[plugins][health-rollup-boost]") {
    Boost boost{"standard"};
    boost.nodes.page("/healthz", {200, "OK"});
    boost.nodes.page("/healthz", {206, ""});
    boost.nodes.page("/healthz", {503, ""});
    boost.nodes.page("/healthz", {404, "no such page"});
    CHECK(boost.judge().verdict == Verdict::healthy);
    auto finding = boost.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::builder_partial);
    CHECK(finding.reason == "boost.partial");
    CHECK(boost.said() ==
          "Rollup boost is partial failure, builder is down but fallback execution client is up");
    finding = boost.judge();
    CHECK(finding.fault_class == FaultClass::builder_down);
    CHECK(finding.reason == "boost.down");
    CHECK(boost.said() == "Rollup boost total failure, both builder and fallback execution client are down");
    check_unreachable(boost, "unexpected status code: 404");
    CHECK(boost.nodes.asked().front() == "execution GET /healthz");
}

TEST_CASE("the next variant reads a word of the JSON behind its URL", "[plugins][health-rollup-boost]") {
    Boost boost{"next"};
    for (const auto* health : {"Healthy", "PartialContent", "ServiceUnavailable"})
        boost.nodes.page("", {200, word(health)});
    CHECK(boost.judge().verdict == Verdict::healthy);
    CHECK(boost.judge().fault_class == FaultClass::builder_partial);
    CHECK(boost.judge().fault_class == FaultClass::builder_down);
    CHECK(boost.nodes.asked().front() == "execution GET ");
}

TEST_CASE("what the next variant cannot read is no connection, as in Go", "[plugins][health-rollup-boost]") {
    Boost boost{"next"};
    const std::vector<std::pair<HttpReply, std::string>> cases{
        {{200, word("Fine")}, "unexpected rollup_boost_health: \"Fine\""},
        {{200, "{}"}, "unexpected rollup_boost_health: \"\""},
        {{503, word("ServiceUnavailable")}, "unexpected status code: 503"},
        {{200, "<html>"}, "failed to decode response: cannot read \"/rollup_boost_health\" of the answer"},
        {{200, R"({"rollup_boost_health":7})"},
         "failed to decode response: \"/rollup_boost_health\" of the answer is missing or of another kind"},
        {{200, word(std::string(1 << 20, 'x'))}, "failed to decode response: longer than 1 MiB"}};
    for (const auto& [reply, why] : cases) boost.nodes.page("", reply);
    for (const auto& [reply, why] : cases) check_unreachable(boost, why);
}

TEST_CASE("rollup-boost that does not listen is unreachable", "[plugins][health-rollup-boost]") {
    Boost boost{GENERATE("standard", "next")};
    check_unreachable(boost, "connect: connection refused");
}

TEST_CASE("partial answers within the tolerance are degraded and no error, one more is",
          "[plugins][health-rollup-boost][4.6]") {
    Boost boost{"standard",
                {{"tolerance_limit", {}, false, {{std::int64_t{2}, {}}}}, raw("tolerance_interval", "10s")}};
    boost.nodes.page("/healthz", {206, ""});
    auto finding = boost.at(100);
    CHECK(finding.verdict == Verdict::degraded);
    CHECK(finding.reason == "boost.partial");
    CHECK(boost.said() == "Rollup boost partial unhealthiness failure tolerated");
    CHECK(boost.world.log->lines.back().level == LogLevel::debug);
    CHECK(boost.world.log->lines.back().pairs == std::vector<LogPair>{{"currentValue", "1"}, {"limit", "2"}});
    CHECK(boost.at(109).verdict == Verdict::degraded);
    CHECK(boost.at(109).verdict == Verdict::unhealthy);
    // The first is ten seconds old now, the second is not.
    CHECK(boost.at(110).verdict == Verdict::degraded);
    CHECK(boost.at(111).verdict == Verdict::unhealthy);
    CHECK(boost.at(119).verdict == Verdict::degraded);
}

TEST_CASE("a burst across the edge of a window passes once, not twice",
          "[plugins][health-rollup-boost][4.6.2]") {
    constexpr std::uint64_t second = 1'000'000'000;
    Tolerance tolerance{3, 10 * second};
    int passed = 0;
    for (std::uint64_t at = 8; at < 14; ++at) passed += tolerance.lets_pass(at * second) ? 1 : 0;
    CHECK(passed == 3);
    CHECK(Tolerance{0, 10 * second}.lets_pass(second) == false);
}
