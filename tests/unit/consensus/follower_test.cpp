// A follower and what leaders send it: entries, heartbeats, snapshots (raft-wire 1.7, 5.6, 5.11).
#include "fixtures.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

AppendRequest append(std::uint64_t term, Position prev, std::vector<Entry> entries = {},
                     std::uint64_t commit = 0) {
    AppendRequest request;
    request.term = Term{term};
    request.prev = prev;
    request.first = prev.index.next();
    request.count = entries.size();
    request.entries = std::move(entries);
    request.commit = LogIndex{commit};
    return request;
}
SnapshotRequest snapshot(std::uint64_t term, Position last, const std::string& names = "abc") {
    return {Term{term}, last, members(names), LogIndex{1}, Bytes::copy_of("head")};
}

}  // namespace

TEST_CASE("a gap is refused at once with the last index", "[consensus][follower][C-39]") {
    Node node{'a', stored("abc", {1})};
    const auto out = node.receive('b', append(1, at(1, 5)));
    const auto reply = only<AppendReply>(out);
    CHECK_FALSE(reply.success);
    CHECK(reply.no_retry_backoff);
    CHECK(reply.last_log == LogIndex{2});
    CHECK(out.hang_up.empty());
}

TEST_CASE("another term at the predecessor is refused with a hint before that term",
          "[consensus][follower][C-40]") {
    Node node{'a', stored("abc", {2, 3, 3, 3})};
    const auto reply = only<AppendReply>(node.receive('b', append(5, at(4, 5))));
    CHECK_FALSE(reply.success);
    CHECK(reply.no_retry_backoff);
    CHECK(reply.last_log == LogIndex{2});
}

TEST_CASE("where the logs part the tail is cut and replaced, and the answer waits for the disk",
          "[consensus][follower][C-41][C-45]") {
    Node node{'a', stored("abc", {2, 2, 2})};
    const auto out = node.receive('b', append(3, at(2, 2), {entry(2, 3), entry(3, 4)}));
    REQUIRE(out.write);
    CHECK(out.write->truncate == LogIndex{4});
    REQUIRE(out.write->entries.size() == 1);
    CHECK(out.write->entries[0].position == at(3, 4));
    const auto reply = only<AppendReply>(out);
    CHECK(reply.success);
    CHECK(reply.last_log == LogIndex{4});  // as it was before
    CHECK(out.send_now.empty());
    CHECK(out.send_when_durable.at(0).kept_by == out.write->ticket);
    CHECK(node.raft.last() == at(3, 4));
}

TEST_CASE("a duplicate is acknowledged without a write, but not before the first is on disk",
          "[consensus][follower][C-42]") {
    Node node{'a', stored("abc")};
    const auto first = node.receive('b', append(1, at(1, 1), {entry(1, 2)}));
    const auto again = node.receive('b', append(1, at(1, 1), {entry(1, 2)}), Exchange{901});
    CHECK_FALSE(again.write);
    CHECK(again.send_when_durable.at(0).kept_by == first.write.value().ticket);
    node.persist();
    const auto third = node.receive('b', append(1, at(1, 1), {entry(1, 2)}), Exchange{902});
    CHECK(third.send_now.size() == 1);
    CHECK(only<AppendReply>(third).success);
}

TEST_CASE("an older duplicate does not cut what came after it", "[consensus][follower][C-42]") {
    Node node{'a', stored("abc", {1, 1, 1})};
    const auto out = node.receive('b', append(1, at(1, 1), {entry(1, 2)}));
    CHECK_FALSE(out.write);
    CHECK(node.raft.last() == at(1, 4));
}

TEST_CASE("an older term is told the newer one and changes no leader", "[consensus][follower][C-43]") {
    Node node{'a', stored("abc")};
    node.receive('b', beat(3));
    node.persist();
    const auto request = GENERATE(append(2, at(1, 1)), beat(2));
    const auto reply = only<AppendReply>(node.receive('c', request));
    CHECK_FALSE(reply.success);
    CHECK(reply.term == Term{3});
    CHECK(node.raft.leader().id == id_of('b'));
}

