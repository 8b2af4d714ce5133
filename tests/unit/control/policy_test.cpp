// What the matrix does not show: siblings, refreshes, strategies, failures, lateness, lines and counts.
#include "core/control/policy.hpp"

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

TEST_CASE("a follower that cannot learn whether its node produces goes on asking, with back-off",
          "[control][policy][P-8]") {
    auto with = settings();
    with.active = Active::unknown;
    Loop loop{with};
    loop.follow();
    for (int i = 0; i < 6; ++i) {
        loop.fail("active", FailureKind::unreachable);
        const auto failed_at = loop.now;
        CHECK_FALSE(loop.is_flying("active"));
        while (!loop.is_flying("active") && loop.now < failed_at + 11s) loop.pass(100ms);
        CHECK(loop.now - failed_at >= 2s);
    }
    loop.answer("active", ActiveIs{true});
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a refused sibling leads to stop, post and start on the replicated head",
          "[control][policy][P-51][S-67]") {
    Loop loop;
    loop.sequence();
    loop.give(SiblingRefused{});
    loop.answer("stop", Done{});
    loop.confirm(block(11));
    loop.answer("head", HeadIs{block(10)});
    loop.answer("post", Done{});
    loop.answer("head", HeadIs{block(11)});
    loop.confirm(block(11));
    loop.answer("head", HeadIs{block(11)});
    CHECK(std::get<StartSequencer>(loop.flying("start").task).head == block(11).hash);
    loop.answer("start", Done{});
    loop.refreshed(true);
    loop.pass(10s);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.count_of("transfer") == 0);
}

TEST_CASE("each health cycle asks whether the node produces", "[control][policy][P-4]") {
    Loop loop;
    loop.sequence();
    for (int i = 0; i < 5; ++i) {
        loop.judge(well());
        loop.refreshed(true);
        loop.pass(1s);
    }
    CHECK(loop.count_of("active") == 5);
}

TEST_CASE("a refresh that hangs gives way to what must be done", "[control][policy]") {
    Loop loop;
    loop.sequence();
    loop.judge(well());
    CHECK(loop.is_flying("active"));
    loop.judge(sick(FaultClass::hard));
    CHECK_FALSE(loop.is_flying("active"));
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a failed refresh changes no belief", "[control][policy]") {
    Loop loop;
    loop.sequence();
    loop.judge(well());
    loop.fail("active");
    CHECK(loop.policy.situation().active == Active::yes);
    CHECK(loop.in_flight.empty());
}

TEST_CASE("a sequencer that was started by hand beside a follower is stopped", "[control][policy][P-4]") {
    Loop loop;
    loop.follow();
    loop.judge(well());
    loop.answer("active", ActiveIs{true});
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a stop that the node does not confirm is made again", "[control][policy][P-8]") {
    Loop loop;
    loop.sequence();
    loop.follow();
    loop.answer("stop", Done{});
    loop.answer("active", ActiveIs{true});
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a stop that hangs does not delay the transfer beyond the soft time-out", "[control][policy][P-6]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::node_down));
    loop.pass(999ms);
    CHECK_FALSE(loop.is_flying("rank"));
    loop.pass(1ms);
    loop.answer("rank", Ranked{{peer_c}});
    CHECK(loop.is_flying("stop"));
    CHECK(loop.is_flying("transfer"));
    loop.answer("transfer", Done{});
    loop.follow();
    CHECK(loop.is_flying("stop"));  // goes on in the background
    loop.pass(9s);
    CHECK(loop.count_of("stop") >= 1);
    loop.pass(20s);
    CHECK(loop.count_of("stop") >= 2);  // it timed out, and is tried again
}

TEST_CASE("leadership that returns while a stop hangs does not wait for the stop", "[control][policy]") {
    Loop loop;
    loop.sequence();
    loop.follow();
    CHECK(loop.is_flying("stop"));
    loop.lead();
    CHECK(loop.is_flying("stop"));
    loop.pass(1s);
    CHECK_FALSE(loop.is_flying("stop"));
    loop.pass(50ms);
    loop.refreshed(true);
    CHECK(loop.triple() == Triple{true, true, true});
}

