// The control loop unit matrix of conductor.md 12.4, scenario by scenario, and S-24, S-27, S-32 as far as one
// node shows them.
#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

constexpr const char* step_failed = "failed to execute step, queueing another one to retry";

const Triple sick_follower{false, false, false};
const Triple sick_leader{true, false, false};

PolicySettings ladder_off() {
    auto made = settings();
    made.ladder.repairs = false;
    return made;
}
/// A sick follower that has just become leader.
void promote_sick(Loop& loop, FaultClass fault = FaultClass::stale) {
    loop.follow();
    loop.judge(sick(fault));
    loop.refreshed(false);
    REQUIRE(loop.prev() == sick_follower);
    loop.lead();
}
void transfer_works(Loop& loop) {
    if (loop.is_flying("rank")) loop.answer("rank", Ranked{});
    loop.answer("transfer", Done{});
    loop.follow();
    loop.refreshed(false);
}

}  // namespace

TEST_CASE("a sick follower that is elected and cannot start tries once, then transfers", "[control][S-35]") {
    Loop loop{ladder_off()};
    promote_sick(loop);
    const bool fsm_readable = GENERATE(true, false);
    if (fsm_readable) {
        loop.confirm(block(10));
        loop.answer("head", HeadIs{block(8)});
    } else {
        loop.fail("confirm");
    }
    CHECK(loop.count_of("start") == 0);
    CHECK(loop.fact("failed to start sequencer, transferring leadership instead", "server") == "seq-0");
    loop.answer("rank", Ranked{});
    loop.answer("transfer", Done{});
    CHECK(loop.count_of("transfer") == 1);
    CHECK(loop.prev() == sick_leader);
    loop.follow();
    CHECK_FALSE(loop.policy.situation().leads);
    CHECK(loop.count_of("confirm") == 1);
}

TEST_CASE("a follower stays a follower whatever its health does", "[control][S-36]") {
    Loop loop;
    loop.follow();
    loop.judge(sick());
    loop.refreshed(false);
    CHECK(loop.line("server (follower) is not healthy") != nullptr);
    loop.judge(well());
    loop.refreshed(false);
    loop.judge(sick());
    loop.refreshed(false);
    loop.pass(5s);
    for (const auto& name : loop.called) CHECK(name == "active");
}

TEST_CASE("an elected follower with equal heads starts exactly once, on that head", "[control][S-37]") {
    Loop loop;
    loop.follow();
    loop.lead();
    loop.climb_to_start();
    CHECK(std::get<StartSequencer>(loop.flying("start").task).head == block(10).hash);
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, true, true});
    loop.judge(well());
    loop.refreshed(true);
    loop.pass(30s);
    CHECK(loop.count_of("start") == 1);
    CHECK(loop.prev() == Triple{true, true, true});
    CHECK(loop.counted(Counter::starts, true) == 1);
}

TEST_CASE(
    "an elected follower one block behind posts, retries a failed post, and starts on the replicated head",
    "[control][S-37][P-1]") {
    const bool go = GENERATE(false, true);
    Loop loop{go ? go_settings() : settings()};
    loop.follow();
    loop.lead();
    loop.confirm(block(10));
    loop.answer("head", HeadIs{block(9)});
    loop.fail("post");
    CHECK(loop.line("failed to post unsafe head payload envelope to op-node") != nullptr);
    CHECK(loop.in_flight.empty());
    loop.pass(50ms);
    loop.confirm(block(10));
    loop.answer("head", HeadIs{block(9)});
    CHECK(std::get<PostPayload>(loop.flying("post").task).number == BlockNumber{10});
    loop.answer("post", Done{});
    if (!go) {
        loop.answer("head", HeadIs{block(10)});
        loop.climb_to_start();
    }
    CHECK(std::get<StartSequencer>(loop.flying("start").task).head == block(10).hash);
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, true, true});
    CHECK(loop.fact("latest unsafe block in consensus is not the same as the one in op-node", "node_num") ==
          "9");
}

TEST_CASE("a leader that loses leadership stops exactly once", "[control][S-38]") {
    Loop loop;
    loop.sequence();
    loop.follow();
    CHECK(loop.fact("stopping sequencer", "leader") == "false");
    loop.answer("stop", Done{false, hash(10)});
    loop.refreshed(false);
    loop.pass(30s);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.prev() == Triple{false, true, false});
    CHECK(loop.fact("stopped sequencer", "latestHead") == to_hex(hash(10)));
}