TEST_CASE("what is committed is never cut; the connection goes instead", "[consensus][follower][C-44]") {
    Node node{'a', stored("abc", {1, 1})};
    CHECK(node.receive('b', append(1, at(1, 3), {}, 3)).commit == LogIndex{3});
    const auto out = node.receive('c', append(2, at(1, 2), {entry(2, 3)}));
    CHECK(out.hang_up.size() == 1);
    CHECK(sent<AppendReply>(out).empty());
    CHECK(node.raft.last() == at(1, 3));
}

TEST_CASE("commit follows the leader no further than what this request has verified",
          "[consensus][follower][C-46]") {
    Node node{'a', stored("abc", {1, 1, 1})};
    CHECK(node.receive('b', append(2, at(1, 2), {}, 99)).commit == LogIndex{2});
    CHECK(node.receive('b', append(2, at(1, 2), {entry(1, 3)}, 99)).commit == LogIndex{3});
    CHECK_FALSE(node.receive('b', beat(2)).commit);
    CHECK_FALSE(node.receive('b', append(2, at(1, 3), {}, 1)).commit);
}

TEST_CASE("a configuration counts from the append on, and no longer once it is cut",
          "[consensus][follower][C-47]") {
    Node node{'a', stored("abc")};
    node.receive('b', append(1, at(1, 1), {configuration_entry(1, 2, "ab")}));
    CHECK(node.raft.latest_configuration() == members("ab"));
    CHECK(node.raft.latest_configuration_index() == LogIndex{2});
    node.receive('b', append(2, at(1, 1), {entry(2, 2)}));
    CHECK(node.raft.latest_configuration() == members("abc"));
    CHECK(node.raft.latest_configuration_index() == LogIndex{1});
}

TEST_CASE("a connection in step is closed rather than refused, any other is answered",
          "[consensus][follower][C-12]") {
    Node node{'a', stored("abc")};
    const Connection first{1};
    const Connection second{2};
    CHECK(only<AppendReply>(node.receive('b', append(1, at(1, 1)), Exchange{1}, first)).success);

    const auto closed = node.receive('b', append(1, at(1, 9)), Exchange{2}, first);
    CHECK(closed.hang_up == std::vector{Exchange{2}});
    CHECK(sent<AppendReply>(closed).empty());
    CHECK_FALSE(only<AppendReply>(node.receive('b', append(1, at(1, 9)), Exchange{3}, second)).success);

    SECTION("an old term is answered even there") {
        node.receive('c', beat(4));
        node.persist();
        CHECK(only<AppendReply>(node.receive('b', append(1, at(1, 9)), Exchange{4}, first)).term == Term{4});
    }
    SECTION("a new term starts afresh") {
        CHECK_FALSE(only<AppendReply>(node.receive('b', append(5, at(1, 9)), Exchange{5}, first)).success);
    }
    SECTION("a heartbeat puts nothing in step") {
        const Connection third{3};
        node.receive('b', beat(1), Exchange{6}, third);
        CHECK_FALSE(only<AppendReply>(node.receive('b', append(1, at(1, 9)), Exchange{7}, third)).success);
    }
}

TEST_CASE("entries that no leader may send close the connection", "[consensus][follower][total]") {
    Node node{'a', stored("abc")};
    auto undecoded = entry(1, 2, EntryType::configuration);
    const auto bad = GENERATE_COPY(
        append(1, at(1, 1), {entry(1, 3)}), append(1, at(1, 1), {entry(1, 2), entry(1, 4)}),
        append(1, at(1, 1), {entry(2, 2)}), append(2, at(1, 1), {entry(2, 2), entry(1, 3)}),
        append(1, at(1, 1), {entry(0, 2)}), append(1, at(1, 1), {undecoded}), append(1, at(2, 1)));
    const auto out = node.receive('b', bad);
    CHECK(out.hang_up.size() == 1);
    CHECK(node.raft.last() == at(1, 1));
}

TEST_CASE("without a predecessor entries must follow on what is committed", "[consensus][follower]") {
    Node node{'a', stored("abc", {1, 1})};
    auto request = append(1, {}, {entry(1, 3)});
    request.first = LogIndex{3};
    CHECK_FALSE(only<AppendReply>(node.receive('b', request)).success);
    node.receive('b', append(1, at(1, 2), {}, 2));
    CHECK(only<AppendReply>(node.receive('b', request)).success);
}

