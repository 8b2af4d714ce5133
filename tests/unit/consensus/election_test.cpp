// Patience, pre-vote, vote, and what makes a node hold back (raft-wire 5.2-5.5, 5.17.2, 8.1/11).
#include "fixtures.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

VoteRequest pre_vote(std::uint64_t term, Position last) {
    return {Ballot::pre_vote, Term{term}, last, false};
}

/// With the usual settings: 2E + L.
constexpr Duration muteness = 2500ms;

/// What a leader sends behind the entry at `after` of its own term.
AppendRequest feed(std::uint64_t term, std::uint64_t after, std::vector<Entry> entries, std::uint64_t commit) {
    AppendRequest request;
    request.term = Term{term};
    request.prev = after == 0 ? Position{} : at(term, after);
    request.first = LogIndex{after + 1};
    request.count = entries.size();
    request.entries = std::move(entries);
    request.commit = LogIndex{commit};
    return request;
}

}  // namespace

TEST_CASE("a follower campaigns between T and 3T after it last heard the leader",
          "[consensus][election][C-37]") {
    for (char seed = 'a'; seed < 'a' + 20; ++seed) {
        auto settings = settings_of('a');
        settings.seed = static_cast<std::uint64_t>(seed);
        Node node{settings, stored("abc")};
        node.after(700ms);
        node.receive('b', beat(2));
        const auto heard = node.now;
        const auto out = node.wake();
        CHECK(sent<VoteRequest>(out).size() == 2);
        CHECK(node.now - heard >= 1s);
        CHECK(node.now - heard <= 3s);
    }
}

TEST_CASE("a pre-vote names the next term and costs neither a write nor a term",
          "[consensus][election][C-33]") {
    Node node{'a', stored("abc", {1})};
    for (int round = 0; round < 40; ++round) {
        const auto out = node.wake();
        CHECK_FALSE(out.write);
        for (const auto& [envelope, ask] : sent<VoteRequest>(out)) {
            CHECK(ask.ballot == Ballot::pre_vote);
            CHECK(ask.term == Term{2});
            CHECK(ask.last == at(1, 2));
        }
        for (const auto& envelope : out.send_now) node.step(Unanswered{envelope.to, envelope.exchange});
    }
    CHECK(node.now - Instant{} > 140s);
    CHECK(node.raft.term() == Term{1});
}

TEST_CASE("nobody is asked for a vote before the own vote is on disk, and votes make a leader",
          "[consensus][election]") {
    Node node{'a', stored("abc")};
    const auto asked = node.wake();
    const auto won = node.answer('b', asked, VoteReply{Ballot::pre_vote, Term{2}, true});
    CHECK(node.raft.role() == Role::candidate);
    CHECK(sent<VoteRequest>(won).empty());
    REQUIRE(won.write);
    CHECK(won.write->hard_state == HardState{Term{2}, Term{2}, address_of('a')});

    const auto round = node.persist();
    CHECK(sent<VoteRequest>(round).size() == 2);
    const auto lead = node.answer('c', round, VoteReply{Ballot::vote, Term{2}, true});
    CHECK(node.raft.role() == Role::leader);
    CHECK(lead.write.value().entries.at(0).type == EntryType::noop);
}

TEST_CASE(
    "a vote is no lease: Elected waits for a quorum that has heard the new leader and holds its first entry",
    "[consensus][election][lease]") {
    Node node{'a', stored("abc")};
    node.answer('b', node.wake(), VoteReply{Ballot::pre_vote, Term{2}, true});
    const auto lead = node.answer('b', node.persist(), VoteReply{Ballot::vote, Term{2}, true});
    CHECK_FALSE(lead.elected);
    CHECK_FALSE(node.raft.leads(node.now));
    const auto beats = sent<AppendRequest>(lead);
    REQUIRE(beats.size() == 4);  // a heartbeat and an append to each
    CHECK(beats[0].second.heartbeat);
    CHECK_FALSE(node.persist().elected);
    CHECK_FALSE(
        node.receive('b', AppendReply{Term{2}, LogIndex{1}, true, false}, beats[0].first.exchange).elected);
    CHECK_FALSE(node.raft.leads(node.now));
    const auto& append = beats[1].first.to == id_of('b') ? beats[1] : beats[2];
    REQUIRE_FALSE(append.second.heartbeat);
    CHECK(node.receive('b', AppendReply{Term{2}, LogIndex{2}, true, false}, append.first.exchange).elected);
    CHECK(node.raft.leads(node.now));
}

