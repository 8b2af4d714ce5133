// Membership changes and transfers, in and out (raft-wire 4.4, 5.10, 5.12).
#include "leader_fixture.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

ChangeAsked change(std::uint64_t ask, Change what, char name, std::uint64_t prev = 0) {
    return {Ask{ask}, what, id_of(name), server(name).address, LogIndex{prev}};
}
Node leader(const std::string& names = "abc") {
    Node node{'a', stored(names)};
    settle(node, win(node), names);
    REQUIRE(node.raft.commit_index() == LogIndex{2});
    return node;
}
std::vector<Envelope> timeouts(const Output& out) {
    std::vector<Envelope> found;
    for (const auto& [envelope, message] : sent<TimeoutNowRequest>(out)) found.push_back(envelope);
    return found;
}

}  // namespace

TEST_CASE("a new voter is first a nonvoter, and votes once it holds the reign's Noop",
          "[consensus][changes][C-89]") {
    auto node = leader();
    const auto first = node.step(change(1, Change::add_voter, 'd'));
    CHECK(first.accepted.empty());
    CHECK(*first.write.value().entries.at(0).configuration == members("abcD"));
    settle(node, first, "bc");
    CHECK(node.raft.latest_configuration() == members("abcD"));

    const auto probe = to(first, 'd', false);
    CHECK(probe.second.prev.index.value() + 1 == probe.second.first.value());
    const auto second = node.receive('d', taken(2, 0), probe.first.exchange);
    REQUIRE(second.accepted.size() == 1);
    CHECK(second.accepted[0].position == at(2, 4));
    CHECK(node.raft.latest_configuration() == members("abcd"));
}

TEST_CASE("a new voter that shows nothing is taken out again after 5 s, and the lease never ends",
          "[consensus][changes][C-89]") {
    const auto names = GENERATE(as<std::string>{}, "abc", "a");
    auto node = [&] {
        if (names == "abc") return leader();
        Node sole{'a', stored("a")};
        sole.wake();
        sole.persist();
        sole.persist();
        return sole;
    }();
    const auto start = node.now;
    settle(node, node.step(change(1, Change::add_voter, 'd')), "bc");
    while (node.now - start < 6s) {
        auto out = node.wake();
        settle(node, std::move(out), "bc");
        REQUIRE(node.raft.leads(node.now));
        if (node.raft.next_deadline() == Instant::max()) break;
    }
    REQUIRE(node.refusals.size() == 1);
    CHECK(client_text(node.refusals[0]) == "failed to add voter: d did not catch up");
    CHECK(node.raft.latest_configuration() == members(names));
}

// Seed 800355 of tests/sim: a transfer goes before all changes, so nothing was done about it, again and again.
TEST_CASE("a new voter whose time is up keeps nobody awake while leadership is handed over",
          "[consensus][changes][transfer]") {
    auto node = leader();
    settle(node, node.step(change(1, Change::add_voter, 'd')), "bc");
    const auto start = node.now;
    while (node.now - start < 4500ms) settle(node, node.wake(), "bc");
    settle(node, node.step(TransferAsked{Ask{2}, id_of('b')}), "bc");
    while (node.now - start < 5200ms) {
        settle(node, node.wake(), "bc");
        REQUIRE(node.raft.next_deadline() > node.now);
    }
    CHECK(node.refusals.empty());
    while (node.now - start < 7s && node.refusals.size() < 2) settle(node, node.wake(), "bc");
    CHECK(node.refusals.size() == 2);  // the transfer, and then the new voter
}

TEST_CASE("why a new voter does not catch up is told in its own words", "[consensus][changes]") {
    auto node = leader();
    auto out = node.step(change(1, Change::add_voter, 'd'));
    settle(node, out, "bc");
    const auto asked = to(out, 'd', false);
    (void)node.receive('d', ErrorReply{"no, thank you"}, asked.first.exchange);
    const auto start = node.now;
    while (node.now - start < 6s && node.refusals.empty()) settle(node, node.wake(), "bc");
    REQUIRE(node.refusals.size() == 1);
    CHECK(client_text(node.refusals[0]) == "failed to add voter: d did not catch up, it says: no, thank you");
}

