// What operators ask for: pause, resume, waiver, override, shutdown; and what a paused leader may do.
#include "core/control/policy.hpp"

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

PolicySettings paused_settings() {
    auto made = settings();
    made.paused = true;
    return made;
}

}  // namespace

TEST_CASE("a resume is refused where the node does not answer, and the conductor stays paused",
          "[control][policy][s3.4]") {
    Loop loop{paused_settings()};
    loop.refreshed(false);
    loop.give(ResumeAsked{OperatorAsk{1}});
    loop.fail("active", FailureKind::unreachable, "connection refused");
    REQUIRE(loop.replies.size() == 1);
    CHECK(loop.replies[0].error ==
          "cannot resume because failed to get sequencer active status: connection refused");
    CHECK(loop.policy.situation().paused);
}

TEST_CASE("a resume does not wait longer than the limit for a node that hangs", "[control][policy]") {
    Loop loop{paused_settings()};
    loop.give(ResumeAsked{OperatorAsk{1}});
    loop.pass(5s);
    REQUIRE(loop.replies.size() == 1);
    CHECK_FALSE(loop.replies[0].error.empty());
}

TEST_CASE("a pause that overtakes a resume wins", "[control][policy]") {
    Loop loop{paused_settings()};
    loop.give(ResumeAsked{OperatorAsk{1}});
    loop.give(PauseAsked{OperatorAsk{2}});
    REQUIRE(loop.replies.size() == 2);
    CHECK(loop.replies[0].ask == OperatorAsk{2});
    CHECK_FALSE(loop.replies[1].error.empty());
    loop.pass(10s);
    CHECK(loop.policy.situation().paused);
}

TEST_CASE("a pause ends what is in flight, whatever it is", "[control][policy][I-4]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    const bool transferring = GENERATE(true, false);
    if (transferring) {
        loop.answer("stop", Done{});
        loop.answer("rank", Ranked{});
        CHECK(loop.is_flying("transfer"));
    }
    loop.give(PauseAsked{OperatorAsk{1}});
    CHECK_FALSE(loop.is_flying("stop"));
    CHECK_FALSE(loop.is_flying("transfer"));
    loop.called.clear();
    loop.refreshed(true);
    loop.pass(60s);
    CHECK(loop.called.empty());
}

TEST_CASE("a leader elected while paused yields once, to a member known healthy and unpaused",
          "[control][policy][P-2][S-64]") {
    Loop loop{paused_settings(), {silent_peer(peer_b), peer(peer_c)}};
    loop.refreshed(false);
    loop.lead();
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_c);
    loop.fail("transfer");
    loop.pass(60s);
    loop.see({peer(peer_b), peer(peer_c)});
    CHECK(loop.count_of("transfer") == 1);
    loop.follow();
    loop.lead();  // another reign
    CHECK(loop.count_of("transfer") == 2);
    loop.follow();
    CHECK(loop.in_flight.empty());
    CHECK(loop.counted(Counter::transfers, true) == 1);
}

TEST_CASE("a leader elected while paused stays where nobody is known to be able to act, and says so",
          "[control][policy][P-2][S-25]") {
    auto paused_b = peer(peer_b);
    paused_b.status.paused = peers::Says::yes;
    Loop loop{paused_settings(), {paused_b, silent_peer(peer_c)}};
    loop.refreshed(false);
    loop.lead();
    loop.pass(10s);
    CHECK(loop.count_of("transfer") == 0);
    CHECK(loop.fact("leading while paused, and no other member is known to be able to take over", "server") ==
          "seq-0");
    loop.see({peer(peer_b), silent_peer(peer_c)});
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_b);
}

TEST_CASE("an heir is chosen by health, then by head", "[control][policy][P-2]") {
    auto high = peer(peer_c);
    high.status.head = block(11);
    Loop loop{paused_settings(), {peer(peer_b), high}};
    loop.refreshed(false);
    SECTION("by head") {
        loop.lead();
    }
    SECTION("health first") {
        loop.see({peer(peer_b, peers::Health::stalled), peer(peer_c)});
        loop.lead();
    }
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_c);
}

TEST_CASE("a leader does not yield for a pause that came later, for a sequencer run by hand, or in compat=go",
          "[control][policy][P-2][S-4]") {
    SECTION("paused while leading") {
        Loop loop;
        loop.sequence();
        loop.give(PauseAsked{OperatorAsk{1}});
        loop.refreshed(false);
        loop.pass(10s);
        CHECK(loop.count_of("transfer") == 0);
    }
    SECTION("run by hand") {
        Loop loop{paused_settings()};
        loop.refreshed(true);
        loop.lead();
        loop.pass(10s);
        CHECK(loop.count_of("transfer") == 0);
    }
    SECTION("compat=go") {
        auto with = go_settings();
        with.paused = true;
        Loop loop{with};
        loop.refreshed(false);
        loop.lead();
        loop.pass(10s);
        CHECK(loop.count_of("transfer") == 0);
    }
}

TEST_CASE("before the node has answered its probe there is no start and no stop", "[control][policy][s2.2.6]") {
    auto with = settings();
    with.ready = false;
    with.active = Active::unknown;
    Loop loop{with, {}};
    loop.lead();
    loop.fail("active", FailureKind::unreachable);
    loop.pass(60s);
    CHECK(loop.count_of("confirm") + loop.count_of("stop") == 0);
    loop.give(NodeReady{});
    CHECK(loop.is_flying("confirm"));
}