TEST_CASE("a closed connection is a refusal, `unexpected command` is consent", "[consensus][election][C-34]") {
    Node node{'a', stored("abc")};
    const auto asked = node.wake();
    node.step(Unanswered{id_of('b'), asked.send_now[0].exchange});
    CHECK(node.raft.role() == Role::pre_candidate);
    node.answer('c', asked, ErrorReply{"something else"});
    CHECK(node.raft.role() == Role::pre_candidate);
    node.answer('c', node.wake(), ErrorReply{"unexpected command"});
    CHECK(node.raft.role() == Role::candidate);
}

TEST_CASE("a split vote is repeated soon, once no answer is out that could still win it",
          "[consensus][election]") {
    Node node{'a', stored("abc")};
    node.answer('b', node.wake(), VoteReply{Ballot::pre_vote, Term{2}, true});
    const auto round = node.persist();
    node.answer('b', round, VoteReply{Ballot::vote, Term{2}, false});
    CHECK(node.raft.next_deadline() - node.now >= 1s);
    const auto asked = sent<VoteRequest>(round);
    const auto other = asked[0].first.to == id_of('c') ? asked[0].first : asked[1].first;
    node.step(Unanswered{id_of('c'), other.exchange});
    CHECK(node.raft.next_deadline() - node.now >= 20ms);
    CHECK(node.raft.next_deadline() - node.now <= 220ms);

    const auto again = node.wake();  // with a pre-vote first, as ever
    REQUIRE(sent<VoteRequest>(again).size() == 2);
    CHECK(sent<VoteRequest>(again)[0].second.ballot == Ballot::pre_vote);
    node.answer('b', again, VoteReply{Ballot::pre_vote, Term{3}, false});
    node.answer('c', again, VoteReply{Ballot::pre_vote, Term{3}, false});
    CHECK(node.raft.next_deadline() - node.now >= 1s);  // a lost pre-vote waits
}

TEST_CASE("only a term beyond the one asked for ends a pre-vote round", "[consensus][election]") {
    Node node{'a', stored("abc")};
    const auto asked = node.wake();
    node.answer('b', asked, VoteReply{Ballot::pre_vote, Term{2}, false});
    CHECK(node.raft.term() == Term{1});
    node.answer('c', asked, VoteReply{Ballot::pre_vote, Term{7}, false});
    CHECK(node.raft.term() == Term{7});
    CHECK(node.raft.role() == Role::follower);
}

TEST_CASE("a stranger's vote is refused and its term ignored", "[consensus][election][C-24]") {
    Node node{'a', stored("abc")};
    const auto out = node.receive('z', vote(9, at(1, 1)));
    CHECK_FALSE(only<VoteReply>(out).granted);
    CHECK(only<VoteReply>(out).term == Term{1});
    CHECK(out.votes_refused.at(0).why == Verdict::unknown_member);
    CHECK_FALSE(out.write);
}

TEST_CASE("a known leader protects the term, the transfer flag lifts that",
          "[consensus][election][C-25][C-26][C-35]") {
    Node node{'a', stored("abc")};
    node.receive('b', beat(2));
    node.persist();
    const auto refused = node.receive('c', vote(5, at(2, 9)));
    CHECK(only<VoteReply>(refused).term == Term{2});
    CHECK(refused.votes_refused.at(0).why == Verdict::leader_alive);
    CHECK_FALSE(refused.write);

    const auto granted = node.receive('c', vote(5, at(2, 9), true));
    CHECK(only<VoteReply>(granted).granted);
    CHECK(granted.send_now.empty());
    REQUIRE(granted.send_when_durable.size() == 1);
    CHECK(granted.send_when_durable[0].kept_by == granted.write.value().ticket);
    CHECK(granted.write->hard_state == HardState{Term{5}, Term{5}, address_of('c')});
}