TEST_CASE("compat: a voter is added in one entry", "[consensus][changes]") {
    auto settings = settings_of('a');
    settings.add_voter_at_once = true;
    Node node{settings, stored("abc")};
    settle(node, win(node), "bc");
    const auto out = node.step(change(1, Change::add_voter, 'd'));
    CHECK(out.accepted.size() == 1);
    CHECK(node.raft.latest_configuration() == members("abcd"));
}

TEST_CASE("a change waits for the Noop and for the change before it, then for its time to run out",
          "[consensus][changes][C-69][C-70]") {
    auto settings = settings_of('a');
    settings.change_timeout = 1s;
    Node node{settings, stored("abc")};
    const auto lead = win(node);
    CHECK(node.step(change(1, Change::add_nonvoter, 'd')).accepted.empty());
    settle(node, lead, "bc");
    CHECK(node.raft.latest_configuration() == members("abcD"));

    CHECK(node.step(change(2, Change::add_nonvoter, 'e')).accepted.size() == 1);
    CHECK(node.step(change(3, Change::add_nonvoter, 'f')).accepted.empty());  // 2 is not committed
    while (node.refusals.empty()) beats_only(node, node.wake(), "bc");
    CHECK(node.raft.role() == Role::leader);
    CHECK(node.refusals.at(0).ask == Ask{3});
    CHECK(client_text(node.refusals.at(0)) == "timed out enqueuing operation");
}

TEST_CASE("a change that names another version is refused with both", "[consensus][changes][C-71]") {
    auto node = leader();
    const auto out = node.step(change(1, Change::add_nonvoter, 'd', 9));
    CHECK(client_text(out.refused.at(0)) == "configuration changed since 9 (latest is 1)");
    CHECK(node.step(change(2, Change::add_nonvoter, 'd', 1)).accepted.size() == 1);
}

TEST_CASE("a change of a stranger appends an entry, the last voter stays", "[consensus][changes][C-73][C-74]") {
    Node node{'a', stored("a")};
    node.wake();
    node.persist();
    node.persist();
    CHECK(node.step(change(1, Change::remove_server, 'z')).accepted.size() == 1);
    node.persist();
    const auto out = node.step(change(2, Change::demote_voter, 'a'));
    CHECK(client_text(out.refused.at(0)) ==
          "need at least one voter in configuration: {[{Nonvoter a a.test:50050}]}");
    CHECK(node.raft.role() == Role::leader);
}

// Seed 11076 of tests/sim: c was taken out by b, b lost the entry, and then c's log was in front of b's vote.
TEST_CASE("a change of the members leaves only when it is on the leader's own disk", "[consensus][changes]") {
    auto node = leader();
    const auto held_back = node.step(change(1, Change::remove_server, 'c'));
    REQUIRE(held_back.accepted.size() == 1);
    CHECK(sent<AppendRequest>(held_back).empty());
    CHECK(sent<AppendRequest>(node.step(command(2))).empty());  // what follows it waits as well

    const auto out = node.persist();
    CHECK(to(out, 'b', false).second.count == 2);
    CHECK(to(out, 'c', false).second.count == 2);  // whom it takes out learns of it, once
    for (int i = 0; i < 20; ++i)
        for (const auto& envelope : node.wake().send_now) CHECK(envelope.to == id_of('b'));
}