TEST_CASE("a conductor restarted beside an active sequencer stops it once, after the grace",
          "[control][S-38][s2.5.2]") {
    auto with = settings();
    with.active = Active::yes;
    Loop loop{with};
    loop.refreshed(true);
    loop.pass(2999ms);
    CHECK(loop.count_of("stop") == 0);
    loop.pass(1ms);
    loop.answer("stop", Done{});
    loop.refreshed(false);
    loop.pass(30s);
    CHECK(loop.count_of("stop") == 1);
}

TEST_CASE("a conductor that regains leadership after its restart never stops its sequencer",
          "[control][S-27]") {
    auto with = settings();
    with.active = Active::yes;
    Loop loop{with};
    loop.refreshed(true);
    loop.pass(1s);
    loop.lead();
    loop.refreshed(true);
    loop.pass(30s);
    CHECK(loop.count_of("stop") == 0);
    CHECK(loop.count_of("start") == 0);
    CHECK(loop.prev() == Triple{true, true, true});
}

TEST_CASE(
    "a conductor restarted beside an active sequencer that leads in bad health stops and transfers, and "
    "starts nothing when nobody takes over",
    "[control][S-39][s2.1]") {
    const bool known = GENERATE(false, true);
    auto with = settings();
    with.active = known ? Active::yes : Active::unknown;
    Loop loop{with};
    loop.refreshed(true);
    CHECK(loop.prev() == Triple{false, true, true});
    loop.judge(sick(FaultClass::hard));
    loop.refreshed(true);
    loop.lead();
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{});
    loop.fail("transfer", FailureKind::other, "cannot find peer");
    CHECK(loop.triple() == sick_leader);
    loop.refreshed(false);
    loop.pass(5s);
    CHECK(loop.count_of("confirm") == 0);
    CHECK(loop.count_of("start") == 0);
    CHECK(loop.count_of("rank") + loop.count_of("transfer") >= 2);
}

TEST_CASE("with compat=go a restarted conductor stops its sequencer at once", "[control][s2.5.1][S-74]") {
    auto with = go_settings();
    with.active = Active::yes;
    Loop loop{with};
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("a sequencing leader that turns unhealthy stops, then transfers", "[control][S-39]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    CHECK_FALSE(loop.is_flying("rank"));
    loop.answer("stop", Done{});
    transfer_works(loop);
    CHECK(loop.triple() == sick_follower);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.count_of("transfer") == 1);
    CHECK(loop.counted(Counter::transfers, true) == 1);
}

TEST_CASE("stop and transfer both fail: the state stays, both errors are told, both are tried again",
          "[control][S-39][s5.3.2]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.fail("stop", FailureKind::remote_error, "x");
    loop.answer("rank", Ranked{});
    loop.fail("transfer", FailureKind::other, "leadership transfer timeout");
    CHECK(loop.triple() == Triple{true, false, true});
    CHECK(loop.fact(step_failed, "err") == "failed to stop sequencer: x\nleadership transfer timeout");
    CHECK(loop.fact(step_failed, "status") == "leader: true, healthy: false, active: true");
    CHECK(loop.line("failed to transfer leadership") != nullptr);
    loop.refreshed(true);
    loop.pass(50ms);
    CHECK(loop.is_flying("stop"));
}

TEST_CASE("the stop works and the transfer fails: only the transfer is tried again", "[control][S-39]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{});
    loop.fail("transfer");
    CHECK(loop.triple() == sick_leader);
    loop.refreshed(false);
    loop.pass(50ms);
    CHECK_FALSE(loop.is_flying("stop"));
    transfer_works(loop);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.triple() == sick_follower);
}

TEST_CASE("the stop fails and the transfer works: the stop is tried until it works", "[control][S-39][P-8]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.fail("stop");
    loop.answer("rank", Ranked{});
    loop.answer("transfer", Done{});
    loop.follow();
    CHECK(loop.triple() == Triple{false, false, true});
    for (int i = 0; i < 3; ++i) {
        loop.fail("stop");
        loop.refreshed(true);
        loop.pass(10s);
    }
    loop.answer("stop", Done{});
    loop.refreshed(false);
    CHECK(loop.triple() == sick_follower);
    loop.pass(30s);
    CHECK(loop.count_of("stop") == 5);
}

