// A leader of three: replication, commit, lease, reads, and leaving in time (raft-wire 5.7-5.9, 5.17, 8.1).
#include "leader_fixture.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

TEST_CASE("a leader that cannot read an entry which it has not applied leads no more, and is fed it again",
          "[consensus][leader][corrupt]") {
    Node node{'a', stored("abc", {1, 1})};
    run(node, win(node), "bc", 2);
    REQUIRE(node.raft.leads(node.now));
    const auto out = node.step(Unreadable{LogIndex{2}});
    REQUIRE(out.stepped_down);
    CHECK(std::string{out.stepped_down->why} == "an entry of the log cannot be read");
    CHECK(node.raft.role() == Role::follower);
    CHECK(sent<VoteRequest>(node.after(9s)).empty());

    AppendRequest again;
    again.term = Term{3};
    again.prev = at(1, 1);
    again.first = LogIndex{2};
    again.count = 1;
    again.entries = {entry(1, 2)};
    CHECK(only<AppendReply>(node.receive('b', again)).success);
    node.persist();
    CHECK(sent<VoteRequest>(node.wake()).size() == 2);
}

TEST_CASE("a leader that has applied what it cannot read leads on, and sends the snapshot instead",
          "[consensus][leader][corrupt][snapshot]") {
    Node node{'a', stored("abc", {1, 1})};
    run(node, win(node), "b", 2);
    node.step(Applied{node.raft.commit_index(), true});
    const auto out = node.step(Unreadable{LogIndex{2}});
    CHECK_FALSE(out.stepped_down);
    CHECK(out.write.value().snapshot.value().first_kept == LogIndex{3});
    CHECK(node.raft.first_index() == LogIndex{3});
    CHECK(node.raft.leads(node.now));
}

TEST_CASE("the Noop comes first, and nothing of an older term is committed by counting",
          "[consensus][leader][C-49]") {
    auto settings = settings_of('a');
    settings.max_append_entries = 1;
    Node node{settings, stored("abc", {1, 1})};
    const auto lead = win(node);
    const auto& noop = lead.write.value().entries.at(0);
    CHECK(noop.type == EntryType::noop);
    CHECK(noop.data.empty());
    CHECK(noop.position == at(2, 4));

    // Entry 2 is on a quorum of disks, and that alone commits nothing.
    node.persist();
    const auto next = node.receive('b', refused(2, 1), to(lead, 'b', false).first.exchange);
    CHECK(to(next, 'b', false).second.first == LogIndex{2});
    CHECK(to(next, 'b', false).second.count == 1);
    auto rest = node.receive('b', taken(2, 1), to(next, 'b', false).first.exchange);
    CHECK_FALSE(rest.commit);
    for (std::uint64_t index = 3; index <= 4; ++index) {
        CHECK(node.raft.commit_index() == LogIndex{});
        for (const auto& [envelope, append] : sent<AppendRequest>(rest))
            if (append.first == LogIndex{index}) node.receive('b', taken(2, index - 1), envelope.exchange);
    }
    CHECK(node.raft.commit_index() == LogIndex{4});
}

TEST_CASE("heartbeats have exactly the shape that Go answers beside its main loop",
          "[consensus][leader][C-11]") {
    Node node{'a', stored("abc", {1, 1})};
    const auto beat = to(win(node), 'b', true).second;
    CHECK(beat.prev == Position{});
    CHECK(beat.count == 0);
    CHECK(beat.commit == LogIndex{});
    CHECK(beat.term == Term{2});
}

TEST_CASE("heartbeats leave every T/10 to 2T/10, one at a time", "[consensus][leader][C-56]") {
    Node node{'a', stored("abc")};
    auto last = to(win(node), 'b', true);
    for (int i = 0; i < 15; ++i) {
        node.receive('b', taken(2, 1), last.first.exchange);
        const auto before = node.now;
        Output out;
        do {
            out = node.wake();
            serve(node, out, "c");
        } while (!goes(out, 'b', true));
        last = to(out, 'b', true);
        CHECK(node.now - before <= 200ms);
    }
}

TEST_CASE("two heartbeats fit into a lease, and no more than Go sends leave for a short one",
          "[consensus][leader][C-56]") {
    const auto [lease, apart] =
        GENERATE(table<Duration, Duration>({{500ms, 200ms}, {400ms, 160ms}, {200ms, 100ms}}));
    auto settings = settings_of('a');
    settings.lease_timeout = lease;
    Node node{settings, stored("abc")};
    settle(node, win(node), "bc");
    std::vector<Instant> beats;
    while (beats.size() < 8) {
        const auto out = node.wake();
        if (goes(out, 'b', true)) beats.push_back(node.now);
        settle(node, out, "bc");
    }
    for (std::size_t i = 3; i < beats.size(); ++i) CHECK(beats[i] - beats[i - 1] == apart);
}