TEST_CASE("a leader that removes itself commits it by the others, steps down and can return",
          "[consensus][changes][C-75]") {
    auto node = leader();
    REQUIRE(node.step(change(1, Change::remove_server, 'a')).accepted.size() == 1);
    const auto asked = node.persist();
    node.receive('b', taken(2, 2), to(asked, 'b', false).first.exchange);
    CHECK(node.raft.role() == Role::leader);  // its own disk does not count
    const auto out = node.receive('c', taken(2, 2), to(asked, 'c', false).first.exchange);
    CHECK(out.commit == LogIndex{3});
    CHECK(to(out, 'b', false).second.commit == LogIndex{3});
    REQUIRE(out.stepped_down);
    CHECK(std::string{out.stepped_down->why} == "no longer a voter");
    CHECK(sent<VoteRequest>(node.after(10s)).empty());
    CHECK(node.step(command(2)).refused.at(0).why == Refusal::not_leader);

    AppendRequest back;
    back.term = Term{3};
    back.prev = at(2, 3);
    back.first = LogIndex{4};
    back.entries = {configuration_entry(3, 4, "bca")};
    back.count = 1;
    CHECK(only<AppendReply>(node.receive('b', back)).success);
    CHECK(sent<VoteRequest>(node.wake()).size() == 2);
}

// Seed 40419 of tests/sim: by its last vote for itself the restarted member did not know its own entry any
// more.
TEST_CASE("a leader that removed itself finishes that after a campaign in vain and a restart too",
          "[consensus][changes]") {
    auto state = stored("ab");
    state.entries.push_back(
        {at(2, 2), EntryType::configuration, 0, std::make_shared<Configuration>(members("Ab"))});
    state.hard_state = {Term{5}, Term{4}, address_of('a')};
    Node node{'a', state};
    CHECK(only<VoteRequest>(node.wake()).ballot == Ballot::pre_vote);

    state.hard_state = {Term{5}, Term{4}, address_of('b')};  // another made it
    Node follower{'a', state};
    CHECK(follower.raft.next_deadline() == Instant::max());  // it never campaigns
}

TEST_CASE("a leader that removed itself and lost the lead finishes what only it holds",
          "[consensus][changes]") {
    auto node = leader("ab");
    node.step(change(1, Change::remove_server, 'a'));
    node.persist();
    Output out;
    do out = node.wake();
    while (!out.stepped_down);
    CHECK(only<VoteRequest>(node.wake()).ballot == Ballot::pre_vote);
}

TEST_CASE("whom another leader took out asks nobody for votes after a restart", "[consensus][changes][C-36]") {
    const auto vote =
        GENERATE(HardState{Term{2}, Term{1}, address_of('a')}, HardState{Term{2}, Term{2}, address_of('b')},
                 HardState{Term{5}, Term{4}, address_of('b')});
    auto state = stored("abc", {2});
    state.entries.push_back(
        {at(2, 3), EntryType::configuration, 0, std::make_shared<Configuration>(members("Abc"))});
    state.hard_state = vote;
    Node node{'a', state};
    CHECK(sent<VoteRequest>(node.after(10s)).empty());
}

TEST_CASE("a transfer waits for the target, tells it once, and shuts writes meanwhile",
          "[consensus][transfer][C-78]") {
    auto node = leader();
    const auto pending = node.step(command(1));
    const auto asked = node.step(TransferAsked{Ask{2}, id_of('c')});
    CHECK(timeouts(asked).empty());
    CHECK(client_text(node.step(command(3)).refused.at(0)) == "leadership transfer in progress");
    CHECK(client_text(node.step(change(4, Change::remove_server, 'b')).refused.at(0)) ==
          "leadership transfer in progress");
    CHECK(client_text(node.step(TransferAsked{Ask{5}, {}}).refused.at(0)) == "leadership transfer in progress");
    CHECK(node.raft.leads(node.now));

    const auto told = node.receive('c', taken(2, 2), to(pending, 'c', false).first.exchange);
    REQUIRE(timeouts(told).size() == 1);
    CHECK(timeouts(told)[0].to == id_of('c'));
    CHECK_FALSE(node.raft.leads(node.now));  // the target may win at any moment now

    const auto done = node.receive('c', VoteRequest{Ballot::vote, Term{3}, at(2, 3), true});
    REQUIRE(done.done.size() == 1);
    CHECK(done.done[0].ask == Ask{2});
    CHECK(done.stepped_down);
    CHECK(only<VoteReply>(done).granted);
}

