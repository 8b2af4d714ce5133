// The shell around the control loop: that it performs what is decided, once, in order, and waits for nobody.
#include "core/control/conductor.hpp"

#include "tests/unit/control/by_hand.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

TEST_CASE("each action that is decided is performed once, with its limit", "[control][conductor]") {
    Bench bench;
    REQUIRE(bench.node.made.size() == 1);
    CHECK(bench.node.count("active") == 1);
    CHECK(bench.node.made[0].action.limit == 5s);

    bench.sequence();
    bench.core.pass(100ms);
    CHECK(bench.node.count("head") == 1);
    CHECK(bench.node.count("start") == 1);
    CHECK(bench.group.count("confirm") == 1);
    CHECK(std::get<StartSequencer>(bench.node.last("start").action.task).head == hash(10));
    CHECK(bench.observer.said("started sequencer"));
    CHECK(std::ranges::count(bench.observer.counts, Counter::starts, &Count::counter) == 1);
}

TEST_CASE("calls go to the lane of their kind", "[control][conductor]") {
    Bench bench;
    bench.sequence();
    for (const auto& made : bench.node.made) CHECK(lane_of(made.action.task) == Lane::node);
    for (const auto& made : bench.group.made) CHECK(lane_of(made.action.task) == Lane::group);
    CHECK_FALSE(bench.group.made.empty());
}

TEST_CASE("an event told from inside a call is not obeyed before that call has returned",
          "[control][conductor]") {
    Bench bench;
    bench.answer(bench.node, "active", ActiveIs{false});
    bench.conductor->elected(Term{2});
    CHECK(bench.group.made.empty());
    bench.core.run();
    CHECK(bench.group.count("confirm") == 1);
}

TEST_CASE("an answer that comes from inside the call is taken up like any other", "[control][conductor]") {
    Bench bench;
    bench.answer(bench.node, "active", ActiveIs{false});
    bench.group.at_once = Confirmed{Term{2}, block(10), BlockNumber{1}};
    bench.lead();
    CHECK(bench.group.count("confirm") == 1);
    CHECK(bench.node.count("head") == 1);
}

TEST_CASE("what is given up is abandoned before the next call of that lane is made", "[control][conductor]") {
    Bench bench;
    bench.climb();
    bench.conductor->stepped_down(Term{3});
    bench.core.run();
    const auto& log = bench.node.log;
    const auto given_up = std::ranges::find(log, "abandon start");
    REQUIRE(given_up != log.end());
    CHECK(given_up + 1 != log.end());  // whether it produces must be asked, or a stop follows
    CHECK(std::count(log.begin(), given_up, "make stop") == 0);
}

TEST_CASE("a call that hangs is abandoned at its limit, and tried again", "[control][conductor]") {
    Bench bench;
    bench.checks[0].at_once = Finding{Judgement::healthy, FaultClass::hard, {}, {}};
    bench.climb();
    const auto call = bench.node.last("start").action.call;
    bench.core.pass(9900ms);
    CHECK(std::ranges::count(bench.node.abandoned, call) == 0);
    bench.core.pass(200ms);
    CHECK(std::ranges::count(bench.node.abandoned, call) == 1);
    CHECK(bench.observer.said("failed to execute step, queueing another one to retry"));
    bench.core.pass(1s);
    CHECK(bench.group.count("confirm") == 2);
}

TEST_CASE("what an abandoned call says later changes nothing", "[control][conductor]") {
    Bench bench;
    bench.climb();
    Asked pause;
    bench.conductor->pause({}, pause.done());
    bench.core.run();
    const auto before = bench.conductor->policy().fingerprint(bench.core.time);
    bench.answer(bench.node, "start", Done{});
    CHECK(bench.conductor->policy().fingerprint(bench.core.time) == before);
}

TEST_CASE("a second answer to one call changes nothing", "[control][conductor]") {
    Bench bench;
    bench.climb();
    const auto done = bench.node.last("start").done;
    done(Done{});
    done(Failed{FailureKind::remote_error, "boom"});
    bench.core.run();
    CHECK(bench.conductor->policy().situation().active == Active::yes);
}

TEST_CASE("a call that is answered and given up in the same turn is abandoned without harm",
          "[control][conductor]") {
    Bench bench;
    bench.climb();
    Asked pause;
    bench.conductor->pause({}, pause.done());
    bench.node.last("start").done(Done{});
    bench.core.run();
    CHECK(pause.answers == 1);
    CHECK(bench.conductor->paused());
}