TEST_CASE("heartbeats leave in rounds, and a member that answered late is back in step soon",
          "[consensus][leader][C-56]") {
    Node node{'a', stored("abc")};
    auto out = win(node);
    auto held = to(out, 'b', true).first.exchange;
    settle(node, out, "c");
    for (int i = 0; i < 4; ++i) settle(node, node.wake(), "c");  // c has had rounds of its own meanwhile
    settle(node, node.receive('b', taken(2, 1), held), "bc");
    int rounds = 0;
    int together = 0;
    for (int i = 0; i < 60; ++i) {
        out = node.wake();
        const bool both = goes(out, 'b', true) && goes(out, 'c', true);
        if (goes(out, 'b', true) || goes(out, 'c', true)) ++rounds;
        if (both) ++together;
        settle(node, out, "bc");
    }
    CHECK(rounds > 10);
    CHECK(together >= rounds - 6);
}

TEST_CASE("two disks commit while the leader's own is slow", "[consensus][leader][commit]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    auto out = node.step(command(1));  // never persisted here
    CHECK_FALSE(node.raft.commit_index() == LogIndex{3});
    node.receive('b', taken(2, 2), to(out, 'b', false).first.exchange);
    CHECK(node.raft.commit_index() == LogIndex{2});
    node.receive('c', taken(2, 2), to(out, 'c', false).first.exchange);
    CHECK(node.raft.commit_index() == LogIndex{3});
}

TEST_CASE("a new commit index is announced at once, and an idle leader then announces nothing",
          "[consensus][leader][C-57]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    const auto out = node.step(command(1));
    node.persist();
    const auto commit = node.receive('b', taken(2, 2), to(out, 'b', false).first.exchange);
    REQUIRE(commit.commit == LogIndex{3});
    CHECK(to(commit, 'b', false).second.commit == LogIndex{3});
    CHECK(to(commit, 'b', false).second.count == 0);
}

TEST_CASE("at most two requests are on their way to one member, and a batch is bounded by octets and count",
          "[consensus][leader][batch]") {
    auto settings = settings_of('a');
    settings.max_append_entries = 4;
    settings.max_append_octets = 100;
    Node node{settings, stored("abc")};
    settle(node, win(node), "bc");
    auto first = node.step(command(1, std::string(300, 'x')));  // larger than the bound: alone
    CHECK(to(first, 'b', false).second.count == 1);
    auto second = node.step(command(2, std::string(40, 'x')));
    CHECK(goes(second, 'b', false));
    for (std::uint64_t i = 3; i < 9; ++i)
        CHECK_FALSE(goes(node.step(command(i, std::string(40, 'x'))), 'b', false));
    auto third = node.receive('b', taken(2, 2), to(first, 'b', false).first.exchange);
    CHECK(to(third, 'b', false).second.first == LogIndex{5});
    CHECK(to(third, 'b', false).second.count == 2);

    for (std::uint64_t i = 9; i < 20; ++i) node.step(command(i, "x"));
    node.receive('b', taken(2, 3), to(second, 'b', false).first.exchange);
    auto last = node.receive('b', taken(2, 4), to(third, 'b', false).first.exchange);
    CHECK(to(last, 'b', false).second.count == 4);
}

TEST_CASE("a refusal moves the search to the hint, a lost request repeats it after a pause",
          "[consensus][leader][C-52]") {
    Node node{'a', stored("abc", {1, 1, 1, 1, 1, 1})};
    const auto lead = win(node);
    auto next = node.receive('b', refused(2, 3), to(lead, 'b', false).first.exchange);
    CHECK(to(next, 'b', false).second.prev == at(1, 3));
    CHECK(to(next, 'b', false).second.count == 5);

    const auto lost = node.step(Unanswered{id_of('b'), to(next, 'b', false).first.exchange});
    CHECK_FALSE(goes(lost, 'b', false));
    Output again;
    const auto before = node.now;
    do again = node.wake();
    while (!goes(again, 'b', false));
    CHECK(node.now - before <= 20ms);
    CHECK(to(again, 'b', false).second.prev == at(1, 3));
    node.receive('b', taken(2, 3), to(again, 'b', false).first.exchange);
    node.persist();
    CHECK(node.raft.commit_index() == LogIndex{8});
}

TEST_CASE("a leader with an answer outstanding sleeps", "[consensus][leader][idle]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    node.step(command(1));  // never answered
    for (int wakes = 0; wakes < 100; ++wakes) {
        const auto before = node.now;
        serve(node, node.wake(), "");
        if (node.raft.role() != Role::leader) break;
        CHECK(node.now > before);
    }
}