TEST_CASE("a heartbeat is answered at once while the disk works", "[consensus][follower][C-10]") {
    Node node{'a', stored("abc")};
    node.receive('b', append(1, at(1, 1), {entry(1, 2)}));
    const auto out = node.receive('b', beat(1), Exchange{2});
    CHECK(out.send_now.size() == 1);
    CHECK(only<AppendReply>(out).success);
    CHECK(only<AppendReply>(out).last_log == LogIndex{2});
}

TEST_CASE("an empty node refuses with 0 and then takes the whole log", "[consensus][follower][join]") {
    Node node{'a'};
    const auto refused = only<AppendReply>(node.receive('b', append(3, at(3, 9))));
    CHECK(refused.last_log == LogIndex{});
    CHECK(refused.no_retry_backoff);
    node.persist();
    const auto out = node.receive('b', append(3, {}, {configuration_entry(1, 1, "bA"), entry(2, 2)}, 2));
    CHECK(only<AppendReply>(out).success);
    CHECK(out.commit == LogIndex{2});
    CHECK(node.raft.latest_configuration() == members("bA"));
}

TEST_CASE("an unreadable entry is put back in its place, and nothing behind it is given up",
          "[consensus][follower][corrupt]") {
    auto state = stored("abc", {1, 1, 1});
    state.corrupt.push_back(LogIndex{3});
    Node node{'a', state};
    const auto refused = only<AppendReply>(node.receive('b', append(2, at(1, 4))));
    CHECK_FALSE(refused.success);
    CHECK(refused.last_log == LogIndex{2});
    node.persist();

    const auto out = node.receive('b', append(2, at(1, 2), {entry(1, 3)}));
    CHECK(only<AppendReply>(out).success);
    CHECK(out.send_when_durable.at(0).kept_by == out.write->ticket);
    REQUIRE(out.write->put_back.size() == 1);
    CHECK(out.write->put_back[0] == entry(1, 3));
    CHECK_FALSE(out.write->truncate);
    CHECK(out.write->entries.empty());
    CHECK_FALSE(node.raft.unreadable());
    CHECK(node.raft.last() == at(1, 4));
    node.persist();
    node.after(2s, StoreChanged{});
    const auto behind = node.receive('c', vote(3, at(1, 3)));
    CHECK(behind.votes_refused.at(0).why == Verdict::log_behind);
    CHECK(sent<VoteRequest>(node.wake()).size() == 2);
}

TEST_CASE("who cannot read an entry, or owes one, campaigns on the operator's word alone",
          "[consensus][follower][corrupt]") {
    const bool word = GENERATE(false, true);
    auto state = stored("abc", {1, 1, 1});
    SECTION("unreadable") {
        state.corrupt.push_back(LogIndex{3});
    }
    SECTION("not even its term is known") {
        state.corrupt = state.guessed = {LogIndex{4}};
    }
    SECTION("cut, and owed") {
        state.hard_state.floor = at(1, 9);
    }
    auto settings = settings_of('a');
    settings.give_up_unreadable = word;
    Node node{settings, state};
    CHECK(sent<VoteRequest>(node.after(10s)).empty() != word);
}

TEST_CASE("several unreadable entries of one request are put back, and new ones follow",
          "[consensus][follower][corrupt]") {
    auto state = stored("abc", {1, 1, 1});
    state.corrupt = {LogIndex{2}, LogIndex{4}};
    Node node{'a', state};
    const auto out =
        node.receive('b', append(2, at(1, 1), {entry(1, 2), entry(1, 3), entry(1, 4), entry(2, 5)}, 5));
    REQUIRE(out.write);
    CHECK(out.write->put_back.size() == 2);
    CHECK(out.write->entries.size() == 1);
    CHECK_FALSE(out.write->truncate);
    CHECK(out.commit == LogIndex{5});
}

TEST_CASE("another entry than the unreadable one cuts what followed that, which was another log",
          "[consensus][follower][corrupt]") {
    auto state = stored("abc", {1, 1, 1});
    state.corrupt = {LogIndex{3}};
    Node node{'a', state};
    const auto out = node.receive('b', append(2, at(1, 2), {entry(2, 3)}));
    REQUIRE(out.write);
    CHECK(out.write->put_back.empty());
    CHECK(out.write->truncate == LogIndex{3});
    CHECK(node.raft.last() == at(2, 3));
    CHECK_FALSE(node.raft.unreadable());
}