TEST_CASE("loyalty to a silent leader ends after T", "[consensus][election]") {
    Node node{'a', stored("abc")};
    node.receive('b', beat(2));
    node.after(999ms, StoreChanged{});
    CHECK_FALSE(only<VoteReply>(node.receive('c', pre_vote(3, at(2, 9)))).granted);
    node.after(1ms, StoreChanged{});
    CHECK(only<VoteReply>(node.receive('c', pre_vote(3, at(2, 9)))).granted);
}

TEST_CASE("a pre-vote moves no term, vote or timer, and echoes the term", "[consensus][election][C-31][C-32]") {
    Node node{'a', stored("abc", {1})};
    const auto before = node.raft.next_deadline();
    const auto granted = node.receive('b', pre_vote(2, at(1, 2)));
    CHECK(only<VoteReply>(granted).granted);
    CHECK(only<VoteReply>(granted).term == Term{2});
    const auto behind = node.receive('b', pre_vote(9, at(1, 1)));
    CHECK_FALSE(only<VoteReply>(behind).granted);
    CHECK(only<VoteReply>(behind).term == Term{9});
    CHECK_FALSE(behind.write);
    CHECK(node.raft.next_deadline() == before);
    CHECK(node.raft.term() == Term{1});
}

TEST_CASE("a repeated question gets the same answer without another write", "[consensus][election][C-28]") {
    Node node{'a', stored("abc")};
    CHECK(only<VoteReply>(node.receive('b', vote(2, at(1, 1)))).granted);
    node.persist();
    const auto again = node.receive('b', vote(2, at(0, 0)));
    CHECK(only<VoteReply>(again).granted);
    CHECK_FALSE(again.write);
    const auto other = node.receive('c', vote(2, at(9, 9)));
    CHECK(other.votes_refused.at(0).why == Verdict::already_voted);
}

TEST_CASE("a nonvoter's candidacy is refused, its term adopted", "[consensus][election][C-27]") {
    Node node{'a', stored("abC")};
    const auto out = node.receive('c', vote(4, at(1, 1)));
    CHECK_FALSE(only<VoteReply>(out).granted);
    CHECK(only<VoteReply>(out).term == Term{4});
    CHECK(out.send_now.empty());  // an answer that names a term waits for the disk to hold it
    CHECK(node.raft.term() == Term{4});
}

// Seeds 1148, 12137 and 12693 of tests/sim: an old configuration refused the only candidate there could be.
TEST_CASE("who is no voter here yet gets our vote if its log is newer, since that may be why",
          "[consensus][election][s5.4]") {
    const auto candidate = GENERATE('c', 'z');
    Node node{'a', stored("abC")};
    CHECK(only<VoteReply>(node.receive(candidate, pre_vote(2, at(1, 2)))).granted);
    CHECK(only<VoteReply>(node.receive(candidate, vote(2, at(1, 2)))).granted);
    node.persist();

    node.receive('b', beat(3));
    node.persist();
    const auto disturbs = node.receive(candidate, vote(9, at(9, 9)));
    CHECK(disturbs.votes_refused.at(0).why == Verdict::leader_alive);
    CHECK(node.raft.term() == Term{3});
}

TEST_CASE("without a vote or a configuration nobody ever campaigns", "[consensus][election][C-36]") {
    const auto names = GENERATE(as<std::string>{}, "", "bcA", "bc");
    Node node{'a', stored(names)};
    for (int i = 0; i < 20; ++i) CHECK(node.after(1s).send_now.empty());
    CHECK(node.raft.next_deadline() == Instant::max());
    CHECK(node.raft.role() == Role::follower);
}

TEST_CASE(
    "a leader whose host refuses connections is given L + 100 ms, and loyalty for L, until it is heard again",
    "[consensus][election][C-91]") {
    Node node{'a', stored("abc")};
    node.receive('b', beat(2));
    const auto heard = node.now;
    node.after(200ms, LeaderGone{});
    CHECK(node.raft.next_deadline() - heard >= 600ms);
    CHECK(node.raft.next_deadline() - heard <= 700ms);
    // It may live behind a host that refuses, and reports that it leads until its lease has run out.
    CHECK_FALSE(only<VoteReply>(node.receive('c', pre_vote(3, at(2, 9)))).granted);
    node.after(300ms, Tick{});
    CHECK(only<VoteReply>(node.receive('c', pre_vote(3, at(2, 9)))).granted);  // 500 ms after it was heard

    node.receive('b', beat(2));
    CHECK(node.raft.next_deadline() - node.now >= 1s);
    CHECK_FALSE(only<VoteReply>(node.receive('c', pre_vote(3, at(2, 9)))).granted);
}