TEST_CASE("the pause between lost requests never exceeds T/2", "[consensus][leader]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    auto out = node.step(command(1));
    Duration longest{};
    auto failed = node.now;
    for (int i = 0; i < 15; ++i) {
        node.step(Unanswered{id_of('b'), to(out, 'b', false).first.exchange});
        failed = node.now;
        int wakes = 0;
        do {
            out = node.wake();
            serve(node, out, "c");
            REQUIRE(++wakes < 100);
            REQUIRE(node.raft.role() == Role::leader);
        } while (!goes(out, 'b', false));
        longest = std::max(longest, node.now - failed);
    }
    CHECK(longest == 500ms);
}

TEST_CASE("a larger term in any answer ends the reign", "[consensus][leader][C-53]") {
    const bool heartbeat = GENERATE(true, false);
    Node node{'a', stored("abc")};
    const auto lead = win(node);
    settle(node, lead, "c");
    const auto out = node.receive('b', AppendReply{Term{9}, LogIndex{1}, false, false},
                                  to(lead, 'b', heartbeat).first.exchange);
    REQUIRE(out.stepped_down);
    CHECK(out.stepped_down->term == Term{2});
    CHECK(node.raft.term() == Term{9});
    CHECK(node.raft.role() == Role::follower);
}

TEST_CASE("the lease runs from when the answered request left, not from the answer",
          "[consensus][leader][C-90]") {
    Node node{'a', stored("abc")};
    const auto lead = win(node);
    const auto left = node.now;
    node.persist();
    node.now += 300ms;
    node.receive('b', taken(2, 2), to(lead, 'b', false).first.exchange);
    CHECK(node.raft.leads(left + 499ms));
    CHECK_FALSE(node.raft.leads(left + 500ms));
}

TEST_CASE("without a quorum's answers the role is gone within L + 50 ms", "[consensus][leader][C-54]") {
    Node node{'a', stored("abc")};
    const auto lead = win(node);
    node.persist();
    node.receive('b', taken(2, 2), to(lead, 'b', false).first.exchange);
    const auto left = node.now;
    Output out;
    do out = node.wake();
    while (!out.stepped_down);
    CHECK(node.now - left >= 500ms);
    CHECK(node.now - left <= 550ms);
    CHECK(std::string{out.stepped_down->why} == "no contact with a quorum");
}

TEST_CASE("a leader that was stopped refuses the first thing it is asked", "[consensus][leader][C-90]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    CHECK(node.raft.leads(node.now));
    node.now += 10s;
    CHECK_FALSE(node.raft.leads(node.now));
    const auto out = node.step(command(1));
    CHECK(out.stepped_down);
    CHECK(out.refused.at(0).why == Refusal::not_leader);
}

TEST_CASE("a refusal keeps no lease: a member is patient only with a leader that it follows",
          "[consensus][lease]") {
    Node node{'a', stored("abc", {1, 1})};
    const auto lead = win(node);
    node.receive('b', refused(2, 1), to(lead, 'b', false).first.exchange);
    CHECK_FALSE(node.raft.leads(node.now));
}

TEST_CASE("a read is confirmed only by answers to what left after it", "[consensus][read][C-92]") {
    Node node{'a', stored("abcD")};
    settle(node, win(node), "bcd");
    Output beat;
    do beat = node.wake();
    while (!goes(beat, 'b', true));

    const auto asked = node.step(ReadAsked{Ask{5}});
    CHECK(asked.reads.empty());
    CHECK(node.receive('b', taken(2, 2), to(beat, 'b', true).first.exchange).reads.empty());  // left before
    const auto fresh = to(asked, 'b', true);
    CHECK(node.receive('b', refused(2, 2), fresh.first.exchange).reads.empty());
    if (goes(asked, 'd', true))
        CHECK(node.receive('d', taken(2, 2), to(asked, 'd', true).first.exchange).reads.empty());
    const auto ready = node.receive('c', taken(2, 2), to(asked, 'c', true).first.exchange);
    REQUIRE(ready.reads.size() == 1);
    CHECK(ready.reads[0].index == LogIndex{2});
}

TEST_CASE("reads that wait are refused when the lead is lost", "[consensus][read]") {
    Node node{'a', stored("abc")};
    const auto lead = win(node);
    node.step(ReadAsked{Ask{5}});
    const auto out =
        node.receive('b', AppendReply{Term{9}, LogIndex{1}, false, false}, to(lead, 'b', true).first.exchange);
    CHECK(out.refused.at(0).why == Refusal::leadership_lost);
}

