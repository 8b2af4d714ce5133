// What the peers have to say about a start (conductor.md 5.5.7, 5.5.8).
#include "tests/unit/control/climb.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

peers::Row overridden(const ServerId& id) {
    auto row = peer(id);
    row.status.overridden = peers::Says::yes;
    return row;
}

}  // namespace

TEST_CASE("no start while another member is overridden, voter or not", "[control][ladder][s5.5.8][S-32]") {
    auto row = overridden(peer_c);
    row.member.voter = GENERATE(true, false);
    Climb climb{{}, {peer(peer_b), row}};
    climb.waived = GENERATE(true, false);
    climb.begin();
    CHECK(climb.refusal().why == StartRefusal::peer_overridden);
    CHECK(climb.refusal().who == std::vector<ServerId>{peer_c});
    CHECK(climb.refusal().hold);
}

TEST_CASE("an override that is learnt during the climb still holds the start back",
          "[control][ladder][s5.5.8]") {
    Climb climb;
    climb.begin();
    climb.answer(Confirmed{Term{5}, block(10), BlockNumber{1}});
    climb.view.rows[1] = overridden(peer_c);
    climb.answer(HeadIs{block(10)});
    CHECK(climb.refusal().why == StartRefusal::peer_overridden);
}

TEST_CASE("no start before the first poll of the peers has ended, answered or not",
          "[control][ladder][s5.5.8]") {
    auto row = silent_peer(peer_c);
    row.asked = false;
    Climb climb{{}, {peer(peer_b), row}};
    climb.begin();
    CHECK(climb.refusal().why == StartRefusal::no_first_poll);
    climb.view.rows[1].asked = true;
    climb.compare(block(10), block(10));
    CHECK(climb.asks<StartSequencer>());
}

TEST_CASE("a start that goes on without a member's word names that member, once a reign",
          "[control][ladder][s1.7.4][S-65]") {
    Climb climb{{}, {peer(peer_b), silent_peer(peer_c)}};
    const auto warnings = [&] {
        return std::count_if(climb.lines.begin(), climb.lines.end(), [](const Line& line) {
            return line.level == Level::warn && std::string{line.event} == "peers_unknown" &&
                   std::get<std::string>(line.facts[0].value) == "seq-2";
        });
    };
    climb.compare(block(10), block(10));
    CHECK(warnings() == 1);
    climb.fail();
    climb.compare(block(10), block(10));
    CHECK(warnings() == 1);
}

TEST_CASE("a voter above the replicated head is handed leadership, once", "[control][ladder][s5.5.8][S-32]") {
    auto sick_but_high = ahead(peer_c, 60);
    sick_but_high.status.health = peers::Health::unhealthy;  // its chain stands still
    Climb climb{{}, {ahead(peer_b, 55), sick_but_high}};
    climb.compare(block(10), block(10));
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_c});
    climb.compare(block(10), block(10));  // it has come back
    CHECK(climb.refusal().why == StartRefusal::peer_ahead);
    CHECK(climb.refusal().alarm);
    climb.waived = true;
    climb.compare(block(10), block(10));
    CHECK(climb.start_head() == block(10).hash);
}

TEST_CASE("a voter above the replicated head that is not known to be unpaused holds the start back",
          "[control][ladder][s5.5.8]") {
    auto row = ahead(peer_c, 60);
    row.status.paused = GENERATE(peers::Says::yes, peers::Says::unknown);
    Climb climb{{}, {peer(peer_b), row}};
    climb.compare(block(10), block(10));
    CHECK(climb.refusal().why == StartRefusal::peer_ahead);
}

TEST_CASE("a node as high as the highest voter brings its own head in", "[control][ladder][s5.5.8]") {
    Climb climb{{}, {peer(peer_b), ahead(peer_c, 60)}};
    climb.compare(block(10), block(60));
    CHECK(climb.asks<AskBlock>());
}

TEST_CASE("an empty group starts from the leader's head when every voter has answered",
          "[control][ladder][s5.5.7][S-5]") {
    Climb climb{{}, GENERATE(std::vector<peers::Row>{}, std::vector{ahead(peer_b, 7), ahead(peer_c, 6)})};
    climb.compare(std::nullopt, block(7));
    CHECK(climb.start_head() == block(7).hash);
}

TEST_CASE("an empty group does not start from the leader's head while a voter is silent",
          "[control][ladder][s5.5.7][S-66]") {
    auto row = ahead(peer_c, 6);
    SECTION("as a whole") {
        row = silent_peer(peer_c);
    }
    SECTION("about its head") {
        row.status.head.reset();
    }
    SECTION("about production") {
        row.status.active = peers::Says::unknown;
    }
    SECTION("about override") {
        row.status.overridden = peers::Says::unknown;
    }
    Climb climb{{}, {ahead(peer_b, 7), row}};
    climb.compare(std::nullopt, block(7));
    CHECK(climb.refusal().why == StartRefusal::no_unsafe_head);
    CHECK(climb.refusal().text == "no unsafe head");
    CHECK(climb.refusal().alarm);
    CHECK(climb.refusal().who == std::vector<ServerId>{peer_c});
    climb.waived = true;
    climb.compare(std::nullopt, block(7));
    CHECK(climb.start_head() == block(7).hash);
}

TEST_CASE("an empty group gives leadership to the highest voter", "[control][ladder][s5.5.7][S-66]") {
    Climb climb{{}, {ahead(peer_b, 8), ahead(peer_c, 9)}};
    climb.compare(std::nullopt, block(7));
    CHECK(climb.handed_to() == std::vector<ServerId>{peer_c});
}

TEST_CASE("an empty group does not start beside an active sequencer, waived or not",
          "[control][ladder][s5.5.7][S-66]") {
    auto row = ahead(peer_c, 6);
    row.status.active = peers::Says::yes;
    Climb climb{{}, {ahead(peer_b, 7), row}};
    climb.waived = GENERATE(true, false);
    climb.compare(std::nullopt, block(7));
    CHECK(climb.refusal().why == StartRefusal::peer_active);
    CHECK(climb.refusal().text == "no unsafe head");
}

TEST_CASE("an empty group does not choose between two blocks of one number", "[control][ladder][s5.5.7]") {
    auto row = peer(peer_b);
    row.status.head = Head{BlockNumber{7}, hash(99)};
    Climb climb{{}, {row}};
    climb.waived = GENERATE(true, false);
    climb.compare(std::nullopt, block(7));
    CHECK(climb.refusal().why == StartRefusal::no_unsafe_head);
}

TEST_CASE("an empty group does not start from a node that knows no block", "[control][ladder][s5.5.7]") {
    Climb climb{{}, {}};
    climb.compare(std::nullopt, Head{});
    CHECK(climb.refusal().why == StartRefusal::no_unsafe_head);
}

TEST_CASE("a payload that appears while an empty group is asked is confirmed before the start",
          "[control][ladder][fresh-start]") {
    Climb climb{{}, {}};
    climb.begin();
    climb.answer(Confirmed{Term{5}, std::nullopt, std::nullopt});
    climb.newest = block(11);
    climb.answer(HeadIs{block(10)});
    CHECK(climb.asks<ConfirmLead>());
}