TEST_CASE("where not even the term of an unreadable entry is known, what is cut is owed, also after a restart",
          "[consensus][follower][corrupt]") {
    auto state = stored("abc", {1, 1, 1, 1});
    state.corrupt = {LogIndex{2}, LogIndex{3}};
    state.guessed = {LogIndex{2}};
    Node node{'a', state};
    const auto out = node.receive('b', append(2, at(1, 1), {entry(1, 2)}));
    REQUIRE(out.write);
    CHECK(out.write->put_back.empty());
    CHECK(out.write->truncate == LogIndex{2});
    REQUIRE(out.write->hard_state);  // written first, so no crash leaves the one without the other
    CHECK(out.write->hard_state->floor == at(1, 5));
    const auto kept = *out.write->hard_state;

    auto shorter = stored("abc", {1});
    shorter.hard_state = kept;
    Node again{'a', shorter};
    again.after(2s, StoreChanged{});
    CHECK(again.receive('c', vote(3, at(1, 4))).votes_refused.at(0).why == Verdict::log_behind);
    CHECK(sent<VoteRequest>(again.after(9s)).empty());  // nor does it campaign with the shorter log

    again.receive('b', append(3, at(1, 2), {entry(1, 3), entry(1, 4), entry(1, 5)}));
    const auto whole = again.persist();
    CHECK(whole.write.value().hard_state.value().floor == Position{});  // it owes nothing any more
    again.persist();
    CHECK(sent<VoteRequest>(again.wake()).size() == 2);
}

TEST_CASE("a log whose last term is unknown counts as no older than any term this node has heard of",
          "[consensus][follower][corrupt]") {
    auto state = stored("abc", {1, 1});
    state.hard_state.term = Term{4};
    state.corrupt = state.guessed = {LogIndex{3}};
    Node node{'a', state};
    node.after(2s, StoreChanged{});
    CHECK(node.receive('c', vote(5, at(3, 9))).votes_refused.at(0).why == Verdict::log_behind);
    CHECK(only<VoteReply>(node.receive('c', vote(6, at(4, 3)))).granted);
}

namespace {

/// Of three members; d joined by entry 3 and e by entry 4.
StoredState with_two_joined() {
    auto state = stored("abc", {1, 1, 1, 1});
    for (const auto& [index, who] : {std::pair{3, "abcd"}, std::pair{4, "abcde"}}) {
        auto& entry = state.entries.at(static_cast<std::size_t>(index - 1));
        entry.type = EntryType::configuration;
        entry.configuration = std::make_shared<Configuration>(members(who));
    }
    return state;
}

}  // namespace

TEST_CASE("changes of members behind an unreadable entry stand when it is put back",
          "[consensus][follower][corrupt][membership]") {
    auto state = with_two_joined();
    state.corrupt.push_back(LogIndex{2});
    SECTION("it was no change itself") {
        Node node{'a', state};
        REQUIRE(node.raft.latest_configuration() == members("abcde"));
        node.receive('b', append(2, at(1, 1), {entry(1, 2)}));
        CHECK(node.raft.latest_configuration() == members("abcde"));
        CHECK(node.raft.latest_configuration_index() == LogIndex{4});
    }
    SECTION("it was the last of them") {
        state.entries.at(4).type = EntryType::configuration;
        state.corrupt = {LogIndex{5}};
        Node node{'a', state};
        REQUIRE(node.raft.latest_configuration() == members("abcde"));
        node.receive('b', append(2, at(1, 4), {configuration_entry(1, 5, "abce")}));
        CHECK(node.raft.latest_configuration() == members("abce"));
        CHECK(node.raft.latest_configuration_index() == LogIndex{5});
    }
}

TEST_CASE("a cut at an entry of unknown term brings back the members from before it",
          "[consensus][follower][corrupt][membership]") {
    auto state = with_two_joined();
    state.corrupt = state.guessed = {LogIndex{2}};
    Node node{'a', state};
    const auto out = node.receive('b', append(2, at(1, 1), {entry(1, 2)}));
    CHECK(out.write.value().truncate == LogIndex{2});
    CHECK(node.raft.latest_configuration() == members("abc"));
    CHECK(node.raft.latest_configuration_index() == LogIndex{1});
    node.receive('b', append(2, at(1, 2), {configuration_entry(1, 3, "abcd")}));
    CHECK(node.raft.latest_configuration() == members("abcd"));
}