TEST_CASE("a follower elected into a stalled chain starts, waits without a transfer, and is well again",
          "[control][S-40]") {
    const bool go = GENERATE(false, true);
    Loop loop{go ? go_settings() : settings()};
    promote_sick(loop);
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, false, true});
    CHECK(loop.prev() == sick_leader);
    CHECK(loop.fact(step_failed, "err") == "waiting for sequencing to become healthy by itself");
    loop.judge(sick());
    loop.refreshed(true);
    loop.pass(2s);
    CHECK(loop.count_of("transfer") + loop.count_of("rank") + loop.count_of("stop") == 0);
    loop.judge(well());
    loop.refreshed(true);
    CHECK(loop.prev() == Triple{true, true, true});
}

TEST_CASE("a follower elected without reach of its node does not start but transfers", "[control][S-40]") {
    Loop loop;
    promote_sick(loop, FaultClass::node_down);
    CHECK_FALSE(loop.is_flying("confirm"));
    transfer_works(loop);
    CHECK(loop.count_of("start") == 0);
}

TEST_CASE("a builder that fails while the leader waits ends the wait", "[control][S-40]") {
    Loop loop;
    promote_sick(loop);
    loop.climb_to_start();
    loop.answer("start", Done{});
    loop.judge(sick(FaultClass::builder_partial));
    loop.answer("stop", Done{});
    transfer_works(loop);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.count_of("transfer") == 1);
}

TEST_CASE("a leader whose builder is down or unreachable stops and transfers once", "[control][S-41]") {
    Loop loop;
    loop.sequence();
    loop.judge(sick(GENERATE(FaultClass::builder_down, FaultClass::builder_unreachable)));
    loop.answer("stop", Done{});
    transfer_works(loop);
    loop.pass(30s);
    CHECK(loop.count_of("stop") == 1);
    CHECK(loop.count_of("transfer") == 1);
}

TEST_CASE("a pause during a hanging start is acknowledged in the same step, and no call follows",
          "[control][S-42][P-30]") {
    Loop loop;
    loop.lead();
    loop.climb_to_start();
    const auto hanging = loop.flying("start").call;
    loop.pass(3s);
    const auto decision = loop.give(PauseAsked{OperatorAsk{7}});
    REQUIRE(decision.replies.size() == 1);
    CHECK(decision.replies[0].ask == OperatorAsk{7});
    CHECK(decision.replies[0].error.empty());
    CHECK(decision.abandon == std::vector<Call>{hanging});
    loop.give(Answered{hanging, Done{}});  // too late to be believed
    CHECK(loop.policy.situation().active == Active::unknown);
    loop.refreshed(true);
    loop.called.clear();
    loop.pass(60s);
    CHECK(loop.called.empty());

    loop.give(ResumeAsked{OperatorAsk{8}});
    loop.answer("active", ActiveIs{true});
    CHECK(loop.replies.back().ask == OperatorAsk{8});
    CHECK_FALSE(loop.policy.situation().paused);
    CHECK(loop.triple() == Triple{true, true, true});
    CHECK(loop.count_of("start") == 0);
}

TEST_CASE("a paused leader whose health toggles makes no start, no stop and no transfer", "[control][S-43]") {
    Loop loop;
    loop.sequence();
    loop.give(PauseAsked{OperatorAsk{1}});
    for (int i = 0; i < 10; ++i) {
        loop.judge(i % 2 ? well() : sick(FaultClass::hard));
        loop.refreshed(i % 3 == 0);
        loop.pass(1s);
    }
    for (const auto& name : loop.called) CHECK(name == "active");
}

TEST_CASE("pause and resume are idempotent, and a paused conductor can be stopped", "[control][S-43]") {
    Loop loop;
    loop.give(PauseAsked{OperatorAsk{1}});
    loop.give(PauseAsked{OperatorAsk{2}});
    loop.give(ResumeAsked{OperatorAsk{3}});
    loop.answer("active", ActiveIs{false});
    loop.give(ResumeAsked{OperatorAsk{4}});
    REQUIRE(loop.replies.size() == 4);
    for (const auto& reply : loop.replies) CHECK(reply.error.empty());
    loop.give(PauseAsked{OperatorAsk{5}});
    CHECK(loop.give(StopAsked{}).finished);
}

