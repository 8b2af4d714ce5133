// The parts that need no machine: majorities, the log of facts, membership, the judgement of a vote, texts.
#include <sstream>

#include "core/consensus/log.hpp"
#include "core/consensus/membership.hpp"
#include "core/consensus/quorum.hpp"
#include "fixtures.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

EntryFacts facts(std::uint64_t term, std::uint64_t index, std::uint64_t octets = 1) {
    return {{Term{term}, LogIndex{index}}, EntryType::command, octets, nullptr};
}

}  // namespace

TEST_CASE("a majority is more than half, and of nobody it is out of reach", "[consensus][quorum]") {
    CHECK(majority(0) == 1);
    CHECK(majority(1) == 1);
    CHECK(majority(2) == 2);
    CHECK(majority(3) == 2);
    CHECK(majority(4) == 3);
    CHECK(majority(5) == 3);
}

TEST_CASE("what a majority has reached is the value at (n-1)/2 of the ascending list",
          "[consensus][quorum][s5.8]") {
    CHECK(reached_by_majority<int>({}) == 0);
    CHECK(reached_by_majority<int>({7}) == 7);
    CHECK(reached_by_majority<int>({7, 3}) == 3);
    CHECK(reached_by_majority<int>({9, 1, 5}) == 5);
    CHECK(reached_by_majority<int>({9, 1, 5, 7}) == 5);
    CHECK(reached_by_majority<int>({1, 2, 3, 4, 5}) == 3);
}

TEST_CASE("a log knows the term at its snapshot's end and nothing before what it keeps", "[consensus][log]") {
    Log log;
    CHECK(log.last() == Position{});
    CHECK(log.term_at(LogIndex{}) == Term{});
    for (std::uint64_t i = 1; i <= 6; ++i) log.append(facts(1 + i / 3, i));
    CHECK(log.first_of_term_at(LogIndex{5}) == LogIndex{3});
    log.compact({at(2, 4), members("a"), LogIndex{1}, LogIndex{4}});
    CHECK(log.first() == LogIndex{4});
    CHECK(log.term_at(LogIndex{4}) == Term{2});
    CHECK_FALSE(log.term_at(LogIndex{3}));
    CHECK(log.octets(LogIndex{}, LogIndex{99}) == 3);
    log.truncate(LogIndex{5});
    CHECK(log.last() == at(2, 4));
    log.compact({at(2, 4), members("a"), LogIndex{1}, LogIndex{5}});
    CHECK_FALSE(log.holds(LogIndex{4}));
    CHECK(log.last() == at(2, 4));
    CHECK(log.first() == LogIndex{5});
    CHECK(log.term_at(LogIndex{4}) == Term{2});
    log.replace({at(7, 70), members("a"), LogIndex{1}, LogIndex{71}});
    CHECK(log.last() == at(7, 70));
}

TEST_CASE("stored entries that end before the snapshot do not count", "[consensus][log]") {
    const SnapshotMark mark{at(3, 10), members("a"), LogIndex{1}, LogIndex{11}};
    const Log log{mark, {facts(1, 5), facts(1, 6)}};
    CHECK(log.last() == at(3, 10));
    CHECK_FALSE(log.holds(LogIndex{6}));
}

TEST_CASE("a snapshot keeps what is due by entries and octets, but always the last commands",
          "[consensus][log]") {
    Log log;
    for (std::uint64_t i = 1; i <= 20; ++i) log.append(facts(1, i, 100));
    CHECK(first_to_keep(log, LogIndex{20}, {5, 100000, 0}) == LogIndex{16});
    CHECK(first_to_keep(log, LogIndex{20}, {100, 350, 0}) == LogIndex{18});
    CHECK(first_to_keep(log, LogIndex{20}, {5, 350, 8}) == LogIndex{13});
    CHECK(first_to_keep(log, LogIndex{20}, {0, 0, 0}) == LogIndex{21});
    CHECK(first_to_keep(log, LogIndex{20}, {100, 100000, 64}) == LogIndex{1});
    CHECK(first_to_keep(log, LogIndex{9}, {5, 100000, 0}) == LogIndex{10});  // never what the snapshot lacks
}

TEST_CASE("cutting an uncommitted configuration brings the former one back", "[consensus][membership][C-47]") {
    Membership membership;
    membership.appended(members("a"), LogIndex{1});
    membership.committed_up_to(LogIndex{1});
    membership.appended(members("ab"), LogIndex{5});
    CHECK(membership.latest() == members("ab"));
    CHECK(membership.committed() == members("a"));
    membership.truncated(LogIndex{6});
    CHECK(membership.latest() == members("ab"));
    membership.truncated(LogIndex{5});
    CHECK(membership.latest() == members("a"));
    CHECK(membership.latest_index() == LogIndex{1});
}