TEST_CASE("heartbeats pass and entries do not: reconnect once, then step down and let others lead",
          "[consensus][leader][C-93][P-54]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    node.step(command(1, std::string(1'000'000, 'x')));
    node.persist();
    const auto start = node.now;
    std::optional<Duration> reconnected;
    Output out;
    do {
        out = node.wake();
        beats_only(node, out, "bc");
        if (!out.reconnect.empty()) {
            CHECK(out.reconnect.size() == 2);
            CHECK_FALSE(reconnected);
            reconnected = node.now - start;
        }
    } while (!out.stepped_down);
    REQUIRE(reconnected);
    CHECK(*reconnected >= 3s);
    CHECK(*reconnected <= 3050ms);
    CHECK(node.now - start <= 5100ms);
    CHECK(sent<VoteRequest>(node.wake()).empty());  // the hold-off
}

TEST_CASE("a member that lost what it acknowledged counts for nothing until it has caught up",
          "[consensus][leader][C-87]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    Output beat;
    do {
        beat = node.wake();
        serve(node, beat, "c");
    } while (!goes(beat, 'b', true));

    const auto alarm = node.receive('b', taken(2, 0), to(beat, 'b', true).first.exchange);
    CHECK(alarm.forgetful == std::vector{id_of('b')});
    REQUIRE(alarm.write);
    CHECK(*alarm.write->entries.at(0).configuration == members("aBc"));

    run(node, alarm, "bc", 40);
    CHECK(node.raft.latest_configuration() == members("abc"));
    CHECK(node.raft.commit_index() == node.raft.last().index);
}

TEST_CASE("an answer that was merely overtaken is no loss of memory", "[consensus][leader][C-87]") {
    Node node{'a', stored("abc")};
    settle(node, win(node), "bc");
    Output beat;
    do beat = node.wake();
    while (!goes(beat, 'b', true));
    const auto asked = node.step(command(1));
    node.receive('b', taken(2, 2), to(asked, 'b', false).first.exchange);
    CHECK(node.receive('b', taken(2, 2), to(beat, 'b', true).first.exchange).forgetful.empty());
}

TEST_CASE("a member behind the snapshot gets it, then what follows; one that kept a wrong tail is healed",
          "[consensus][leader][snapshot][C-51][C-59][C-65]") {
    auto state = stored("abc");
    state.entries.clear();
    state.snapshot = SnapshotMark{at(1, 10), members("abc"), LogIndex{1}, LogIndex{11}};
    state.snapshot_has_payload = true;
    Node node{'a', state};
    const auto lead = win(node);
    node.persist();
    const auto snap = node.receive('b', refused(2, 3), to(lead, 'b', false).first.exchange);
    const auto offered = only<SnapshotRequest>(snap);
    CHECK(offered.last == at(1, 10));
    CHECK(offered.configuration == members("abc"));

    const auto exchange = sent<SnapshotRequest>(snap).at(0).first.exchange;
    auto next = node.receive('b', SnapshotReply{Term{2}, true}, exchange);
    CHECK(to(next, 'b', false).second.prev == at(1, 10));
    SECTION("as it should be") {
        node.receive('b', taken(2, 10), to(next, 'b', false).first.exchange);
        CHECK(node.raft.commit_index() == LogIndex{11});
    }
    SECTION("#697: it took the snapshot and refuses what follows") {
        const auto heal = node.receive('b', refused(2, 14), to(next, 'b', false).first.exchange);
        const auto request = to(heal, 'b', false).second;
        CHECK(request.prev == Position{});
        CHECK(request.first == LogIndex{11});
        CHECK(request.count == 1);
        node.receive('b', taken(2, 14), to(heal, 'b', false).first.exchange);
        CHECK(node.raft.commit_index() == LogIndex{11});
    }
    SECTION("a refused snapshot is offered again after a pause") {
        Node other{'a', state};
        const auto first = win(other);
        const auto offer = other.receive('b', refused(2, 3), to(first, 'b', false).first.exchange);
        const auto failed =
            other.receive('b', ErrorReply{"short read"}, sent<SnapshotRequest>(offer).at(0).first.exchange);
        CHECK(sent<SnapshotRequest>(failed).empty());
        Output again;
        do again = other.wake();
        while (sent<SnapshotRequest>(again).empty());
        CHECK(sent<SnapshotRequest>(again).at(0).first.to == id_of('b'));
    }
}

TEST_CASE("a snapshot that stands for no head is not sent to who could not restore it",
          "[consensus][snapshot][C-60]") {
    auto state = stored("abc");
    state.entries.clear();
    state.snapshot = SnapshotMark{at(1, 10), members("abc"), LogIndex{1}, LogIndex{11}};
    auto settings = settings_of('a');
    settings.empty_snapshots = GENERATE(true, false);
    Node node{settings, state};
    const auto lead = win(node);
    const auto out = node.receive('b', refused(2, 3), to(lead, 'b', false).first.exchange);
    CHECK(sent<SnapshotRequest>(out).empty() != settings.empty_snapshots);
}