TEST_CASE("a pause is acknowledged at once while a start hangs, and nothing is called after it",
          "[control][conductor][S-42][I-4]") {
    Bench bench;
    bench.climb();
    Asked pause;
    bench.conductor->pause({}, pause.done());
    CHECK(pause.answers == 0);  // never from inside the question
    bench.core.run();           // no time has passed
    CHECK(pause.answers == 1);
    CHECK(pause.error.empty());
    CHECK(bench.conductor->paused());
    CHECK(bench.node.log.back() == "make active");  // a question, no deed
    bench.core.pass(60s);
    CHECK(bench.node.count("start") == 1);
    CHECK(bench.node.count("stop") == 0);
}

TEST_CASE("who asks whether it is paused hears the truth before the pause is acknowledged",
          "[control][conductor]") {
    Bench bench;
    bool seen = false;
    bench.conductor->pause({}, [&](const std::string&) { seen = bench.conductor->paused(); });
    bench.core.run();
    CHECK(seen);
}

TEST_CASE("pause, pause, resume, resume all succeed", "[control][conductor][S-43]") {
    Bench bench;
    bench.answer(bench.node, "active", ActiveIs{false});
    Asked asked[4];
    bench.conductor->pause({}, asked[0].done());
    bench.conductor->pause({}, asked[1].done());
    bench.core.run();
    bench.conductor->resume(asked[2].done());
    bench.core.run();
    CHECK(asked[2].answers == 0);
    bench.answer(bench.node, "active", ActiveIs{false});
    bench.conductor->resume(asked[3].done());
    bench.core.run();
    for (const auto& one : asked) {
        CHECK(one.answers == 1);
        CHECK(one.error.empty());
    }
    CHECK_FALSE(bench.conductor->paused());
}

TEST_CASE("a stop while a start hangs gives the start up and comes to an end", "[control][conductor][5.4.4]") {
    Bench bench;
    bench.climb();
    int finished = 0;
    bench.conductor->shut_down([&] { ++finished; });
    CHECK(bench.conductor->stopped());
    CHECK(finished == 0);
    bench.core.run();
    CHECK(finished == 1);
    CHECK(std::ranges::count(bench.node.log, "abandon start") == 1);
    CHECK(bench.core.idle());  // no alarm keeps the process
    bench.conductor->shut_down([&] { ++finished; });
    bench.core.run();
    CHECK(finished == 2);
}

TEST_CASE("a leader that leaves hands over first, and is gone within the limit though nobody answers",
          "[control][conductor][2.4.4]") {
    Bench bench;
    bench.conductor->peers_seen({{peer(peer_b), peer(peer_c)}});
    bench.sequence();
    bool finished = false;
    bench.conductor->shut_down([&] { finished = true; });
    bench.core.run();
    CHECK_FALSE(finished);
    CHECK(bench.node.count("stop") == 1);
    bench.core.pass(5s);
    CHECK(finished);
    CHECK(bench.group.count("rank") == 1);
    CHECK(bench.group.count("transfer") >= 1);
    CHECK(bench.core.idle());
}

TEST_CASE("an operator who asks after the end is still answered", "[control][conductor]") {
    Bench bench;
    bench.conductor->shut_down([] {});
    bench.core.run();
    Asked pause;
    Asked resume;
    bench.conductor->pause({}, pause.done());
    bench.conductor->resume(resume.done());
    bench.core.run();
    CHECK(pause.answers == 1);
    CHECK(resume.error == "cannot resume because the conductor is stopping");
}

TEST_CASE("the end of a reign is known before the answer to the transfer that ended it",
          "[control][conductor][P-7]") {
    Bench bench;
    bench.conductor->peers_seen({{peer(peer_b)}});
    bench.sequence();
    bench.core.pass(1s);
    bench.checks[0].answer(Judgement::unhealthy);
    bench.core.run();
    bench.answer(bench.node, "stop", Done{});
    bench.answer(bench.group, "rank", Ranked{});
    REQUIRE(bench.group.count("transfer") == 1);
    // As the replica tells it, within one step.
    bench.conductor->stepped_down(Term{2});
    bench.group.last("transfer").done(Done{});
    bench.core.run();
    CHECK_FALSE(bench.conductor->policy().situation().leads);
    bench.core.pass(10s);
    CHECK(bench.group.count("transfer") == 1);
    const auto transfers = std::ranges::count(bench.observer.counts, Counter::transfers, &Count::counter);
    CHECK(transfers == 1);
}