TEST_CASE("leadership lost during a climb ends it, and a start in flight is not forgotten",
          "[control][policy][s5.11.3]") {
    Loop loop;
    loop.lead();
    const bool starting = GENERATE(true, false);
    if (starting) loop.climb_to_start();
    loop.follow();
    CHECK_FALSE(loop.is_flying("start"));
    CHECK_FALSE(loop.is_flying("confirm"));
    CHECK(loop.is_flying("active") == starting);
    if (!starting) return;
    loop.answer("active", ActiveIs{true});
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a reign that ended and began again between two looks starts from the ground",
          "[control][policy][I-2]") {
    Loop loop;
    loop.lead();
    const auto stale = loop.flying("confirm").call;
    loop.lead();
    const auto fresh = loop.flying("confirm").call;
    CHECK(stale != fresh);
    loop.give(Answered{stale, Confirmed{loop.term, block(10), BlockNumber{1}}});
    CHECK_FALSE(loop.is_flying("head"));
}

TEST_CASE("health lost during a climb ends it where the table says transfer", "[control][policy][s5.11.3]") {
    Loop loop;
    loop.sequence();
    loop.judge(well());
    loop.answer("active", ActiveIs{false});
    CHECK(loop.is_flying("confirm"));
    loop.judge(sick(FaultClass::node_down));
    CHECK_FALSE(loop.is_flying("confirm"));
    CHECK(loop.is_flying("rank"));
}

TEST_CASE("a start that fails is tried again first after 50 ms", "[control][policy][P-14]") {
    Loop loop;
    loop.lead();
    loop.climb_to_start();
    loop.fail("start", FailureKind::remote_error, "sequencer is not the leader, aborting");
    CHECK(loop.in_flight.empty());
    loop.pass(49ms);
    CHECK_FALSE(loop.is_flying("confirm"));
    loop.pass(1ms);
    CHECK(loop.is_flying("confirm"));
}

TEST_CASE("a start that fails for more than 10 s is wedged, and one that works is not",
          "[control][policy][s7.3]") {
    Loop loop;
    loop.lead();
    const auto began = loop.now;
    while (loop.now < began + 11s) {
        if (loop.is_flying("confirm")) loop.fail("confirm");
        loop.pass(10ms);
        if (loop.now == began + 9s) CHECK_FALSE(loop.policy.start_wedged(loop.now));
    }
    CHECK(loop.policy.start_wedged(loop.now));
    CHECK(loop.policy.start_refusal()->why == StartRefusal::unconfirmed);
    loop.pass(2s);
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK_FALSE(loop.policy.start_wedged(loop.now));
    // 50 100 200 400 800 1600 2000 2000 2000 2000: no more than its back-off allows.
    CHECK(loop.count_of("confirm") <= 12);
}

TEST_CASE("the strategy's targets are tried in order, then consensus chooses",
          "[control][policy][s5.8][S-23]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{{peer_c, peer_b}});
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_c);
    loop.fail("transfer");
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_b);
    loop.fail("transfer");
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target.empty());
    CHECK(loop.line("all strategy targets failed, falling back to default leader transfer") != nullptr);
    loop.fail("transfer");
    CHECK(loop.counted(Counter::transfers, false) == 1);
    loop.refreshed(false);
    loop.pass(50ms);
    const auto& failed = std::get<RankTargets>(loop.flying("rank").task).failed;
    REQUIRE(failed.size() == 2);
    CHECK(failed[0] == FailedTarget{peer_b, 50ms});
}

TEST_CASE("round-robin speaks as in Go, attempt by attempt", "[control][policy][s5.7]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{{peer_b, peer_c}, RoundRobin{{"10.0.0.2:50050", "10.0.0.3:50050"}, 3}});
    const auto* attempt = loop.line("round-robin transferring leadership");
    REQUIRE(attempt != nullptr);
    CHECK(attempt->facts == std::vector<Fact>{{"from", settings().self.text()},
                                              {"to", peer_b.text()},
                                              {"targetAddr", "10.0.0.2:50050"},
                                              {"attempt", std::uint64_t{1}},
                                              {"totalVoters", std::uint64_t{3}}});
    loop.fail("transfer");
    const auto* failed = loop.line("failed to transfer leadership to voter, trying next");
    REQUIRE(failed != nullptr);
    CHECK(failed->facts.front() == Fact{"target", peer_b.text()});
    CHECK(failed->facts.back() == Fact{"attempt", std::uint64_t{1}});
    loop.fail("transfer");
    CHECK(loop.line("round-robin transfer failed for all voters, falling back to default leader transfer") !=
          nullptr);
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target.empty());
}

TEST_CASE("a transfer already in progress, or not ours to make, counts as done",
          "[control][policy][s5.6.2][S-23]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{});
    loop.fail("transfer", GENERATE(FailureKind::transfer_in_progress, FailureKind::not_leader));
    CHECK(loop.counted(Counter::transfers, true) == 1);
    CHECK(loop.line("failed to transfer leadership") == nullptr);
}

