#include "tests/unit/plugins/recorded.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

RawOption code_list(const std::string& key, std::vector<std::int64_t> codes) {
    RawOption option{key, {}, true, {}};
    for (const auto code : codes) option.values.push_back({code, {}});
    return option;
}

struct Page {
    World world;
    Nodes nodes{world};
    std::unique_ptr<Instance> instance;
    explicit Page(std::vector<RawOption> options)
        : instance{world.make("health-http", "io.conductord.http", with_endpoint(std::move(options)))} {
        REQUIRE(world.open(*instance));
    }
    ~Page() { world.close(*instance); }
    static std::vector<RawOption> with_endpoint(std::vector<RawOption> options) {
        options.push_back(raw("endpoint", "node"));
        return options;
    }
    Finding judge() { return world.judge(*instance); }
};

}  // namespace

TEST_CASE("a page is healthy with 200, unhealthy with another status and without an answer",
          "[plugins][health-http]") {
    Page page{{raw("path", "/healthz")}};
    CHECK(page.judge().reason == "http.down");
    page.nodes.page("/healthz", {200, "fine"});
    page.nodes.page("/healthz", {503, "not fine"});
    CHECK(page.judge().verdict == Verdict::healthy);
    const auto finding = page.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "http.status");
    CHECK(finding.detail == "status 503");
    CHECK(page.world.metrics->gauges.at("status/") == 503);
    CHECK(page.nodes.asked().back() == "node GET /healthz");
}

TEST_CASE("the configuration says which status is good and which is amber", "[plugins][health-http]") {
    Page page{{code_list("healthy", {200, 204}), code_list("degraded", {206})}};
    for (const auto status : {204, 206, 201}) page.nodes.page("", {status, ""});
    CHECK(page.judge().verdict == Verdict::healthy);
    const auto finding = page.judge();
    CHECK(finding.verdict == Verdict::degraded);
    CHECK(finding.reason == "http.degraded");
    CHECK(page.judge().reason == "http.status");
}

TEST_CASE("a good status without the wanted text is unhealthy", "[plugins][health-http]") {
    Page page{{raw("contains", "\"synced\":true")}};
    page.nodes.page("", {200, R"({"synced":true})"});
    page.nodes.page("", {200, R"({"synced":false})"});
    CHECK(page.judge().verdict == Verdict::healthy);
    CHECK(page.judge().reason == "http.body");
}

TEST_CASE("a page too long to be read is a fault of the probe, a path to nowhere is refused at start",
          "[plugins][health-http]") {
    Page page{{}};
    page.nodes.fails("GET ", {HttpError::Kind::too_large, "answer above 4 MiB"});
    CHECK(page.judge().probe_failed);

    World world;
    auto bad = world.make("health-http", "io.conductord.http", Page::with_endpoint({raw("path", "healthz")}));
    const auto opened = world.open(*bad);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().text == "path: \"healthz\" begins neither with / nor with ?");
}
