#include "core/plugin/health_check.hpp"

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

Finding found(const std::string& mode, std::vector<RawOption> more = {}) {
    World world;
    const auto instance = world.sample(mode, std::move(more));
    auto finding = world.judge(*instance);
    world.close(*instance);
    return finding;
}

CallError refused(const std::string& file, const std::string& id, std::vector<RawOption> options = {}) {
    World world;
    const auto instance = world.make(file, id, std::move(options));
    const auto opened = world.open(*instance);
    REQUIRE_FALSE(opened);
    world.close(*instance);
    return opened.error();
}

}  // namespace

TEST_CASE("verdict, class, reason and detail of a check arrive as it said them", "[plugin][health]") {
    const auto healthy = found("healthy");
    CHECK(healthy.verdict == Verdict::healthy);
    CHECK(healthy.reason.empty());
    CHECK_FALSE(healthy.probe_failed);

    const auto unhealthy = found("unhealthy");
    CHECK(unhealthy.verdict == Verdict::unhealthy);
    CHECK(unhealthy.fault_class == FaultClass::stale);
    CHECK(unhealthy.reason == "sample.bad");
    CHECK(unhealthy.detail == "it is bad");
    CHECK(found("degraded").verdict == Verdict::degraded);
}

TEST_CASE("a reason outside the declared set becomes other", "[plugin][health]") {
    CHECK(found("undeclared").reason == "other");
    CHECK(found("long-reason").reason == "other");
}

TEST_CASE("detail is bounded and mended before anyone reads it", "[plugin][health]") {
    CHECK(found("malformed-utf8").detail == "a\xef\xbf\xbd\xef\xbf\xbd( z");
    CHECK(found("long").detail.size() == detail_bound);
    CHECK(found("long").verdict == Verdict::unhealthy);
}

TEST_CASE("a secret that a check tells is struck out", "[plugin][health]") {
    const TemporaryDirectory directory;
    const auto file = directory.write("token", "hunter2").string();
    const RawOption token{"token", {}, false, {{SecretSource{SecretSource::Kind::file, file}, {}}}};
    CHECK(found("tell-secret", {token}).detail == "token is ***");
}

TEST_CASE("a verdict that does not exist is a fault of the probe, a class that does not exist is hard",
          "[plugin][health]") {
    const auto odd = found("odd-verdict");
    CHECK(odd.verdict == Verdict::unknown);
    CHECK(odd.probe_failed);
    CHECK(odd.detail == "malformed: verdict 9");
    CHECK(found("odd-class").fault_class == FaultClass::hard);
    CHECK(found("odd-class").verdict == Verdict::unhealthy);
}

TEST_CASE("whatever judge throws is a fault of the probe, and the host goes on", "[plugin][health]") {
    CHECK(found("throw").detail == "judge threw");
    CHECK(found("throw").verdict == Verdict::unknown);
    CHECK(found("throw-int").detail == "unknown exception");

    World world;
    const auto instance = world.make("throws-in-judge", raw_id("throws_in_judge"), {});
    REQUIRE(world.open(*instance));
    const auto finding = world.judge(*instance);
    CHECK(finding.probe_failed);
    CHECK(finding.detail == "an exception left the plugin");
    CHECK(world.judge(*instance).probe_failed);
    world.close(*instance);
}

TEST_CASE("a check that hangs is abandoned at its deadline while others go on", "[plugin][health]") {
    World world;
    const TemporaryDirectory directory;
    const auto release = (directory.path() / "release").string();
    const auto hanging = world.sample("hang", {raw("release", release)}, {.grace = 5ms});
    const auto healthy = world.sample("healthy");

    const auto late = world.judge(*hanging, 20ms);
    CHECK(late.probe_failed);
    CHECK(late.verdict == Verdict::unknown);
    CHECK(late.detail == "no answer in time");
    CHECK_FALSE(late.skipped);
    CHECK(world.judge(*hanging, 20ms).skipped);
    CHECK(world.judge(*healthy).verdict == Verdict::healthy);

    std::ofstream{release} << "";
    while (hanging->busy()) std::this_thread::sleep_for(1ms);
    world.close(*hanging);
    world.close(*healthy);
}

TEST_CASE("a check that polls its descriptor ends with its deadline", "[plugin][health]") {
    World world;
    const auto instance = world.sample("wait", {}, {.grace = 1s, .abandoned_in_row = 1});
    CHECK(world.judge(*instance, 20ms).probe_failed);
    while (instance->busy()) std::this_thread::sleep_for(1ms);
    CHECK(instance->abandoned() == 0);
    world.close(*instance);
}

TEST_CASE("what create cannot do is said in its own words", "[plugin][health]") {
    const auto threw = refused("sample", "org.example.sample", {raw("mode", "throw-in-create")});
    CHECK(threw.text == "cannot be created");
    CHECK(threw.status == CONDUCTOR_INTERNAL);
    const auto bad = refused("sample", "org.example.sample", {raw("mode", "bad-config")});
    CHECK(bad.text == "no such thing");
    CHECK(bad.status == CONDUCTOR_BAD_CONFIG);
    CHECK(refused("throws-in-create", raw_id("throws_in_create")).text == "an exception left the plugin");
}