TEST_CASE("an impossible target is named and the lead kept", "[consensus][transfer][C-79]") {
    auto node = leader("abC");
    CHECK(client_text(node.step(TransferAsked{Ask{1}, id_of('a')}).refused.at(0)) ==
          "cannot transfer leadership to itself");
    CHECK(client_text(node.step(TransferAsked{Ask{2}, id_of('z')}).refused.at(0)) ==
          "cannot find replication state for z");
    CHECK(client_text(node.step(TransferAsked{Ask{3}, id_of('c')}).refused.at(0)) == "node is not a voter");
    const auto out = node.step(TransferAsked{Ask{4}, id_of('b')});
    const auto failed =
        node.step(Unanswered{id_of('b'), timeouts(out).at(0).exchange, "dial tcp: connection refused"});
    CHECK(client_text(failed.refused.at(0)) ==
          "failed to make TimeoutNow RPC to b: dial tcp: connection refused");
    CHECK(node.raft.role() == Role::leader);

    Node sole{'a', stored("aB")};
    sole.wake();
    sole.persist();
    CHECK(client_text(sole.step(TransferAsked{Ask{5}, {}}).refused.at(0)) == "cannot find peer");
}

TEST_CASE("whatever becomes of a transfer, writes resume after 2E", "[consensus][transfer][C-80]") {
    const bool silent = GENERATE(true, false);
    auto node = leader();
    const auto start = node.now;
    if (silent) node.step(command(9));
    auto out = node.step(TransferAsked{Ask{1}, id_of('b')});
    while (node.now - start < 2100ms) {
        out = node.wake();
        for (const auto& [envelope, append] : sent<AppendRequest>(out))
            if (append.heartbeat) node.receive(envelope.to.text().at(0), taken(2, 2), envelope.exchange);
    }
    REQUIRE(node.refusals.size() == 1);
    CHECK(client_text(node.refusals[0]) == "leadership transfer timeout");
    CHECK(node.step(command(2)).accepted.size() == 1);
}

// Seed 801620 of tests/sim with control loops: the order was obeyed after its sender led again.
TEST_CASE(
    "who was told to take over may still do so, so an entry that it lacks comes before the next claim to lead",
    "[consensus][transfer][C-80]") {
    auto node = leader();
    node.step(TransferAsked{Ask{1}, id_of('b')});
    const auto start = node.now;
    Output out;
    while (node.raft.last().index == LogIndex{2}) {
        REQUIRE(node.now - start < 1100ms);
        out = node.wake();
        for (const auto& [envelope, append] : sent<AppendRequest>(out))
            if (append.heartbeat) node.receive(envelope.to.text().at(0), taken(2, 2), envelope.exchange);
    }
    CHECK(client_text(node.refusals.at(0)) == "leadership transfer timeout");
    CHECK(node.raft.last() == at(2, 3));
    CHECK(to(out, 'b', false).second.count == 1);
    CHECK_FALSE(node.raft.leads(node.now));
    CHECK_FALSE(node.receive('c', taken(2, 3), to(out, 'c', false).first.exchange).elected);
    CHECK_FALSE(node.raft.leads(node.now));  // one disk of three
    node.persist();
    CHECK(node.raft.leads(node.now));
}

TEST_CASE("a hand-over that was declined leaves nothing behind that could still be obeyed",
          "[consensus][transfer][P-2]") {
    auto node = leader();
    const auto asked = timeouts(node.step(TransferAsked{Ask{1}, id_of('b')})).at(0);
    const ErrorReply declined{"not eligible for leadership: paused"};
    node.receive('b', declined, timeouts(node.receive('b', declined, asked.exchange)).at(0).exchange);
    CHECK(node.raft.leads(node.now));
    CHECK(node.raft.last().index == LogIndex{2});
}

