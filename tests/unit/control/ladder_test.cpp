// The start ladder, rung by rung (conductor.md 5.5), and every refusal once.
#include "core/control/ladder.hpp"

#include "tests/unit/control/climb.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

LadderSettings go_ladder() {
    return go_settings().ladder;
}

}  // namespace

TEST_CASE("equal heads start on the replicated hash", "[control][ladder][s5.5]") {
    Climb climb{GENERATE(LadderSettings{}, go_ladder())};
    climb.compare(block(10), block(10));
    CHECK(climb.start_head() == block(10).hash);
    climb.answer(Done{true, {}});
    CHECK(std::get<Climbed>(climb.rung).already);
}

TEST_CASE("no start without confirmed leadership", "[control][ladder][I-2]") {
    Climb climb;
    climb.begin();
    climb.fail(FailureKind::not_leader, "node is not the leader");
    CHECK(climb.refusal().why == StartRefusal::unconfirmed);
    CHECK(climb.refusal().text ==
          "unable to retrieve unsafe head from consensus: failed to apply barrier: node is not the leader");
}

TEST_CASE("leadership confirmed in another term is not ours", "[control][ladder][I-2]") {
    Climb climb;
    climb.begin();
    climb.answer(Confirmed{Term{4}, block(10), BlockNumber{1}});
    CHECK(climb.refusal().why == StartRefusal::unconfirmed);
}

TEST_CASE("a node that does not tell its head is not started", "[control][ladder][s5.5]") {
    Climb climb;
    climb.begin();
    climb.answer(Confirmed{Term{5}, block(10), BlockNumber{1}});
    climb.fail();
    CHECK(climb.refusal().why == StartRefusal::head_unreadable);
    CHECK(climb.refusal().text ==
          "failed to get latest unsafe block from EL during compareUnsafeHead phase: boom");
}

TEST_CASE("a gap within the depth is closed in ascending order", "[control][ladder][s5.5.4]") {
    const auto gap = GENERATE(1U, 2U, 31U, 32U);
    Climb climb;
    climb.compare(block(100), block(100 - gap));
    for (auto number = 101 - gap; number <= 100; ++number) {
        REQUIRE(climb.asks<PostPayload>());
        CHECK(std::get<PostPayload>(std::get<Task>(climb.rung)).number == BlockNumber{number});
        climb.answer(Done{});
        climb.answer(HeadIs{block(number)});
    }
    REQUIRE(climb.asks<ConfirmLead>());  // not before leadership and head are confirmed once more
    climb.answer(Confirmed{Term{5}, block(100), BlockNumber{1}});
    climb.answer(HeadIs{block(100)});
    CHECK(climb.start_head() == block(100).hash);
}

TEST_CASE("a node that catches up by gossip while we post is not posted what it has",
          "[control][ladder][s5.5.4]") {
    Climb climb;
    climb.compare(block(10), block(5));
    climb.answer(Done{});
    climb.answer(HeadIs{block(9)});
    CHECK(std::get<PostPayload>(std::get<Task>(climb.rung)).number == BlockNumber{10});
}

TEST_CASE("a payload that does not become head within 2 s is a mismatch", "[control][ladder][s5.5.4]") {
    Climb climb;
    climb.compare(block(10), block(9));
    climb.answer(Done{});
    const auto posted = climb.now;
    while (climb.asks<AskHead>()) {
        if (climb.now == posted)
            climb.fail();  // a failed look is only a look
        else
            climb.answer(HeadIs{block(9)});
        if (const auto* wait = std::get_if<WaitUntil>(&climb.rung)) {
            climb.now = wait->when;
            climb.take(climb.ladder.waited(climb.now, climb.ground()));
        }
    }
    CHECK(climb.now - posted == 2s);
    CHECK(climb.refusal().why == StartRefusal::not_inserted);
    CHECK(climb.refusal().text == "unsafe head mismatch");
}

TEST_CASE("a failed post is told as the node told it", "[control][ladder][s5.5]") {
    Climb climb;
    climb.compare(block(10), block(9));
    climb.fail(FailureKind::timed_out, "Post \"URL\": context deadline exceeded");
    CHECK(climb.refusal().why == StartRefusal::post_failed);
    CHECK(climb.refusal().text == "Post \"URL\": context deadline exceeded");
}

TEST_CASE("a replicated payload with a bad hash is an alarm", "[control][ladder][s8.4]") {
    Climb climb;
    climb.compare(block(10), block(9));
    climb.fail(FailureKind::refused, "payload has bad block hash: A, actual block hash is: B");
    CHECK(climb.refusal().why == StartRefusal::payload_corrupt);
    CHECK(climb.refusal().alarm);
}

TEST_CASE("a payload too large to post moves leadership at once to a voter that has the head",
          "[control][ladder][S-75]") {
    Climb climb{{}, {ahead(peer_b, 9), ahead(peer_c, 10)}};
    climb.compare(block(10), block(9));
    climb.fail(FailureKind::refused, "413 Request Entity Too Large");
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_c});
}