TEST_CASE("a paused node waits 2T to 3T, never longer", "[consensus][election][C-37][P-2]") {
    Node node{'a', stored("abc")};
    node.receive('b', beat(2));
    const auto heard = node.now;
    node.step(EligibilityChanged{false, true, "paused"});
    CHECK(node.raft.next_deadline() - heard >= 2s);
    CHECK(node.raft.next_deadline() - heard <= 3s);
    node.step(EligibilityChanged{});
    CHECK(node.raft.next_deadline() - heard <= 2s);
}

TEST_CASE("a hold-off lets the first time-out pass and campaigns at the second", "[consensus][s5.17.2]") {
    Node node{'a', stored("abc")};
    node.answer('b', node.wake(), VoteReply{Ballot::pre_vote, Term{2}, true});
    node.answer('b', node.persist(), VoteReply{Ballot::vote, Term{2}, true});
    node.step(StoreChanged{StoreCondition::stalled});
    node.step(StoreChanged{StoreCondition::well});
    CHECK(sent<VoteRequest>(node.wake()).empty());
    CHECK(sent<VoteRequest>(node.wake()).size() == 2);
}

TEST_CASE("a held vote survives a restart and ends when a leader's whole log is stored",
          "[consensus][election][C-38][C-86]") {
    Node node{'a'};
    CHECK(only<VoteReply>(node.receive('z', pre_vote(1, {}))).granted);  // the bootstrap case
    const auto held = node.step(VoteHoldChanged{VoteHold::held});
    REQUIRE(held.write.value().hard_state);
    StoredState on_disk;
    on_disk.hard_state = *held.write->hard_state;

    Node again{'a', on_disk};
    CHECK(again.raft.vote_hold() == VoteHold::held);
    CHECK(again.step(Bootstrap{Ask{1}, members("a")}).refused.size() == 1);
    CHECK_FALSE(only<VoteReply>(again.receive('b', vote(3, at(2, 9)))).granted);
    CHECK_FALSE(only<VoteReply>(again.receive('b', pre_vote(4, at(2, 9)))).granted);

    again.after(muteness);
    again.receive('b', feed(4, 0, {configuration_entry(1, 1, "abc"), entry(4, 2)}, 2));
    again.persist();
    CHECK(again.raft.vote_hold() == VoteHold::held);  // more of it may be on its way
    again.receive('b', feed(4, 2, {}, 2));            // all of it is on the disk by now
    CHECK(again.raft.vote_hold() == VoteHold::none);
    CHECK(again.raft.term() == Term{4});
    again.persist();
    again.after(5s, StoreChanged{});
    CHECK_FALSE(only<VoteReply>(again.receive('c', vote(4, at(9, 9)))).granted);
    // Nor to that leader (seed 904551 of tests/sim): it may have given this very vote to another.
    CHECK_FALSE(only<VoteReply>(again.receive('b', vote(4, at(9, 9)))).granted);
    CHECK(only<VoteReply>(again.receive('c', vote(5, at(9, 9)))).granted);
}

// Seed 11149 of tests/sim: the snapshot stood for less than what this member had acknowledged.
TEST_CASE("neither a snapshot nor the commit index of an earlier reign ends the hold",
          "[consensus][election][s5.4.1]") {
    Node node{'a'};
    node.step(VoteHoldChanged{VoteHold::held});
    node.persist();
    node.after(muteness);
    SnapshotRequest snapshot;
    snapshot.term = Term{4};
    snapshot.last = at(3, 7);
    snapshot.configuration = members("abc");
    snapshot.configuration_index = LogIndex{1};
    CHECK(only<SnapshotReply>(node.receive('b', snapshot)).success);
    node.persist();
    CHECK(node.raft.vote_hold() == VoteHold::held);

    AppendRequest look = feed(4, 7, {}, 7);  // the whole log of a leader that has not committed its Noop
    look.prev = at(3, 7);
    CHECK(only<AppendReply>(node.receive('b', look)).success);
    node.persist();
    CHECK(node.raft.vote_hold() == VoteHold::held);

    AppendRequest noop = feed(4, 7, {entry(4, 8, EntryType::noop)}, 7);
    noop.prev = at(3, 7);
    CHECK(only<AppendReply>(node.receive('b', noop)).success);
    node.persist();
    CHECK(node.raft.vote_hold() == VoteHold::held);
    node.receive('b', feed(4, 8, {}, 8));
    node.persist();
    CHECK(node.raft.vote_hold() == VoteHold::none);
}