TEST_CASE("who hears a leader takes leadership from no other", "[consensus][transfer]") {
    Node node{'a', stored("abc")};
    node.receive('c', beat(2));
    const auto late = only<ErrorReply>(node.receive('b', TimeoutNowRequest{}, Exchange{2}));
    CHECK(late.text == "not eligible for leadership: another member leads");
    CHECK(node.raft.role() == Role::follower);
    CHECK(sent<TimeoutNowReply>(node.receive('c', TimeoutNowRequest{}, Exchange{3})).size() == 1);
    CHECK(node.raft.role() == Role::candidate);
}

TEST_CASE("who declines is passed over, and asked twice when it was named", "[consensus][transfer][P-2]") {
    auto node = leader();
    const ErrorReply declined{"not eligible for leadership: paused"};
    SECTION("chosen by us: the next one") {
        const auto first = timeouts(node.step(TransferAsked{Ask{1}, {}})).at(0);
        CHECK(first.to == id_of('b'));
        const auto second = timeouts(node.receive('b', declined, first.exchange)).at(0);
        CHECK(second.to == id_of('c'));
        const auto out = node.receive('c', declined, second.exchange);
        CHECK(client_text(out.refused.at(0)) ==
              "failed to make TimeoutNow RPC to c: not eligible for leadership: paused");
        CHECK(node.raft.leads(node.now));
    }
    SECTION("named: once more at once") {
        const auto first = timeouts(node.step(TransferAsked{Ask{1}, id_of('b')})).at(0);
        const auto second = timeouts(node.receive('b', declined, first.exchange)).at(0);
        CHECK(second.to == id_of('b'));
        CHECK(node.receive('b', declined, second.exchange).refused.size() == 1);
    }
}

TEST_CASE("TimeoutNow makes a voter a candidate without pre-vote, with the flag",
          "[consensus][transfer][C-77]") {
    Node node{'a', stored("abc")};
    const auto out = node.receive('b', TimeoutNowRequest{});
    CHECK(sent<TimeoutNowReply>(out).size() == 1);
    CHECK(out.send_now.size() == 1);
    CHECK(out.write.value().hard_state == HardState{Term{2}, Term{2}, address_of('a')});
    const auto asked = sent<VoteRequest>(node.persist());
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].second.ballot == Ballot::vote);
    CHECK(asked[0].second.transfer);
}

TEST_CASE("TimeoutNow to a nonvoter raises no term and is answered with the reason",
          "[consensus][transfer][C-81]") {
    Node node{'a', stored("bcA")};
    const auto out = node.receive('b', TimeoutNowRequest{});
    CHECK(only<ErrorReply>(out).text == "not eligible for leadership: not a voter");
    CHECK(node.raft.term() == Term{1});
}

TEST_CASE("a paused node declines once, only if another is known eligible",
          "[consensus][transfer][C-88][P-2]") {
    Node node{'a', stored("abc")};
    node.step(EligibilityChanged{false, true, "paused 100%"});
    const auto first = node.receive('b', TimeoutNowRequest{});
    CHECK(only<ErrorReply>(first).text == "not eligible for leadership: paused 100 ");
    CHECK_FALSE(first.write);
    SECTION("the second within 10 s is obeyed") {
        node.now += 9s;
        CHECK(sent<TimeoutNowReply>(node.receive('b', TimeoutNowRequest{}, Exchange{2})).size() == 1);
        CHECK(node.raft.role() == Role::candidate);
    }
    SECTION("after that it may decline again") {
        node.now += 11s;
        CHECK(sent<ErrorReply>(node.receive('b', TimeoutNowRequest{}, Exchange{2})).size() == 1);
    }
    SECTION("with nobody else known it obeys") {
        node.step(EligibilityChanged{false, false, "paused"});
        CHECK(sent<TimeoutNowReply>(node.receive('c', TimeoutNowRequest{}, Exchange{2})).size() == 1);
    }
}