TEST_CASE("a verdict is taken over after each round, and the node is asked whether it produces",
          "[control][conductor][P-4]") {
    Bench bench;
    bench.answer(bench.node, "active", ActiveIs{false});
    for (int round = 1; round <= 3; ++round) {
        bench.core.pass(1s);
        REQUIRE(bench.checks[0].limits.size() == static_cast<std::size_t>(round));
        bench.checks[0].answer(Judgement::healthy);
        bench.core.run();
        CHECK(bench.observer.rounds.size() == static_cast<std::size_t>(round));
        CHECK(bench.node.count("active") == 1 + round);
        bench.answer(bench.node, "active", ActiveIs{false});
    }
    CHECK(bench.conductor->sequencer_healthy());
}

TEST_CASE("checks go on while paused, and their verdict is shown", "[control][conductor][4.1.4]") {
    auto paused = settings();
    paused.paused = true;
    Bench bench{paused};
    CHECK(bench.conductor->paused());
    bench.core.pass(1s);
    bench.checks[0].answer(Judgement::unhealthy, FaultClass::node_down);
    bench.core.run();
    CHECK_FALSE(bench.conductor->sequencer_healthy());
    CHECK(bench.observer.rounds.back().text == "cannot connect to sequencer rpc endpoints");
}

TEST_CASE("a check that hangs holds the last verdict, then makes it unhealthy", "[control][conductor][S-48]") {
    Bench bench;
    bench.core.pass(1s);
    bench.checks[0].answer(Judgement::healthy);
    bench.core.pass(1s);  // this look hangs: given up after 5 s, held for 3 s more
    bench.core.pass(7900ms);
    CHECK(bench.conductor->sequencer_healthy());
    bench.core.pass(200ms);
    CHECK_FALSE(bench.conductor->sequencer_healthy());
    CHECK(bench.conductor->policy().situation().verdict.only_faults);
}

TEST_CASE("a verdict that turns in the course of a round is said once in that round, and once in the next",
          "[control][conductor][5.1.5]") {
    Bench bench{settings(), 2};
    const auto said = [&](const std::string& message) {
        return std::ranges::count_if(bench.observer.lines,
                                     [&](const Line& line) { return line.message == message; });
    };
    for (int round = 1; round <= 2; ++round) {
        bench.core.pass(1s);
        bench.checks[0].answer(Judgement::unhealthy, FaultClass::stale);
        bench.checks[1].answer(Judgement::healthy);
        bench.core.run();
        CHECK(bench.observer.rounds.size() == static_cast<std::size_t>(round));
        CHECK(said("Sequencer is unhealthy") == round);
        CHECK(said("received health update") == round);
    }
    CHECK(said("Health state changed") == 1);
    CHECK(bench.conductor->policy().situation().verdict.text == "sequencer is not healthy");
}

TEST_CASE("a check that hangs does not delay what another one finds", "[control][conductor][4.7.1]") {
    Bench bench{settings(), 2};
    bench.core.pass(1s);
    bench.checks[1].answer(Judgement::unhealthy, FaultClass::stale);
    bench.core.run();
    CHECK_FALSE(bench.conductor->sequencer_healthy());
}

TEST_CASE("a payload refused beside the head makes the leader stop and start again on the head",
          "[control][conductor][P-51]") {
    Bench bench;
    bench.sequence();
    bench.conductor->sibling_refused();
    bench.core.run();
    CHECK(bench.node.count("stop") == 1);
    bench.answer(bench.node, "stop", Done{});
    CHECK(bench.group.count("confirm") == 2);
}

TEST_CASE("an override changes answers and starts nothing", "[control][conductor][I-6]") {
    Bench bench;
    Asked asked;
    bench.conductor->override_leader({true, 90s, "10.0.0.9:4711"}, asked.done());
    CHECK(bench.conductor->leader_overridden());  // before core has had a turn
    bench.core.run();
    CHECK(asked.answers == 1);
    REQUIRE_FALSE(bench.observer.lines.empty());
    const auto line = bench.observer.lines.back();
    CHECK(std::string{line.message} == "leadership is overridden");
    CHECK(line.facts == std::vector<Fact>{{"by", "10.0.0.9:4711"}, {"lasts", "1m30s"}});
    CHECK(bench.conductor->leader_overridden());
    CHECK(bench.conductor->policy().situation().overridden);
    CHECK(bench.node.count("start") == 0);
    bench.conductor->override_leader({false}, asked.done());
    bench.core.run();
    CHECK_FALSE(bench.conductor->leader_overridden());
}