TEST_CASE("a node that was restarted under a leader sequences again without a change of leadership",
          "[control][S-44][P-4]") {
    Loop loop;
    loop.sequence();
    const auto verdict = GENERATE(well(), sick(FaultClass::stale));
    loop.judge(well());
    loop.answer("active", ActiveIs{false});
    loop.judge(verdict);  // whether or not the head has aged meanwhile
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK(loop.triple().active);
    CHECK(loop.count_of("transfer") + loop.count_of("rank") == 0);
}

TEST_CASE("a wait beyond the recovery grace hands over to a healthy voter", "[control][S-45][P-3]") {
    Loop loop{settings(), {peer(peer_b, peers::Health::stalled), peer(peer_c, peers::Health::stalled)}};
    promote_sick(loop, FaultClass::hard);
    loop.climb_to_start();
    loop.answer("start", Done{});
    for (int i = 0; i < 29; ++i) {
        loop.give(HeadMoved{block(static_cast<std::uint64_t>(11 + i))});
        loop.pass(1s);
    }
    CHECK(loop.count_of("stop") == 0);
    loop.give(HeadMoved{block(40)});
    loop.pass(1s);
    CHECK(loop.is_flying("stop"));
    loop.answer("stop", Done{});
    CHECK(loop.is_flying("rank"));
}

TEST_CASE("a leader five blocks behind posts them in order and starts", "[control][S-46][P-1]") {
    Loop loop;
    loop.lead();
    loop.confirm(block(10), BlockNumber{3});
    loop.answer("head", HeadIs{block(5)});
    for (std::uint64_t number = 6; number <= 10; ++number) {
        CHECK(std::get<PostPayload>(loop.flying("post").task).number == BlockNumber{number});
        loop.answer("post", Done{});
        loop.answer("head", HeadIs{block(number - 1)});  // not inserted yet
        loop.pass(50ms);
        loop.answer("head", HeadIs{block(number)});
    }
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, true, true});
    CHECK(loop.count_of("confirm") == 2);  // the start stands on a head confirmed after the repair
}

TEST_CASE("a leader behind without a ring hands over to a voter that has the head", "[control][S-46][P-1]") {
    Loop loop{settings(), {silent_peer(peer_b), peer(peer_c)}};
    loop.lead();
    const auto began = loop.now;
    while (!loop.is_flying("transfer") && loop.now < began + 60s) {
        if (loop.is_flying("confirm")) loop.confirm(block(10), std::nullopt);
        if (loop.is_flying("head")) loop.answer("head", HeadIs{block(5)});
        if (!loop.is_flying("transfer")) loop.pass(10ms);
    }
    CHECK(loop.now - began >= 9s);
    CHECK(loop.now - began < 12s);
    CHECK(std::get<TransferLead>(loop.flying("transfer").task).target == peer_c);
    CHECK(loop.fact(step_failed, "err") == "unsafe head mismatch");
}

TEST_CASE("a sole voter that is sick finds no peer, and sequences again when its health returns",
          "[control][S-24][P-7]") {
    Loop loop{settings(), {}};
    loop.sequence();
    loop.judge(sick(FaultClass::hard));
    loop.answer("stop", Done{});
    for (int i = 0; i < 5; ++i) {
        if (loop.is_flying("rank")) loop.answer("rank", Ranked{});
        loop.fail("transfer", FailureKind::other, "cannot find peer");
        CHECK(loop.policy.situation().leads);
        loop.refreshed(false);
        loop.pass(2s);
    }
    if (loop.is_flying("rank")) loop.answer("rank", Ranked{});  // one more attempt is under way
    loop.fail("transfer", FailureKind::other, "cannot find peer");
    CHECK(loop.fact("failed to transfer leadership", "err") == "cannot find peer");
    loop.judge(well());
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, true, true});
}

TEST_CASE("a sole voter that is sick only because it does not sequence starts again by itself",
          "[control][S-24]") {
    Loop loop{settings(), {}};
    loop.sequence();
    loop.judge(sick(FaultClass::stale));
    loop.answer("stop", Done{});
    loop.answer("rank", Ranked{});
    loop.fail("transfer", FailureKind::other, "cannot find peer");
    loop.refreshed(false);
    loop.pass(50ms);
    loop.climb_to_start();
    loop.answer("start", Done{});
    CHECK(loop.triple() == Triple{true, false, true});
}
