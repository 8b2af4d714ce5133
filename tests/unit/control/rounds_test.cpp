// When checks look, when a round ends, and what becomes of those that hang.
#include "core/control/rounds.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

CheckPlan plan(const std::string& name, Duration interval = 1s, Duration limit = 5s) {
    CheckPlan made;
    made.settings.instance = name;
    made.interval = interval;
    made.limit = limit;
    return made;
}

class Clockwork {
public:
    explicit Clockwork(std::vector<CheckPlan> checks) : rounds{made(std::move(checks)), start_of_time} {}

    /// Wakes it whenever it asks for it, up to `until` after the start; the steps that said something.
    std::vector<RoundStep> run_to(Duration until) {
        std::vector<RoundStep> steps;
        const auto end = start_of_time + until;
        for (int guard = 0; guard < 10000; ++guard) {
            const auto due = rounds.next_deadline(now);
            if (due > end) break;
            REQUIRE(due >= now);
            now = due;
            auto step = rounds.wake(now, wall());
            if (step.verdict || !step.begin.empty()) steps.push_back(std::move(step));
        }
        now = end;
        return steps;
    }
    RoundStep find(Look look, Judgement judgement) {
        return rounds.found(now, look, Finding{judgement, FaultClass::hard, "slow", {}});
    }
    std::chrono::nanoseconds wall() const { return now.time_since_epoch() + wall_offset; }

    Instant now{start_of_time};
    std::chrono::nanoseconds wall_offset{1'700'000'000s};
    Rounds rounds;

private:
    static RoundSettings made(std::vector<CheckPlan> checks) {
        RoundSettings settings;
        settings.checks = std::move(checks);
        return settings;
    }
};

}  // namespace

TEST_CASE("the first look comes after one whole interval", "[control][rounds][4.1.1]") {
    Clockwork clockwork{{plan("a")}};
    CHECK(clockwork.run_to(999ms).empty());
    const auto steps = clockwork.run_to(1s);
    REQUIRE(steps.size() == 1);
    REQUIRE(steps[0].begin.size() == 1);
    CHECK(steps[0].begin[0].limit == 5s);
}

TEST_CASE("a round ends with the last of its checks, changed or not", "[control][rounds]") {
    Clockwork clockwork{{plan("a"), plan("b")}};
    const auto begun = clockwork.run_to(1s)[0].begin;
    REQUIRE(begun.size() == 2);
    CHECK_FALSE(clockwork.find(begun[1].look, Judgement::healthy).ended);
    const auto last = clockwork.find(begun[0].look, Judgement::healthy);
    CHECK(last.ended);
    REQUIRE(last.verdict);
    CHECK(last.verdict->healthy);
}

TEST_CASE("a verdict that changes is given before its round ends", "[control][rounds]") {
    Clockwork clockwork{{plan("a"), plan("b")}};
    const auto begun = clockwork.run_to(1s)[0].begin;
    const auto first = clockwork.find(begun[1].look, Judgement::unhealthy);
    CHECK_FALSE(first.ended);
    REQUIRE(first.verdict);
    CHECK_FALSE(first.verdict->healthy);
}

TEST_CASE("a round that ends as it has turned in its course says so", "[control][rounds][5.1.5]") {
    Clockwork clockwork{{plan("a"), plan("b")}};
    auto begun = clockwork.run_to(1s).front().begin;
    CHECK_FALSE(clockwork.find(begun[0].look, Judgement::unhealthy).again);
    const auto end = clockwork.find(begun[1].look, Judgement::healthy);
    CHECK(end.ended);
    CHECK(end.again);

    // The next round gives it once, when it ends; and one that turns twice gives both.
    begun = clockwork.run_to(2s).front().begin;
    CHECK_FALSE(clockwork.find(begun[0].look, Judgement::unhealthy).verdict.has_value());
    CHECK_FALSE(clockwork.find(begun[1].look, Judgement::healthy).again);
    begun = clockwork.run_to(3s).front().begin;
    CHECK(clockwork.find(begun[0].look, Judgement::healthy).verdict.has_value());
    const auto turned = clockwork.find(begun[1].look, Judgement::unhealthy);
    REQUIRE(turned.verdict.has_value());
    CHECK_FALSE(turned.verdict->healthy);
    CHECK_FALSE(turned.again);
}

TEST_CASE("a round with a check that hangs ends at the next beat, which that check misses",
          "[control][rounds][4.1.1]") {
    Clockwork clockwork{{plan("a"), plan("hangs")}};
    const auto begun = clockwork.run_to(1s)[0].begin;
    CHECK_FALSE(clockwork.find(begun[0].look, Judgement::healthy).ended);
    const auto next = clockwork.run_to(2s);
    REQUIRE(next.size() == 1);
    CHECK(next[0].ended);
    REQUIRE(next[0].begin.size() == 1);
    CHECK(next[0].begin[0].check == 0);
}

