// One member alone: bootstrap, election at once, proposals, reads, restart, and long sleep when idle.
#include "fixtures.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

// Bootstrapped, elected, Noop committed.
Node sole_leader(Settings settings = settings_of('a')) {
    Node node{std::move(settings), stored("a")};
    node.wake();
    node.persist();
    node.persist();
    REQUIRE(node.raft.role() == Role::leader);
    REQUIRE(node.raft.commit_index() == LogIndex{2});
    return node;
}

}  // namespace

TEST_CASE("bootstrap writes the configuration as entry 1 of term 1, and the first reign is term 2",
          "[consensus][bootstrap][C-84]") {
    Node node{'a'};
    CHECK(node.raft.next_deadline() == Instant::max());

    const auto made = node.step(Bootstrap{Ask{1}, members("a")});
    REQUIRE(made.accepted.size() == 1);
    CHECK(made.accepted[0].position == Position{Term{1}, LogIndex{1}});
    REQUIRE(made.write);
    CHECK(made.write->hard_state == HardState{Term{1}, Term{}, {}});
    REQUIRE(made.write->entries.size() == 1);
    CHECK(made.write->entries[0].type == EntryType::configuration);
    CHECK(made.write->entries[0].appended_at == Stamp{});
    CHECK(node.raft.next_deadline() <= node.now);

    const auto campaign = node.wake();
    REQUIRE(campaign.write);
    CHECK(campaign.write->hard_state == HardState{Term{2}, Term{2}, address_of('a')});
    CHECK_FALSE(campaign.elected);

    const auto won = node.persist();
    CHECK_FALSE(won.elected);
    REQUIRE(won.write);
    CHECK(won.write->entries.at(0).position == Position{Term{2}, LogIndex{2}});
    CHECK(won.write->entries.at(0).type == EntryType::noop);
    CHECK_FALSE(won.commit);

    const auto led = node.persist();
    CHECK(led.commit == LogIndex{2});
    REQUIRE(led.elected);
    CHECK(led.elected->term == Term{2});
}

TEST_CASE("a second bootstrap is refused and changes nothing", "[consensus][bootstrap][C-85]") {
    auto node = sole_leader();
    const auto again = node.step(Bootstrap{Ask{9}, members("a")});
    REQUIRE(again.refused.size() == 1);
    CHECK(client_text(again.refused[0]) == "bootstrap only works on new clusters");
    CHECK_FALSE(again.write);
}

TEST_CASE("bootstrap without oneself, or with an invalid set, is refused by name", "[consensus][bootstrap]") {
    Node node{'a'};
    const auto stranger = node.step(Bootstrap{Ask{1}, members("bc")});
    CHECK(client_text(stranger.refused.at(0)) == "node is not a voter");
    const auto nobody = node.step(Bootstrap{Ask{2}, members("")});
    CHECK(client_text(nobody.refused.at(0)) == "need at least one voter in configuration: {[]}");
    CHECK(node.step(Bootstrap{Ask{3}, members("a")}).accepted.size() == 1);
}

TEST_CASE("a bootstrap that a crash cut in two can be repeated", "[consensus][bootstrap]") {
    StoredState half;
    half.hard_state.term = Term{1};
    Node node{'a', half};
    CHECK(node.step(Bootstrap{Ask{1}, members("a")}).accepted.size() == 1);
}

TEST_CASE("a sole voter that restarts leads at once and commits its whole log anew", "[consensus][start]") {
    Node node{'a', stored("a", {2, 2, 2})};
    CHECK(node.raft.next_deadline() <= node.now);
    CHECK(node.raft.commit_index() == LogIndex{});
    node.wake();
    node.persist();
    CHECK_FALSE(node.raft.leads(node.now));
    CHECK(node.persist().commit == LogIndex{5});
    CHECK(node.raft.leads(node.now));
}

