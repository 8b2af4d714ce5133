// Leadership that nobody can use is not passed round without end.
#include "core/control/pace.hpp"

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

// Elected into a stalled chain of which the node lacks more than can be posted, and so is everybody else.
void elected_far_behind(Loop& loop) {
    loop.lead();
    loop.confirm(block(100), BlockNumber{90});
    loop.answer("head", HeadIs{block(10)});
}
void passes_on(Loop& loop) {
    loop.answer("rank", Ranked{});
    loop.answer("transfer", Done{});
    loop.follow();
}
Loop far_behind(PolicySettings with = settings()) {
    Loop loop{std::move(with), {peer(peer_b, peers::Health::stalled), peer(peer_c, peers::Health::stalled)}};
    loop.follow();
    loop.judge(sick());
    loop.refreshed(false);
    return loop;
}

}  // namespace

TEST_CASE("every other voter may be tried at once, then hand-overs keep a distance that doubles to 30 s",
          "[control][pace]") {
    Pace pace{{}};
    auto now = start_of_time;
    const std::size_t others = GENERATE(0U, 1U, 2U, 4U, 6U);
    for (std::size_t i = 0; i < std::max<std::size_t>(1, others); ++i) {
        CHECK_FALSE(pace.held_until(now, others));
        pace.handed_over(now);
    }
    for (const auto wait : {2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
        CHECK(pace.held_until(now, others) == now + wait);
        CHECK(pace.held_until(now + wait - 1ns, others) == now + wait);
        CHECK_FALSE(pace.held_until(now + wait, others));
        now += wait;
        pace.handed_over(now);
    }
}

TEST_CASE("a minute without a hand-over, or a new block, ends the spell", "[control][pace]") {
    Pace pace{{}};
    for (int i = 0; i < 3; ++i) pace.handed_over(start_of_time);
    SECTION("a minute") {
        pace.handed_over(start_of_time + 60s);
        CHECK(pace.held_until(start_of_time + 60s, 1) == start_of_time + 62s);
    }
    SECTION("not less") {
        pace.handed_over(start_of_time + 59s);
        CHECK(pace.held_until(start_of_time + 59s, 1) == start_of_time + 59s + 16s);
    }
    SECTION("a block") {
        pace.spell_ends();
        CHECK_FALSE(pace.held_until(start_of_time, 1));
        pace.handed_over(start_of_time);
        CHECK(pace.held_until(start_of_time, 1) == start_of_time + 2s);
    }
}

TEST_CASE("leadership that comes back once more than there are others stays, and the start is tried again",
          "[control][pace][policy]") {
    auto loop = far_behind();
    for (int i = 0; i < 2; ++i) {
        elected_far_behind(loop);
        passes_on(loop);
        loop.pass(5ms);
    }
    const auto last = loop.now;

    elected_far_behind(loop);
    CHECK_FALSE(loop.is_flying("rank"));
    while (loop.count_of("rank") < 3 && loop.now < last + 20s) {
        if (loop.is_flying("confirm")) {
            loop.confirm(block(100), BlockNumber{90});
            loop.answer("head", HeadIs{block(10)});
        }
        loop.pass(5ms);
    }
    CHECK(loop.now - last >= 1990ms);
    CHECK(loop.now - last <= 4s);          // 2 s, and what is left of the back-off of the start
    CHECK(loop.count_of("confirm") >= 5);  // it was no idle wait
    passes_on(loop);
    CHECK(loop.counted(Counter::transfers, true) == 3);
}

TEST_CASE("a member that leadership has come back to starts as soon as it can", "[control][pace][policy]") {
    auto loop = far_behind();
    for (int i = 0; i < 2; ++i) {
        elected_far_behind(loop);
        passes_on(loop);
    }
    elected_far_behind(loop);
    while (!loop.is_flying("confirm")) loop.pass(5ms);
    loop.confirm(block(100), BlockNumber{90});
    loop.answer("head", HeadIs{block(100)});  // gossip has closed the gap
    CHECK(loop.is_flying("start"));
    CHECK(loop.count_of("rank") == 2);
}

TEST_CASE("a member without reach of its node tries each other voter at once, and then waits 2 s",
          "[control][pace][policy]") {
    Loop loop{settings(), {peer(peer_b)}};
    loop.follow();
    loop.judge(sick(FaultClass::node_down));
    loop.refreshed(false);
    loop.lead();
    passes_on(loop);
    loop.pass(5ms);
    loop.lead();
    loop.pass(1990ms);
    CHECK_FALSE(loop.is_flying("rank"));
    loop.pass(10ms);
    CHECK(loop.is_flying("rank"));
}

TEST_CASE("a new block lets the next hand-over go at once", "[control][pace][policy]") {
    Loop loop{settings(), {peer(peer_b)}};
    loop.follow();
    loop.judge(sick(FaultClass::node_down));
    loop.refreshed(false);
    loop.lead();
    passes_on(loop);
    loop.give(HeadMoved{block(11)});
    loop.lead();
    CHECK(loop.is_flying("rank"));
}

TEST_CASE("a sequencer that has been well hands over at once, however often it did before",
          "[control][pace][policy][S-39]") {
    Loop loop{settings(), {peer(peer_b)}};
    loop.sequence();
    for (int i = 0; i < 3; ++i) {
        loop.judge(sick(FaultClass::hard));
        loop.answer("stop", Done{});
        passes_on(loop);
        loop.refreshed(false);
        loop.judge(well());
        loop.refreshed(false);
        loop.sequence();
    }
    loop.judge(sick(FaultClass::hard));
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a transfer that failed, or was answered well and left us leading, holds nothing back",
          "[control][pace][policy]") {
    Loop loop{settings(), {peer(peer_b)}};
    loop.follow();
    loop.judge(sick(FaultClass::node_down));
    loop.refreshed(false);
    loop.lead();
    loop.answer("rank", Ranked{});
    SECTION("failed") {
        loop.fail("transfer", FailureKind::other, "leadership transfer timeout");
        loop.pass(100ms);
        CHECK(loop.is_flying("rank"));
    }
    SECTION("answered") {
        loop.answer("transfer", Done{});
        loop.pass(1s);
        CHECK(loop.is_flying("rank"));
    }
}

TEST_CASE("compat=go passes leadership on as often as it comes", "[control][pace][policy]") {
    auto loop = far_behind(go_settings());
    for (int i = 0; i < 5; ++i) {
        elected_far_behind(loop);
        CHECK(loop.is_flying("rank"));
        passes_on(loop);
    }
}