TEST_CASE("a payload too large to post waits for gossip with the alarm on where no voter has the head",
          "[control][ladder][S-75]") {
    Climb climb{{}, {ahead(peer_b, 9), silent_peer(peer_c)}};
    climb.compare(block(10), block(9));
    climb.fail(FailureKind::refused, "413 Request Entity Too Large");
    CHECK(climb.refusal().why == StartRefusal::post_too_large);
    CHECK(climb.refusal().alarm);
    climb.compare(block(10), block(9));
    CHECK(climb.refusal().why == StartRefusal::post_too_large);  // it is not posted a second time
    climb.compare(block(10), block(10));
    CHECK(climb.start_head() == block(10).hash);
}

TEST_CASE("a gap beyond depth or ring is left to gossip, and after the catch-up time to another voter",
          "[control][ladder][s5.5.4][P-1]") {
    const bool deep = GENERATE(true, false);
    Climb climb{{}, {ahead(peer_b, 50), silent_peer(peer_c)}};
    const auto look = [&] { climb.compare(block(50), block(deep ? 17 : 45), BlockNumber{deep ? 1U : 47U}); };
    look();
    CHECK(climb.refusal().why == StartRefusal::behind);
    CHECK_FALSE(climb.refusal().alarm);
    climb.now += 8999ms;
    look();
    CHECK(climb.refusal().why == StartRefusal::behind);
    climb.now += 1ms;
    look();
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_b});
    look();  // leadership has come back: the same voter is not asked again for 30 s
    CHECK(climb.refusal().alarm);
    climb.now += 30s;
    look();
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_b});
}

TEST_CASE("where no voter has the head, leadership goes after the catch-up time to the nearest that can be fed",
          "[control][ladder][s5.5.4][P-1]") {
    // One who lacks the head looks sick once the chain stands still.
    auto nearest = ahead(peer_c, 49);
    nearest.status.health = peers::Health::unhealthy;
    Climb climb{{}, {ahead(peer_b, 18), nearest}};
    climb.compare(block(50), block(10));
    CHECK(climb.refusal().why == StartRefusal::behind);
    climb.now += 9s;
    climb.compare(block(50), block(10));
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_c, peer_b});
    climb.compare(block(50), block(10));  // leadership has come back
    CHECK(climb.refusal().alarm);
}

TEST_CASE("a voter that has the head goes before one that is near it", "[control][ladder][s5.5.4]") {
    Climb climb{{}, {ahead(peer_b, 49), ahead(peer_c, 50)}};
    climb.compare(block(50), block(10));
    climb.now += 9s;
    climb.compare(block(50), block(10));
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_c});
}

TEST_CASE("a voter near the head is handed leadership only if it is known to be unpaused and not unready",
          "[control][ladder][s1.7.4]") {
    auto row = ahead(peer_b, 49);
    SECTION("paused") {
        row.status.paused = peers::Says::yes;
    }
    SECTION("paused or not, who knows") {
        row.status.paused = peers::Says::unknown;
    }
    SECTION("not ready") {
        row.status.ready = peers::Says::no;
    }
    SECTION("without a vote") {
        row.member.voter = false;
    }
    Climb climb{{}, {row}};
    climb.compare(block(50), block(10));
    climb.now += 60s;
    climb.compare(block(50), block(10));
    CHECK(climb.refusal().why == StartRefusal::behind);
}

TEST_CASE("a payload too large to post is not for a voter that lacks it either", "[control][ladder][S-75]") {
    Climb climb{{}, {ahead(peer_b, 48), ahead(peer_c, 47)}};
    climb.compare(block(50), block(46));
    climb.answer(Done{});
    climb.answer(HeadIs{block(47)});
    climb.fail(FailureKind::refused, "413 Request Entity Too Large");
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_b});
}

TEST_CASE("leadership is never handed to a voter that is not known to have the head and to be fit",
          "[control][ladder][s1.7.4]") {
    auto row = peer(peer_b);
    SECTION("unknown") {
        row = silent_peer(peer_b);
    }
    SECTION("no nearer to it than we are") {
        row = ahead(peer_b, 10);
    }
    SECTION("nearer, and too far from it to be fed") {
        row = ahead(peer_b, 17);
    }
    SECTION("another block of that number") {
        row.status.head = Head{BlockNumber{50}, hash(1)};
    }
    SECTION("paused") {
        row = ahead(peer_b, 50);
        row.status.paused = peers::Says::yes;
    }
    SECTION("sick") {
        row = ahead(peer_b, 50);
        row.status.health = peers::Health::unhealthy;
    }
    Climb climb{{}, {row}};
    climb.compare(block(50), block(10));
    climb.now += 60s;
    climb.compare(block(50), block(10));
    CHECK(climb.refusal().why == StartRefusal::behind);
    CHECK(climb.refusal().alarm);
}