TEST_CASE("a proposal is committed when it is on disk, not before", "[consensus][propose]") {
    auto node = sole_leader();
    const auto asked = node.step(command(7));
    REQUIRE(asked.accepted.size() == 1);
    CHECK(asked.accepted[0].position == Position{Term{2}, LogIndex{3}});
    CHECK(as_text(asked.write.value().entries.at(0).data.span()) == "block");
    CHECK_FALSE(asked.commit);
    CHECK(node.persist().commit == LogIndex{3});
}

TEST_CASE("a read waits for the first commit of the reign, then is answered at once", "[consensus][read]") {
    Node node{'a', stored("a", {1})};
    node.wake();
    node.persist();
    CHECK(node.step(ReadAsked{Ask{1}}).reads.empty());
    const auto first = node.persist();
    REQUIRE(first.reads.size() == 1);
    CHECK(first.reads[0].index == LogIndex{3});
    const auto later = node.step(ReadAsked{Ask{2}});
    REQUIRE(later.reads.size() == 1);
    CHECK(later.reads[0].ask == Ask{2});
}

TEST_CASE("an idle sole leader never asks to be woken", "[consensus][idle]") {
    auto node = sole_leader();
    CHECK(node.raft.next_deadline() == Instant::max());
    CHECK(node.raft.leads(node.now + 24h));
}

TEST_CASE("a follower refuses what only a leader may do", "[consensus][refusal]") {
    Node node{'a', stored("abc")};
    CHECK(client_text(node.step(command(1)).refused.at(0)) == "node is not the leader");
    CHECK(client_text(node.step(ReadAsked{Ask{2}}).refused.at(0)) == "node is not the leader");
    CHECK(
        client_text(node.step(ChangeAsked{Ask{3}, Change::remove_server, id_of('b'), {}, {}}).refused.at(0)) ==
        "node is not the leader");
    CHECK(client_text(node.step(TransferAsked{Ask{4}, {}}).refused.at(0)) == "node is not the leader");
    CHECK(client_text(node.step(TransferAsked{Ask{5}, id_of('a')}).refused.at(0)) ==
          "cannot transfer leadership to itself");
}

TEST_CASE("who cannot read an entry of its log never campaigns", "[consensus][corrupt]") {
    auto state = stored("a", {1, 1});
    state.corrupt.push_back(LogIndex{3});
    Node node{'a', state};
    CHECK(node.raft.next_deadline() == Instant::max());
    node.after(1h);
    CHECK(node.raft.role() == Role::follower);
    CHECK(node.raft.term() == Term{1});
}

TEST_CASE("a sole voter that cannot read what it has not applied leads no more, and nobody can help it",
          "[consensus][corrupt]") {
    auto node = sole_leader();
    REQUIRE(node.step(Unreadable{LogIndex{1}}).stepped_down);
    CHECK(node.raft.next_deadline() == Instant::max());
    CHECK(node.raft.unreadable() == LogIndex{1});
}

TEST_CASE("a stalled store ends the reign at once, and the lead returns when it is well",
          "[consensus][stall]") {
    auto node = sole_leader();
    const auto asked = node.step(ReadAsked{Ask{3}});
    CHECK(asked.reads.size() == 1);
    const auto out = node.step(StoreChanged{StoreCondition::stalled});
    REQUIRE(out.stepped_down);
    CHECK(out.stepped_down->term == Term{2});
    CHECK_FALSE(node.raft.leads(node.now));
    CHECK(node.raft.next_deadline() == Instant::max());
    node.step(StoreChanged{StoreCondition::well});
    node.wake();
    node.persist();
    CHECK(node.raft.role() == Role::leader);
    CHECK(node.raft.term() == Term{3});
}