TEST_CASE("an entry that turns out to be unreadable is put back though it is committed",
          "[consensus][follower][corrupt]") {
    Node node{'a', stored("abc", {1, 1, 1})};
    node.receive('b', append(1, at(1, 4), {}, 4));
    CHECK(node.raft.commit_index() == LogIndex{4});
    node.step(Unreadable{LogIndex{3}});
    CHECK(node.raft.unreadable() == LogIndex{3});
    const auto refused = only<AppendReply>(node.receive('b', append(1, at(1, 4))));
    CHECK(refused.last_log == LogIndex{2});
    const auto out = node.receive('b', append(1, at(1, 2), {entry(1, 3), entry(1, 4)}, 4));
    CHECK(only<AppendReply>(out).success);
    CHECK(out.write.value().put_back.size() == 1);
    CHECK_FALSE(node.raft.unreadable());
    CHECK(node.raft.commit_index() == LogIndex{4});
}

TEST_CASE("a leader's snapshot stands for committed entries that cannot be read",
          "[consensus][follower][corrupt][snapshot]") {
    Node node{'a', stored("abc", {1, 1, 1})};
    node.receive('b', append(1, at(1, 4), {}, 4));
    node.step(Unreadable{LogIndex{2}});
    SECTION("of this log: what lies behind it stays") {
        const auto out = node.receive('b', snapshot(1, at(1, 3)));
        REQUIRE(out.write);
        CHECK_FALSE(out.write->discard_log);
        CHECK(out.write->snapshot->first_kept == LogIndex{3});
        CHECK(only<SnapshotReply>(out).success);
        CHECK_FALSE(node.raft.unreadable());
        CHECK(node.raft.last() == at(1, 4));
        CHECK(node.raft.commit_index() == LogIndex{4});
    }
    SECTION("of another log: its connection is closed") {
        const auto out = node.receive('b', snapshot(9, at(8, 3)), Exchange{77});
        CHECK(out.hang_up == std::vector{Exchange{77}});
        CHECK(node.raft.unreadable() == LogIndex{2});
    }
}

TEST_CASE("what is applied and cannot be read falls below a snapshot of our own",
          "[consensus][follower][corrupt][snapshot]") {
    Node node{'a', stored("abc", {1, 1, 1})};
    node.receive('b', append(1, at(1, 4), {}, 4));
    node.step(Applied{LogIndex{4}, true});
    const auto out = node.step(Unreadable{LogIndex{3}});
    REQUIRE(out.write);
    CHECK(out.write->snapshot.value().last == at(1, 4));
    CHECK(out.write->snapshot->first_kept == LogIndex{4});
    CHECK(node.raft.first_index() == LogIndex{4});
    CHECK_FALSE(node.raft.unreadable());
    CHECK(node.raft.last() == at(1, 4));

    // Below the snapshot it is only let go of: what a member lacks of that comes to it as the snapshot.
    CHECK_FALSE(node.step(Unreadable{LogIndex{4}}).write);
    CHECK(node.raft.first_index() == LogIndex{5});
    CHECK(node.raft.last() == at(1, 4));
    CHECK_FALSE(node.step(Unreadable{LogIndex{2}}).write);  // long gone
}

TEST_CASE("a snapshot whose end is an entry of unknown term takes the log's place, and the rest is owed",
          "[consensus][follower][corrupt][snapshot]") {
    auto state = stored("abc", {1, 1, 1});
    state.corrupt = {LogIndex{2}, LogIndex{3}};
    state.guessed = {LogIndex{2}};
    Node node{'a', state};
    const bool known = GENERATE(false, true);
    const auto out = node.receive('b', snapshot(2, at(1, known ? 3 : 2)));
    REQUIRE(out.write);
    CHECK(out.write->discard_log == !known);
    CHECK(node.raft.last() == (known ? at(1, 4) : at(1, 2)));
    CHECK(out.write->hard_state.value().floor == (known ? Position{} : at(1, 4)));
}