TEST_CASE("the next configuration entry commits the one before it", "[consensus][membership]") {
    Membership membership;
    membership.appended(members("a"), LogIndex{1});
    membership.appended(members("ab"), LogIndex{2});
    CHECK(membership.committed_index() == LogIndex{1});
}

TEST_CASE("each change does to each kind of member what Go does", "[consensus][membership][C-72][C-73]") {
    const auto from = members("aB");
    const auto apply = [&](Change change, char name) { return changed(from, change, id_of(name), "new:1"); };
    const auto suffrage = [](const Configuration& c, char name) {
        return find_server(c, id_of(name))->suffrage;
    };
    const auto address = [](const Configuration& c, char name) { return find_server(c, id_of(name))->address; };

    CHECK(suffrage(apply(Change::add_voter, 'c'), 'c') == Suffrage::voter);
    CHECK(suffrage(apply(Change::add_voter, 'b'), 'b') == Suffrage::voter);
    CHECK(address(apply(Change::add_voter, 'b'), 'b') == "new:1");
    CHECK(address(apply(Change::add_voter, 'a'), 'a') == "new:1");
    CHECK(suffrage(apply(Change::add_nonvoter, 'a'), 'a') == Suffrage::voter);
    CHECK(address(apply(Change::add_nonvoter, 'a'), 'a') == "new:1");
    CHECK(suffrage(apply(Change::add_nonvoter, 'c'), 'c') == Suffrage::nonvoter);
    CHECK(suffrage(apply(Change::demote_voter, 'a'), 'a') == Suffrage::nonvoter);
    CHECK(apply(Change::demote_voter, 'z') == from);
    CHECK(apply(Change::remove_server, 'z') == from);
    CHECK(apply(Change::remove_server, 'a').servers.size() == 1);
    CHECK(apply(Change::add_voter, 'c').servers.back().id == id_of('c'));
}

TEST_CASE("an unusable configuration is named in the words of Go", "[consensus][membership][C-74][C-83]") {
    auto twice = members("a");
    twice.servers.push_back({id_of('b'), "a.test:50050", Suffrage::nonvoter});
    CHECK(fault_of(twice) == "found duplicate address in configuration: a.test:50050");
    twice.servers[1] = {id_of('a'), "x:1", Suffrage::voter};
    CHECK(fault_of(twice) == "found duplicate ID in configuration: a");
    twice.servers[1] = {id_of('C'), "", Suffrage::nonvoter};
    CHECK(fault_of(twice) == "empty address in configuration: {Nonvoter C }");
    twice.servers[1] = {ServerId{}, "x:1", Suffrage::voter};
    CHECK(fault_of(twice) == "empty ID in configuration: {[{Voter a a.test:50050} {Voter  x:1}]}");
    CHECK(fault_of(members("A")) == "need at least one voter in configuration: {[{Nonvoter a a.test:50050}]}");
    CHECK_FALSE(fault_of(members("aB")));
}

TEST_CASE("clients read Go's words for every refusal", "[consensus][describe][C-83]") {
    CHECK(client_text(Refusal::not_leader, "") == "node is not the leader");
    CHECK(client_text(Refusal::leadership_lost, "") == "leadership lost while committing log");
    CHECK(client_text(Refusal::transfer_in_progress, "") == "leadership transfer in progress");
    CHECK(client_text(Refusal::already_bootstrapped, "") == "bootstrap only works on new clusters");
    CHECK(client_text(Refusal::not_a_voter, "") == "node is not a voter");
    CHECK(client_text(Refusal::configuration_changed, "4 (latest is 9)") ==
          "configuration changed since 4 (latest is 9)");
    CHECK(client_text(Refusal::configuration_pending, "") == "timed out enqueuing operation");
    CHECK(client_text(Refusal::timed_out, "") == "timed out enqueuing operation");
    CHECK(client_text(Refusal::invalid_configuration, "why") == "why");
    CHECK(client_text(Refusal::no_peer, "") == "cannot find peer");
    CHECK(client_text(Refusal::self_transfer, "") == "cannot transfer leadership to itself");
    CHECK(client_text(Refusal::unknown_peer, "x") == "cannot find replication state for x");
    CHECK(client_text(Refusal::replication_failed, "") == "replication failed");
    CHECK(client_text(Refusal::timeout_now_failed, "b: no") == "failed to make TimeoutNow RPC to b: no");
    CHECK(client_text(Refusal::transfer_timeout, "") == "leadership transfer timeout");
    CHECK(client_text(Refusal::did_not_catch_up, "b did not catch up") ==
          "failed to add voter: b did not catch up");
}