TEST_CASE("an own snapshot waits for a head, then keeps what trails", "[consensus][snapshot][C-60]") {
    auto settings = settings_of('a');
    settings.snapshot_threshold = 4;
    settings.trailing_logs = 3;
    settings.trailing_payloads = 2;
    auto node = sole_leader(settings);
    for (std::uint64_t i = 0; i < 6; ++i) {
        node.step(command(i));
        node.persist();
    }
    node.now += 1h;
    CHECK_FALSE(node.step(Applied{LogIndex{8}, false}).write);

    const auto out = node.step(Applied{LogIndex{8}, true});
    REQUIRE(out.write);
    REQUIRE(out.write->snapshot);
    CHECK(out.write->snapshot->last == Position{Term{2}, LogIndex{8}});
    CHECK(out.write->snapshot->configuration == members("a"));
    CHECK(out.write->snapshot->configuration_index == LogIndex{1});
    CHECK(out.write->snapshot->first_kept == LogIndex{6});
    CHECK_FALSE(out.write->snapshot_payload);
    CHECK(node.raft.first_index() == LogIndex{6});
    CHECK_FALSE(node.step(Applied{LogIndex{8}, true}).write);
}

TEST_CASE("a snapshot is taken by size long before the interval is over", "[consensus][snapshot]") {
    auto settings = settings_of('a');
    settings.retain_octets = 4000;
    settings.trailing_payloads = 2;
    auto node = sole_leader(settings);
    bool taken = false;
    for (std::uint64_t i = 0; i < 8 && !taken; ++i) {
        node.step(command(i, std::string(200, 'x')));
        const auto commit = node.persist().commit;
        taken = node.step(Applied{*commit, true}).write.has_value();
        CHECK(taken == (i == 5));
    }
}

// The leader that gave its vote to us leads until this is committed, and we cannot know whether it is.
TEST_CASE("whoever is made the only voter does not lead at its start before the old leader's lease is over",
          "[consensus][membership][s5.9.1]") {
    auto state = stored("ab", {1});
    state.entries.push_back(
        {at(1, 3), EntryType::configuration, 0, std::make_shared<Configuration>(members("aB"))});
    Node node{'a', std::move(state)};
    CHECK(node.raft.next_deadline() >= node.now + settings_of('a').lease_timeout);

    node.wake();
    node.persist();
    CHECK(node.raft.role() == Role::leader);
}

TEST_CASE("a group that shrank to one voter and went on elects at once when it starts",
          "[consensus][membership]") {
    auto state = stored("ab", {1});
    for (const auto& [index, names] : {std::pair{3U, "aB"}, {4U, "a"}})
        state.entries.push_back(
            {at(1, index), EntryType::configuration, 0, std::make_shared<Configuration>(members(names))});
    Node node{'a', std::move(state)};
    CHECK(node.raft.next_deadline() <= node.now);
}

TEST_CASE("whoever has the only vote is led by nobody, and says so instead of a term",
          "[consensus][follower][members]") {
    auto node = sole_leader();
    const auto term = GENERATE(1U, 2U, 9U);  // older, its own, newer
    AppendRequest heartbeat;
    heartbeat.term = Term{term};
    heartbeat.heartbeat = true;
    AppendRequest append;
    append.term = Term{term};
    append.prev = {Term{2}, LogIndex{2}};  // which it has, out of another history
    SnapshotRequest snapshot;
    snapshot.term = Term{term};
    snapshot.last = {Term{1}, LogIndex{9}};
    snapshot.configuration = members("bca");
    snapshot.configuration_index = LogIndex{1};
    for (const Message& message : {Message{heartbeat}, Message{append}, Message{snapshot}}) {
        const auto out = node.receive('b', message);
        CHECK(only<ErrorReply>(out).text == "the only voter of a group of its own follows nobody");
        CHECK_FALSE(out.write);
        CHECK_FALSE(out.stepped_down);
        CHECK(out.hang_up.empty());
    }
    CHECK(node.raft.role() == Role::leader);
    CHECK(node.raft.term() == Term{2});
}

TEST_CASE("a sole voter whose log is damaged takes back what it has lost", "[consensus][follower][members]") {
    auto state = stored("a", {2, 2});
    state.corrupt = {LogIndex{3}};
    Node node{'a', std::move(state)};
    AppendRequest heartbeat;
    heartbeat.term = Term{3};
    heartbeat.heartbeat = true;
    CHECK(only<AppendReply>(node.receive('b', heartbeat)).success);
}