TEST_CASE("tables that are missing or too short are refused before anyone calls through them",
          "[plugin][health]") {
    CHECK(refused("short-table", raw_id("short_table")).text.find("missing, too short") != std::string::npos);
    CHECK(refused("no-table", raw_id("no_table")).text.find("missing, too short") != std::string::npos);
    CHECK(refused("empty-instance", raw_id("empty_instance")).text.find("empty or too short") !=
          std::string::npos);
}

TEST_CASE("a create that hangs does not hold the daemon", "[plugin][health]") {
    World world;
    const TemporaryDirectory directory;
    const auto release = (directory.path() / "release").string();
    const auto instance = world.make("sample", "org.example.sample",
                                     {raw("mode", "hang-in-create"), raw("release", release)}, {.grace = 5ms});
    const auto opened = world.open(*instance, 20ms);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().fate == Fate::late);
    std::ofstream{release} << "";
    while (instance->busy()) std::this_thread::sleep_for(1ms);
    world.close(*instance);  // what was made too late is destroyed all the same
}

TEST_CASE("an instance may be closed without having been opened, and calls after that fail",
          "[plugin][health]") {
    World world;
    const auto never = world.make("sample", "org.example.sample", {});
    world.close(*never);
    CHECK(world.judge(*never).probe_failed);
}

TEST_CASE("two instances of one library live side by side", "[plugin][health]") {
    World world;
    const auto a = world.sample("healthy");
    const auto b = world.sample("unhealthy");
    CHECK(world.judge(*a).verdict == Verdict::healthy);
    CHECK(world.judge(*b).verdict == Verdict::unhealthy);
    CHECK(world.judge(*a).verdict == Verdict::healthy);
    world.close(*a);
    world.close(*b);
}

TEST_CASE("an instance that is closed while it judges is cancelled, stopped and destroyed",
          "[plugin][health]") {
    World world;
    const auto instance = world.sample("wait");
    std::optional<Finding> found;
    HealthCheck{*instance}.judge(60s, [&](Finding finding) { found = std::move(finding); });
    std::optional<bool> ended;
    instance->close(5s, [&](bool good) { ended = good; });
    REQUIRE(world.core.run_until([&] { return ended.has_value(); }));
    CHECK(*ended);
    REQUIRE(found);
    CHECK(found->probe_failed);
}

TEST_CASE("an instance whose call never comes back is neither stopped nor destroyed, and says so",
          "[plugin][health]") {
    World world;
    const TemporaryDirectory directory;
    const auto release = (directory.path() / "release").string();
    const auto instance = world.sample("hang", {raw("release", release)}, {.grace = 5ms});
    CHECK(world.judge(*instance, 20ms).probe_failed);
    std::optional<bool> ended;
    instance->close(20ms, [&](bool good) { ended = good; });
    REQUIRE(world.core.run_until([&] { return ended.has_value(); }));
    CHECK_FALSE(*ended);
    std::ofstream{release} << "";
    while (instance->busy()) std::this_thread::sleep_for(1ms);
}

TEST_CASE("two instances of one name can change places between two calls", "[plugin][health]") {
    World world;
    const auto seat = world.sample("healthy");
    const auto guest = world.sample("unhealthy");
    seat->swap(*guest);
    CHECK(world.judge(*seat).verdict == Verdict::unhealthy);
    CHECK(world.judge(*guest).verdict == Verdict::healthy);
    world.close(*guest);
    CHECK(world.judge(*seat).verdict == Verdict::unhealthy);
    world.close(*seat);
}

TEST_CASE("a start, a stop or a destruction that hangs does not hold the daemon", "[plugin][health]") {
    const std::string mode = GENERATE("hang-in-start", "hang-in-stop", "hang-in-destroy");
    CAPTURE(mode);
    World world;
    const TemporaryDirectory directory;
    const auto release = (directory.path() / "release").string();
    const auto instance = world.make("sample", "org.example.sample",
                                     {raw("mode", mode), raw("release", release)}, {.grace = 5ms});
    const auto opened = world.open(*instance, mode == "hang-in-start" ? 20ms : 5s);
    CHECK(opened.has_value() == (mode != "hang-in-start"));
    if (!opened) CHECK(opened.error().text == "no answer in time");
    std::optional<bool> ended;
    instance->close(20ms, [&](bool good) { ended = good; });
    REQUIRE(world.core.run_until([&] { return ended.has_value(); }));
    CHECK_FALSE(*ended);
    std::ofstream{release} << "";
    while (instance->busy()) std::this_thread::sleep_for(1ms);
}

TEST_CASE("what could not start is stopped before it is destroyed", "[plugin][health]") {
    World world;
    const auto instance = world.make("sample", "org.example.sample", {raw("mode", "throw-in-start")});
    CHECK_FALSE(world.open(*instance));
    REQUIRE(world.log->lines.size() == 1);
    CHECK(world.log->lines.front().message == "stopped");
    world.close(*instance);
    CHECK(world.log->lines.size() == 1);
}

TEST_CASE("what start throws is said, what stop throws ends nothing else", "[plugin][health]") {
    CHECK(refused("sample", "org.example.sample", {raw("mode", "throw-in-start")}).text == "cannot be started");
    World world;
    const auto instance = world.sample("throw-in-stop");
    std::optional<bool> ended;
    instance->close(5s, [&](bool good) { ended = good; });
    REQUIRE(world.core.run_until([&] { return ended.has_value(); }));
    CHECK(*ended);
}
