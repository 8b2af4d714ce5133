// Lines of the control loop as operators read them.
#include "core/daemon/control_log.hpp"

#include <catch2/catch.hpp>

#include "core/runtime/logging.hpp"

using namespace conductor;
using namespace conductor::daemon;

TEST_CASE("a line keeps its level, message and keys, and its event comes last", "[daemon][log][7.5]") {
    const logging::Capture capture;
    ControlLog log{true};
    log.say({control::Level::warn,
             "another voter should lead",
             "lead_handed_on",
             {{"why", std::string{"behind"}}, {"term", std::uint64_t{7}}, {"leader", true}}});
    REQUIRE(capture.lines().size() == 1);
    CHECK(capture.contains(
        R"(lvl=warn msg="another voter should lead" why=behind term=7 leader=true event=lead_handed_on)"));
}

TEST_CASE("a line without an event has no such key", "[daemon][log]") {
    const logging::Capture capture;
    ControlLog log{true};
    log.say({control::Level::debug, "comparing unsafe head", "", {}});
    CHECK_FALSE(capture.contains("event="));
    CHECK(capture.contains("lvl=debug"));
}

TEST_CASE("a good round is said each time as in Go, or only when it is news", "[daemon][log][4.7.5]") {
    const bool compat = GENERATE(true, false);
    const logging::Capture capture{logging::Level::info};
    ControlLog log{compat};
    control::Verdict sick;
    sick.healthy = false;
    for (const auto& verdict : {control::Verdict{}, control::Verdict{}, sick, control::Verdict{}})
        log.round_ended(verdict);
    CHECK(capture.lines().size() == (compat ? 3 : 2));
}

TEST_CASE("counts and rounds go on to whoever keeps figures", "[daemon][log]") {
    const logging::Capture capture;
    int counts = 0;
    int rounds = 0;
    ControlLog log{true, {[&](const auto&) { ++counts; }, [&](const auto&) { ++rounds; }}};
    log.count({});
    log.round_ended({});
    CHECK(counts == 1);
    CHECK(rounds == 1);
}