TEST_CASE("a transfer that was answered well but left us leading is made again", "[control][policy][P-7]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{});
    loop.answer("transfer", Done{});
    loop.refreshed(false);
    CHECK(loop.policy.situation().leads);  // the view of leadership is consensus' alone
    CHECK_FALSE(loop.is_flying("rank"));
    loop.pass(1s);
    CHECK(loop.is_flying("rank"));
}

TEST_CASE("a target that gave leadership back is remembered for 30 s", "[control][policy][P-9]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{{peer_c}});
    loop.answer("transfer", Done{});
    loop.follow();
    loop.refreshed(false);
    loop.pass(1s);
    loop.judge(sick(FaultClass::node_down));
    loop.refreshed(false);
    loop.lead();
    const auto& failed = std::get<RankTargets>(loop.flying("rank").task).failed;
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].id == peer_c);
}

TEST_CASE("a strategy that hangs is given up after half a second", "[control][policy]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.pass(500ms);
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target.empty());
}

TEST_CASE("a start held back by a rule is not answered with a transfer that would not help",
          "[control][policy][s5.5.8]") {
    auto overridden = peer(peer_c, peers::Health::stalled);
    overridden.status.overridden = peers::Says::yes;
    Loop loop{settings(), {peer(peer_b, peers::Health::stalled), overridden}};
    loop.follow();
    loop.judge(sick());
    loop.refreshed(false);
    loop.lead();
    CHECK(loop.policy.start_refusal()->why == StartRefusal::peer_overridden);
    loop.pass(5s);
    CHECK(loop.count_of("rank") + loop.count_of("confirm") == 0);
    loop.see({peer(peer_b, peers::Health::stalled), peer(peer_c, peers::Health::stalled)});
    CHECK(loop.is_flying("confirm"));  // at once, not when the back-off ends
}

TEST_CASE("another active sequencer is told and counted when leadership is gained, and waited for by nobody",
          "[control][policy][P-8]") {
    auto active = peer(peer_b);
    active.status.active = peers::Says::yes;
    Loop loop{settings(), {active}};
    loop.lead();
    CHECK(loop.counted(Counter::two_active, true) == 1);
    CHECK(loop.fact("another sequencer is still active", "peer") == "seq-1");
    CHECK(loop.is_flying("confirm"));
}

TEST_CASE("late and unknown answers change nothing", "[control][policy]") {
    Loop loop;
    loop.sequence();
    const auto before = loop.policy.fingerprint(loop.now);
    loop.give(Answered{Call{999}, Failed{}});
    loop.give(Answered{Call{1}, Done{}});
    CHECK(loop.policy.fingerprint(loop.now) == before);
    CHECK(loop.in_flight.empty());
}

TEST_CASE("a shell that never answers wedges nothing", "[control][policy]") {
    Loop loop;
    loop.lead();
    loop.pass(60s);
    CHECK(loop.count_of("confirm") >= 8);
    CHECK(loop.fact("failed to execute step, queueing another one to retry", "err") ==
          "unable to retrieve unsafe head from consensus: failed to apply barrier: context deadline exceeded");
}

TEST_CASE("each change of state is counted with the triple at its entry", "[control][policy][s5.2]") {
    Loop loop;
    loop.lead();
    loop.climb_to_start();
    loop.answer("start", Done{});
    std::vector<Triple> entered;
    for (const auto& count : loop.counts)
        if (count.counter == Counter::state_changes) entered.push_back(count.triple);
    CHECK(entered == std::vector<Triple>{{true, true, false}, {true, true, true}});
}

TEST_CASE("what was already so counts as success=false, and a failure does not count there",
          "[control][policy][P-38]") {
    Loop loop;
    loop.lead();
    loop.climb_to_start();
    loop.answer("start", Done{true, {}});
    CHECK(loop.counted(Counter::starts, false) == 1);
    loop.follow();
    loop.fail("stop");
    CHECK(loop.counted(Counter::stops, true) + loop.counted(Counter::stops, false) == 0);
    CHECK(loop.counted(Counter::stop_failures, false) == 1);
    loop.refreshed(true);
    loop.pass(10s);
    loop.answer("stop", Done{true, {}});
    CHECK(loop.counted(Counter::stops, false) == 1);
    CHECK(loop.line("sequencer already stopped") != nullptr);
}