TEST_CASE("only a leader may waive the word of its peers", "[control][conductor][5.5.7]") {
    Bench bench;
    Asked follower;
    bench.conductor->waive_peer_check(follower.done());
    bench.core.run();
    CHECK(follower.error == "node is not the leader");
    bench.lead();
    Asked leader;
    bench.conductor->waive_peer_check(leader.done());
    bench.core.run();
    CHECK(leader.answers == 1);
    CHECK(leader.error.empty());
}

TEST_CASE("an operator's stop is answered before the process is asked to leave",
          "[control][conductor][2.4.5]") {
    Bench bench;
    int left_when_answered = -1;
    bench.conductor->stop([&](const std::string&) { left_when_answered = bench.asked_to_leave; });
    bench.core.run();
    CHECK(left_when_answered == 0);
    CHECK(bench.asked_to_leave == 1);
}

TEST_CASE("of many heads told at once only the newest is taken up", "[control][conductor]") {
    Bench bench;
    for (std::uint64_t number = 1; number <= 5; ++number) bench.conductor->head_moved(block(number));
    bench.core.run();
    bench.answer(bench.node, "active", ActiveIs{false});
    bench.lead();
    // The confirmed head is older than what was applied here: it is confirmed again before any start.
    bench.answer(bench.group, "confirm", Confirmed{Term{2}, block(4), BlockNumber{1}});
    bench.answer(bench.node, "head", HeadIs{block(4)});
    CHECK(bench.node.count("start") == 0);
    CHECK(bench.group.count("confirm") == 2);
}

TEST_CASE("before the node is ready no deed is done, whoever leads", "[control][conductor][P-32]") {
    auto starting = settings();
    starting.ready = false;
    Bench bench{starting};
    bench.answer(bench.node, "active", ActiveIs{false});
    bench.lead();
    bench.core.pass(500ms);
    CHECK(bench.group.made.empty());
    bench.conductor->node_ready();
    bench.core.run();
    bench.answer(bench.node, "active", ActiveIs{false});
    CHECK(bench.group.count("confirm") == 1);
}

TEST_CASE("whether this node should lead is told when it changes, with a reason", "[control][conductor][P-2]") {
    Bench bench;
    CHECK(bench.eligible.empty());  // as consensus takes it from the start
    Asked pause;
    bench.conductor->pause({}, pause.done());
    bench.core.run();
    REQUIRE(bench.eligible.size() == 1);
    CHECK(bench.eligible[0] == Eligibility{false, false, "paused"});
    bench.conductor->peers_seen({{peer(peer_b)}});
    bench.core.run();
    REQUIRE(bench.eligible.size() == 2);
    CHECK(bench.eligible[1].other_eligible);
    bench.conductor->peers_seen({{peer(peer_b)}});
    bench.core.run();
    CHECK(bench.eligible.size() == 2);
}

TEST_CASE("a node that is not ready should not lead, but for Go it may", "[control][conductor][P-2]") {
    auto starting = settings();
    starting.ready = false;
    starting.yield_when_idle = GENERATE(true, false);
    Bench bench{starting};
    CHECK(bench.eligible.size() == (starting.yield_when_idle ? 1 : 0));
    bench.conductor->node_ready();
    bench.core.run();
    if (starting.yield_when_idle) CHECK(bench.eligible.back().eligible);
}

TEST_CASE("nothing that comes after its end reaches a conductor that is gone", "[control][conductor]") {
    Bench bench;
    bench.climb();
    const auto late = bench.node.last("start").done;
    bench.core.pass(1s);
    REQUIRE_FALSE(bench.checks[0].waiting.empty());
    const auto found = bench.checks[0].waiting.back();
    bench.conductor->pause({}, [](const std::string&) { FAIL("the conductor is gone"); });
    bench.conductor.reset();
    late(Done{});
    found(Finding{Judgement::unhealthy, FaultClass::hard, {}, {}});
    bench.core.run();
    CHECK(bench.core.idle());
}