TEST_CASE("a look that was given up is not heard any more", "[control][rounds]") {
    Clockwork clockwork{{plan("a", 1s, 500ms)}};
    const auto look = clockwork.run_to(1s)[0].begin[0].look;
    (void)clockwork.run_to(1600ms);
    const auto late = clockwork.find(look, Judgement::unhealthy);
    CHECK_FALSE(late.verdict);
    CHECK(clockwork.rounds.report(clockwork.now)[0].judgement == Judgement::unknown);
}

TEST_CASE("a check that was busy has found nothing", "[control][rounds]") {
    Clockwork clockwork{{plan("a")}};
    const auto look = clockwork.run_to(1s)[0].begin[0].look;
    const auto step = clockwork.rounds.found(clockwork.now, look, std::nullopt);
    CHECK(step.ended);
    CHECK(clockwork.rounds.report(clockwork.now)[0].judgement == Judgement::unknown);
}

TEST_CASE("a check with a longer interval looks less often and changes no round", "[control][rounds]") {
    Clockwork clockwork{{plan("a"), plan("slow", 3s)}};
    int looks[2] = {0, 0};
    int ended = 0;
    for (int second = 1; second <= 6; ++second)
        for (const auto& step : clockwork.run_to(std::chrono::seconds{second}))
            for (const auto& begin : step.begin) {
                ++looks[begin.check];
                if (clockwork.find(begin.look, Judgement::healthy).ended) ++ended;
            }
    CHECK(looks[0] == 6);
    CHECK(looks[1] == 2);
    CHECK(ended == 6);
}

TEST_CASE("without a check each beat is a round", "[control][rounds]") {
    Clockwork clockwork{{}};
    const auto steps = clockwork.run_to(3s);
    REQUIRE(steps.size() == 3);
    for (const auto& step : steps) CHECK(step.ended);
}

TEST_CASE("turns that were missed are dropped, not made up for", "[control][rounds][4.1.1]") {
    Clockwork clockwork{{plan("a")}};
    clockwork.now += 10500ms;
    const auto step = clockwork.rounds.wake(clockwork.now, clockwork.wall());
    CHECK(step.begin.size() == 1);
    CHECK(clockwork.rounds.next_deadline(clockwork.now) == start_of_time + 11s);
}

TEST_CASE("after a jump of the wall clock one finding of each check is dropped", "[control][rounds][4.7.4]") {
    Clockwork clockwork{{plan("a")}};
    (void)clockwork.find(clockwork.run_to(1s)[0].begin[0].look, Judgement::healthy);
    clockwork.wall_offset += 1h;
    const auto step = clockwork.run_to(2s)[0];
    CHECK(step.wall_jumped);
    const auto dropped = clockwork.find(step.begin[0].look, Judgement::unhealthy);
    REQUIRE(dropped.verdict);
    CHECK(dropped.verdict->healthy);
    const auto counted = clockwork.find(clockwork.run_to(3s)[0].begin[0].look, Judgement::unhealthy);
    REQUIRE(counted.verdict);
    CHECK_FALSE(counted.verdict->healthy);
}

TEST_CASE("a verdict that was only held changes by time alone", "[control][rounds]") {
    Clockwork clockwork{{plan("a", 10s, 1s)}};
    const auto look = clockwork.run_to(10s).back().begin[0].look;
    (void)clockwork.find(look, Judgement::unknown);
    bool unhealthy = false;
    for (const auto& step : clockwork.run_to(12900ms)) unhealthy = unhealthy || !step.verdict->healthy;
    CHECK_FALSE(unhealthy);
    for (const auto& step : clockwork.run_to(13s)) unhealthy = unhealthy || !step.verdict->healthy;
    CHECK(unhealthy);
}

TEST_CASE("a report says how long each check's last look took", "[control][rounds][3.4.9]") {
    Clockwork clockwork{{plan("quick"), plan("hangs", 1s, 2s), plan("late", 10s)}};
    const auto steps = clockwork.run_to(1s);
    REQUIRE(steps.size() == 1);
    REQUIRE(steps[0].begin.size() == 2);
    clockwork.now += 30ms;
    (void)clockwork.find(steps[0].begin[0].look, Judgement::healthy);
    CHECK(clockwork.rounds.report(clockwork.now)[0].took == Duration{30ms});
    CHECK_FALSE(clockwork.rounds.report(clockwork.now)[1].took.has_value());
    (void)clockwork.run_to(3s);
    CHECK(clockwork.rounds.report(clockwork.now)[1].took == Duration{2s});
    CHECK_FALSE(clockwork.rounds.report(clockwork.now)[2].took.has_value());
}