TEST_CASE("who may have forgotten a vote answers no leader before a deposed one must have noticed",
          "[consensus][election][s5.4.1]") {
    const auto hold = GENERATE(VoteHold::asking, VoteHold::held);
    Node node{'a'};
    node.step(VoteHoldChanged{hold});
    node.persist();
    node.after(muteness - 1ms, StoreChanged{});
    CHECK(node.receive('b', beat(2)).hang_up.size() == 1);
    CHECK(node.receive('b', feed(2, 0, {configuration_entry(1, 1, "abc")}, 1)).hang_up.size() == 1);
    CHECK(node.receive('b', SnapshotRequest{}).hang_up.size() == 1);
    CHECK(node.raft.term() == Term{});
    CHECK(node.raft.leader().id.empty());
    node.after(1ms, StoreChanged{});
    CHECK(only<AppendReply>(node.receive('b', beat(2))).success);
    node.step(VoteHoldChanged{VoteHold::held});  // the answer does not begin it anew
    CHECK(only<AppendReply>(node.receive('b', beat(2))).success);
}

TEST_CASE("muteness begins anew with every start and ends where nobody knows this node",
          "[consensus][election][s5.4.1]") {
    StoredState on_disk;
    on_disk.hard_state = {Term{3}, HardState::held, {}};
    Node node{'a', on_disk};
    CHECK(node.receive('b', beat(3)).hang_up.size() == 1);
    node.step(VoteHoldChanged{VoteHold::none});
    node.persist();
    CHECK(only<AppendReply>(node.receive('b', beat(3))).success);
}

// It has a term by then, so it does not look as if it had started empty.
TEST_CASE("a node that was told a term while it asks about its vote still asks after a restart",
          "[consensus][election][s5.4.1]") {
    Node node{'a'};
    StoredState on_disk;
    on_disk.hard_state = node.step(VoteHoldChanged{VoteHold::asking}).write.value().hard_state.value();
    node.persist();
    node.after(muteness);
    on_disk.hard_state = node.receive('b', beat(3)).write.value().hard_state.value();

    Node again{'a', on_disk};
    CHECK(again.raft.vote_hold() == VoteHold::asking);
    CHECK_FALSE(only<VoteReply>(again.receive('c', vote(4, at(2, 9)))).granted);
    again.step(VoteHoldChanged{VoteHold::none});
    again.persist();
    CHECK(only<VoteReply>(again.receive('c', vote(4, at(2, 9)))).granted);
}

TEST_CASE("the operator's word lifts a held vote", "[consensus][election][C-86]") {
    Node node{'a'};
    node.step(VoteHoldChanged{VoteHold::asking});
    CHECK_FALSE(only<VoteReply>(node.receive('b', vote(1, {}))).granted);
    node.step(VoteHoldChanged{VoteHold::held});
    node.step(VoteHoldChanged{VoteHold::none});
    node.persist();
    CHECK(only<VoteReply>(node.receive('b', vote(2, {}))).granted);
}

TEST_CASE("a candidate of the same term yields to the leader that won it", "[consensus][election]") {
    Node node{'a', stored("abc")};
    node.answer('b', node.wake(), VoteReply{Ballot::pre_vote, Term{2}, true});
    REQUIRE(node.raft.role() == Role::candidate);
    node.receive('c', beat(2));
    CHECK(node.raft.role() == Role::follower);
    CHECK(node.raft.leader().id == id_of('c'));
    CHECK(sent<VoteRequest>(node.persist()).empty());
}

TEST_CASE("an absurd term is not believed", "[consensus][total]") {
    Node node{'a', stored("abc")};
    const auto out = node.receive('b', beat(~std::uint64_t{0}));
    CHECK(out.hang_up.size() == 1);
    CHECK(node.raft.term() == Term{1});
}