TEST_CASE("a refused sibling means nothing to a follower or a paused leader", "[control][policy][P-51]") {
    Loop loop;
    SECTION("follower") {
        loop.follow();
    }
    SECTION("paused") {
        loop.sequence();
        loop.give(PauseAsked{OperatorAsk{1}});
    }
    loop.give(SiblingRefused{});
    CHECK_FALSE(loop.policy.situation().sibling);
    CHECK(loop.count_of("stop") == 0);
}

TEST_CASE("a start whose outcome is unknown is presumed to produce when leadership is handed on",
          "[control][policy]") {
    Loop loop;
    loop.follow();
    loop.judge(sick());
    loop.refreshed(false);
    loop.lead();
    loop.climb_to_start();
    loop.pass(10s);
    CHECK(loop.is_flying("stop"));
    CHECK(loop.line("failed to start sequencer, transferring leadership instead") != nullptr);
}

TEST_CASE("a waiver holds for this reign, until the next start that succeeds", "[control][policy][s5.5.7]") {
    Loop loop{settings(), {silent_peer(peer_b)}};
    loop.give(WaiveAsked{OperatorAsk{1}});
    CHECK(loop.replies.back().error == "node is not the leader");
    loop.lead();
    loop.confirm(std::nullopt);
    loop.answer("head", HeadIs{block(7)});
    CHECK(loop.policy.start_refusal()->why == StartRefusal::no_unsafe_head);
    CHECK(loop.policy.start_wedged(loop.now));
    loop.give(WaiveAsked{OperatorAsk{2}});
    CHECK(loop.replies.back().error.empty());
    loop.confirm(std::nullopt);
    loop.answer("head", HeadIs{block(7)});
    loop.answer("start", Done{});
    loop.judge(well());
    loop.answer("active", ActiveIs{false});
    loop.confirm(std::nullopt);
    loop.answer("head", HeadIs{block(7)});
    CHECK_FALSE(loop.is_flying("start"));
}

TEST_CASE("the own override changes nothing but what is shown", "[control][policy][I-6]") {
    Loop loop;
    loop.sequence();
    loop.give(OverrideSet{true});
    loop.pass(10s);
    CHECK(loop.called.empty());
    CHECK(loop.policy.situation().overridden);
    loop.follow();
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a planned stop of the leader stops, hands over and leaves", "[control][policy][s2.4.4][S-26]") {
    Loop loop;
    loop.sequence();
    CHECK_FALSE(loop.give(StopAsked{}).finished);
    loop.answer("stop", Done{});
    CHECK(std::get<RankTargets>(loop.flying("rank").task).cause == Cause::shutdown);
    loop.answer("rank", Ranked{{peer_b}});
    loop.answer("transfer", Done{});
    CHECK(loop.finished);
    CHECK_FALSE(loop.policy.next_deadline().has_value());
}

TEST_CASE("a planned stop never takes longer than 5 s", "[control][policy][s2.4.4]") {
    Loop loop;
    loop.sequence();
    loop.give(StopAsked{});
    loop.pass(1s);
    if (loop.is_flying("rank")) loop.answer("rank", Ranked{{peer_b}});
    loop.pass(3999ms);
    CHECK_FALSE(loop.finished);
    loop.pass(1ms);
    CHECK(loop.finished);
}

TEST_CASE("leadership lost during a planned stop ends it as soon as the sequencer has stopped",
          "[control][policy][s2.4.4]") {
    Loop loop;
    loop.sequence();
    loop.give(StopAsked{});
    loop.follow();
    CHECK_FALSE(loop.finished);
    loop.answer("stop", Done{});
    CHECK(loop.finished);
}

TEST_CASE("a stop leaves the sequencer running where there is nothing to hand over",
          "[control][policy][S-26]") {
    auto with = settings();
    std::vector<peers::Row> rows{peer(peer_b)};
    SECTION("nobody known") {
        rows = {silent_peer(peer_b)};
    }
    SECTION("not wanted") {
        with.transfer_at_shutdown = false;
    }
    SECTION("compat=go") {
        with = go_settings();
    }
    Loop loop{with, rows};
    loop.sequence();
    CHECK(loop.give(StopAsked{}).finished);
    CHECK(loop.called.empty());
}

TEST_CASE("a follower leaves at once", "[control][policy][s2.4.4]") {
    Loop loop;
    loop.follow();
    CHECK(loop.give(StopAsked{}).finished);
}

TEST_CASE("lines that operators alert on keep their keys", "[control][policy][s7.5][S-57]") {
    Loop loop;
    loop.lead();
    CHECK(loop.fact("Leadership status changed", "server") == "seq-0");
    CHECK(loop.fact("Leadership status changed", "leader") == "true");
    loop.climb_to_start();
    CHECK(loop.fact("starting sequencer", "active") == "false");
    CHECK(loop.fact("comparing unsafe head", "consensus") == "10");
    loop.answer("start", Done{});
    CHECK(loop.fact("state changed", "new_state") == "leader: true, healthy: true, active: true");
    loop.judge(sick());
    CHECK(loop.fact("Health state changed", "old") == "true");
    CHECK(loop.fact("Sequencer is unhealthy", "err") == "sequencer is not healthy");
    CHECK(loop.fact("stopping sequencer", "healthy") == "false");
    loop.answer("stop", Done{});
    CHECK(loop.fact("transferring leadership", "server") == "seq-0");
}