TEST_CASE("a snapshot beyond the log replaces all of it", "[consensus][follower][snapshot][C-58][C-63]") {
    Node node{'a', stored("abc", {1, 1})};
    const auto out = node.receive('b', snapshot(2, at(2, 9), "ab"));
    REQUIRE(out.write);
    CHECK(out.write->discard_log);
    CHECK(out.write->snapshot.value().last == at(2, 9));
    CHECK(out.write->snapshot->first_kept == LogIndex{10});
    CHECK(as_text(out.write->snapshot_payload.value().span()) == "head");
    CHECK(out.commit == LogIndex{9});
    CHECK(only<SnapshotReply>(out).success);
    CHECK(out.send_when_durable.at(0).kept_by == out.write->ticket);
    CHECK(node.raft.last() == at(2, 9));
    CHECK(node.raft.latest_configuration() == members("ab"));
    CHECK(only<AppendReply>(node.receive('b', append(2, at(2, 9), {entry(2, 10)}))).success);
}

TEST_CASE("a snapshot that contradicts the log at its end discards the tail (#697)",
          "[consensus][snapshot][C-63]") {
    Node node{'a', stored("abc", {1, 1, 1, 1})};
    const auto out = node.receive('b', snapshot(3, at(2, 3)));
    CHECK(out.write.value().discard_log);
    CHECK(node.raft.last() == at(2, 3));
}

TEST_CASE("a snapshot that the log leads up to keeps what follows", "[consensus][snapshot]") {
    Node node{'a', stored("abc", {1, 1, 1, 1})};
    const auto out = node.receive('b', snapshot(3, at(1, 3)));
    CHECK_FALSE(out.write.value().discard_log);
    CHECK(node.raft.last() == at(1, 5));
    CHECK(out.commit == LogIndex{3});
}

TEST_CASE("a snapshot older than the commit index is acknowledged and ignored", "[consensus][snapshot][C-64]") {
    Node node{'a', stored("abc", {1, 1})};
    node.receive('b', append(1, at(1, 3), {}, 3));
    const auto out = node.receive('b', snapshot(1, at(1, 2)));
    CHECK(only<SnapshotReply>(out).success);
    CHECK_FALSE(out.write);
}

TEST_CASE("a snapshot of an old term, or with an unusable configuration, changes nothing",
          "[consensus][snapshot]") {
    Node node{'a', stored("abc", {3})};
    CHECK_FALSE(only<SnapshotReply>(node.receive('b', snapshot(2, at(2, 9)))).success);
    CHECK_FALSE(only<ErrorReply>(node.receive('b', snapshot(3, at(3, 9), ""))).text.empty());
    auto impossible = snapshot(3, at(3, 9));
    impossible.configuration_index = LogIndex{10};
    CHECK_FALSE(only<ErrorReply>(node.receive('b', impossible)).text.empty());
    CHECK_FALSE(only<ErrorReply>(node.receive('b', snapshot(3, at(4, 9)))).text.empty());
    CHECK(node.raft.last() == at(3, 2));
}

TEST_CASE("entries that contradict a snapshot behind which the log is gone close the connection",
          "[consensus][total]") {
    Node node{'a', stored("abc")};
    node.receive('b', snapshot(3, at(3, 5)));
    auto no_predecessor = append(3, {}, {entry(1, 6)});
    no_predecessor.first = LogIndex{6};
    CHECK(node.receive('b', no_predecessor).hang_up.size() == 1);
    CHECK(node.receive('b', append(3, at(1, 2), {entry(1, 3), entry(1, 4), entry(1, 5), entry(1, 6)}))
              .hang_up.size() == 1);
    CHECK(node.raft.last() == at(3, 5));
}

TEST_CASE("a snapshot of no octets means no head, and none is taken of it", "[consensus][snapshot][C-60]") {
    Node node{'a', stored("abc")};
    auto empty = snapshot(2, at(2, 9));
    empty.payload = {};
    CHECK(only<SnapshotReply>(node.receive('b', empty)).success);
    CHECK(node.raft.commit_index() == LogIndex{9});
}

TEST_CASE("after a restart the state is the snapshot's until a leader says more", "[consensus][start]") {
    auto state = stored("abc", {1, 1, 1});
    state.snapshot = SnapshotMark{at(1, 2), members("abc"), LogIndex{1}, LogIndex{1}};
    state.snapshot_has_payload = true;
    Node node{'a', state};
    CHECK(node.raft.commit_index() == LogIndex{2});
    CHECK(node.raft.last() == at(1, 4));
    CHECK(node.receive('b', append(2, at(1, 4), {}, 4)).commit == LogIndex{4});
}