TEST_CASE("a node ahead of the replicated head has its head committed before the start",
          "[control][ladder][s5.5.4][P-50]") {
    Climb climb;
    climb.compare(block(10), block(60));
    REQUIRE(climb.asks<AskBlock>());
    CHECK(std::get<AskBlock>(std::get<Task>(climb.rung)).number == BlockNumber{10});
    climb.answer(HeadIs{block(10)});
    CHECK(std::get<FetchPayload>(std::get<Task>(climb.rung)).block == block(60));
    climb.answer(Done{});
    CHECK(std::get<CommitPayload>(std::get<Task>(climb.rung)).block == block(60));
    climb.answer(Done{});
    REQUIRE(climb.asks<ConfirmLead>());
    climb.answer(Confirmed{Term{5}, block(60), BlockNumber{60}});
    climb.answer(HeadIs{block(60)});
    CHECK(climb.start_head() == block(60).hash);
}

TEST_CASE("a node ahead whose payload cannot be had stays stopped, with an alarm",
          "[control][ladder][s5.5.4][S-65]") {
    Climb climb;
    climb.compare(block(10), block(60));
    climb.answer(HeadIs{block(10)});
    climb.fail(FailureKind::unsupported, "block hash does not match");
    CHECK(climb.refusal().why == StartRefusal::payload_unavailable);
    CHECK(climb.refusal().alarm);
}

TEST_CASE("a commit of the local head that fails starts nothing", "[control][ladder][s5.5.4]") {
    Climb climb;
    climb.compare(block(10), block(60));
    climb.answer(HeadIs{block(10)});
    climb.answer(Done{});
    climb.fail(FailureKind::not_leader, "node is not the leader");
    CHECK(climb.refusal().why == StartRefusal::commit_failed);
}

TEST_CASE("an ancestor that cannot be read is no fork", "[control][ladder][s5.5.4]") {
    Climb climb;
    climb.compare(block(10), block(60));
    climb.fail(FailureKind::timed_out);
    CHECK(climb.refusal().why == StartRefusal::head_unreadable);
    CHECK_FALSE(climb.refusal().alarm);
}

TEST_CASE("another branch is never rolled back: alarm, and a transfer only where that is wanted",
          "[control][ladder][s5.5.4]") {
    const auto on_fork = GENERATE(OnFork::off, OnFork::transfer);
    LadderSettings settings;
    settings.on_fork = on_fork;
    Climb climb{settings, {silent_peer(peer_b), ahead(peer_c, 10)}};
    const auto where = GENERATE(0, 1, 2);
    if (where == 0) {
        climb.compare(block(10), Head{BlockNumber{10}, hash(99)});
    } else {
        climb.compare(block(10), block(60));
        if (where == 1)
            climb.answer(HeadIs{Head{BlockNumber{10}, hash(99)}});
        else
            climb.fail(FailureKind::not_found);
    }
    if (on_fork == OnFork::transfer) {
        CHECK(climb.handed_to() == std::vector<ServerId>{peer_c});
    } else {
        CHECK(climb.refusal().why == StartRefusal::fork);
        CHECK(climb.refusal().alarm);
        CHECK(climb.refusal().text == "unsafe head mismatch");
    }
}

TEST_CASE("with compat=go only a gap of exactly one is repaired, and the start follows at once",
          "[control][ladder][s5.5][S-74]") {
    Climb climb{go_ladder()};
    climb.compare(block(10), block(9), std::nullopt);
    REQUIRE(climb.asks<PostPayload>());
    climb.answer(Done{});
    CHECK(climb.start_head() == block(10).hash);

    climb.compare(block(10), GENERATE(block(8), block(11), Head{BlockNumber{10}, hash(99)}));
    CHECK(climb.refusal().text == "unsafe head mismatch");
    climb.begin();
    climb.answer(Confirmed{Term{5}, std::nullopt, std::nullopt});
    CHECK(climb.refusal().text == "no unsafe head");
}

TEST_CASE("a refused start is certain or not, by what the node said", "[control][ladder][s5.5][s8.4]") {
    Climb climb;
    climb.compare(block(10), block(10));
    SECTION("a node that said no has not started") {
        climb.fail(FailureKind::remote_error, "sequencer is not the leader, aborting");
        CHECK_FALSE(climb.refusal().outcome_unknown);
        CHECK(climb.refusal().text == "failed to start sequencer: sequencer is not the leader, aborting");
    }
    SECTION("a node that fell silent may have") {
        climb.fail(GENERATE(FailureKind::timed_out, FailureKind::unreachable, FailureKind::other));
        CHECK(climb.refusal().outcome_unknown);
    }
    SECTION("what only an operator can change is an alarm") {
        climb.fail(FailureKind::bad_config, "sequencer is not enabled");
        CHECK(climb.refusal().alarm);
    }
    CHECK(climb.refusal().why == StartRefusal::start_failed);
}

TEST_CASE("a head that moved since it was confirmed is confirmed again before the start",
          "[control][ladder][fresh-start]") {
    Climb climb;
    climb.begin();
    climb.answer(Confirmed{Term{5}, block(10), BlockNumber{1}});
    climb.newest = block(11);
    climb.answer(HeadIs{block(10)});
    REQUIRE(climb.asks<ConfirmLead>());
    climb.answer(Confirmed{Term{5}, block(11), BlockNumber{1}});
    climb.answer(HeadIs{block(10)});
    CHECK(climb.asks<PostPayload>());
}