TEST_CASE("a message is told in one line", "[consensus][describe]") {
    std::ostringstream text;
    text << Message{VoteRequest{Ballot::pre_vote, Term{3}, at(2, 300), false}} << '|'
         << Message{AppendReply{Term{2}, LogIndex{4}, false, true}};
    CHECK(text.str() == "pre-vote, term 3, last 2:300|append refused, term 2, last 4, at once");
}

TEST_CASE("a vote is judged in the order that decides who moves to the term",
          "[consensus][election][C-24][C-25][C-26][C-27][C-28][C-30][C-32]") {
    const auto ballot = GENERATE(Ballot::pre_vote, Ballot::vote);
    const auto configuration = members("abC");
    HardState hard{Term{5}, Term{5}, address_of('a')};
    Voter voter{hard, configuration, at(5, 10), address_of('a'), false};
    VoteRequest ask{ballot, Term{6}, at(5, 10), false};
    const bool vote = ballot == Ballot::vote;

    SECTION("a stranger is turned away, and its term with it") {
        CHECK(judge(voter, sender('z'), ask) == Verdict::unknown_member);
        CHECK_FALSE(adopts_term(voter, ask, Verdict::unknown_member));
    }
    SECTION("a leader that is heard protects the term, except from the election it asked for") {
        CHECK(judge(voter, sender('b'), ask) == Verdict::leader_alive);
        CHECK_FALSE(adopts_term(voter, ask, Verdict::leader_alive));
        ask.transfer = true;
        CHECK(judge(voter, sender('b'), ask) == Verdict::granted);
        CHECK(adopts_term(voter, ask, Verdict::granted) == vote);
    }
    SECTION("the leader itself may ask") {
        CHECK(judge(voter, sender('a'), ask) == Verdict::granted);
    }

    SECTION("a leader that is heard is guarded from newer logs too") {
        ask.last = at(5, 11);
        CHECK(judge(voter, sender('z'), ask) == Verdict::leader_alive);
    }

    voter.leader_address.clear();
    SECTION("a newer log is judged whoever brings it: it may say why") {
        ask.last = at(5, 11);
        CHECK(judge(voter, sender('z'), ask) == Verdict::granted);
        CHECK(judge(voter, sender('c'), ask) == Verdict::granted);
        hard.floor = at(5, 11);
        CHECK(judge(voter, sender('z'), ask) == Verdict::unknown_member);
    }
    SECTION("an old term is refused") {
        ask.term = Term{4};
        CHECK(judge(voter, sender('b'), ask) == Verdict::stale_term);
    }
    SECTION("a nonvoter never wins, but a vote of its higher term counts as seen") {
        CHECK(judge(voter, sender('c'), ask) == Verdict::not_a_voter);
        CHECK(adopts_term(voter, ask, Verdict::not_a_voter) == vote);
    }
    SECTION("one vote a term, and the same answer to the same question") {
        ask.term = Term{5};
        CHECK(judge(voter, sender('a'), ask) == Verdict::granted);
        CHECK(judge(voter, sender('b'), ask) == (vote ? Verdict::already_voted : Verdict::granted));
        ask.last = at(1, 1);
        CHECK(judge(voter, sender('a'), ask) == (vote ? Verdict::granted : Verdict::log_behind));
    }
    SECTION("an older log is refused, by term first, then by index") {
        ask.last = at(4, 99);
        CHECK(judge(voter, sender('b'), ask) == Verdict::log_behind);
        ask.last = at(5, 9);
        CHECK(judge(voter, sender('b'), ask) == Verdict::log_behind);
        ask.last = at(6, 1);
        CHECK(judge(voter, sender('b'), ask) == Verdict::granted);
    }
    SECTION("who put entries back still answers for all it acknowledged") {
        hard.floor = at(5, 12);
        CHECK(judge(voter, sender('b'), ask) == Verdict::log_behind);
    }
    SECTION("a held vote is given to nobody, though the term is seen") {
        voter.held = true;
        CHECK(judge(voter, sender('b'), ask) == Verdict::held);
        CHECK(adopts_term(voter, ask, Verdict::held) == vote);
    }
    SECTION("without a configuration anybody may ask") {
        const Configuration none;
        const HardState fresh;
        const Voter empty{fresh, none, {}, {}, false};
        CHECK(judge(empty, sender('z'), ask) == Verdict::granted);
    }
}
