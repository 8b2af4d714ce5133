// What a group does when members come, go and return: three real replicas over hashicorp/raft's wire.
#include <catch2/catch.hpp>

#include "tests/unit/replica/group.hpp"
#include "tests/unit/replica/overheard.hpp"

using namespace conductor;
using namespace conductor::replica;
using namespace conductor::replica::test;

namespace {

consensus::SnapshotRequest snapshot_of(Bytes payload) {
    consensus::SnapshotRequest request;
    request.term = Term{3};
    request.last = {Term{2}, LogIndex{20}};
    request.configuration = {{{ServerId{"b"}, "10.0.0.2:50050", consensus::Suffrage::voter}}};
    request.configuration_index = LogIndex{1};
    request.payload = std::move(payload);
    return request;
}

const consensus::Sender leader_b{ServerId{"b"}, "10.0.0.2:50050"};

}  // namespace

TEST_CASE("three members elect one leader, and blocks of 1 KB to 10 MB reach every log", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    std::uint64_t number = 0;
    for (const std::size_t octets : {1UL << 10U, 64UL << 10U, 1UL << 20U, 5UL << 20U, 10UL << 20U})
        REQUIRE(group.commit(padded_block(++number, octets)));
    REQUIRE(group.all_reach(number));

    for (const auto* id : {"a", "b", "c"}) {
        INFO(id);
        CHECK(group.holds_all(id));
        CHECK(group.until([&] { return group.log(id) == group.log("a"); }));  // time stamps are kept too
        CHECK(group.until([&] {
            const auto known = group.at(id).replica->leader();
            const auto leads = group.leading();
            return !leads.empty() && known.id == ServerId{leads} && known.address == group.address(leads);
        }));
    }
}

TEST_CASE("a follower that was away is fed from the leader's disk, in order", "[replica][group]") {
    Group group{{.cache_octets = 4096}};
    group.found({"a", "b", "c"});
    const auto away = group.follower();
    group.kill(away);
    for (std::uint64_t number = 1; number <= 150; ++number) REQUIRE(group.commit(block(number)));
    const auto read_before = group.disk(group.leader()).bodies_read();

    group.start(away);
    REQUIRE(group.commit(block(151)));
    REQUIRE(group.all_reach(151));
    CHECK(group.holds_all(away));
    CHECK(group.disk(group.leader()).bodies_read() >= read_before + 100);
}

TEST_CASE("a follower that is too far behind gets the snapshot, and what follows it", "[replica][group]") {
    Group group{{.snapshot_threshold = 5, .trailing = 1}};
    group.found({"a", "b", "c"});
    const auto away = group.follower();
    group.kill(away);
    for (std::uint64_t number = 1; number <= 20; ++number) {
        REQUIRE(group.commit(padded_block(number, 700'000)));
        group.run_for(10ms);
    }
    REQUIRE(group.until([&] { return group.snapshot(group.leader()).has_value(); }));

    group.start(away);
    REQUIRE(group.all_reach(20));
    REQUIRE(group.snapshot(away).has_value());
    REQUIRE(group.commit(block(21)));
    REQUIRE(group.all_reach(21));
    CHECK(group.holds_all(away));

    group.kill(away);  // what it has taken over is what it starts with
    group.start(away);
    REQUIRE(group.all_reach(21));
}

TEST_CASE("when the leader dies another leads, and nothing acknowledged is missing", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    std::uint64_t number = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 5; ++i) REQUIRE(group.commit(block(++number)));
        const auto dead = group.leader();
        group.kill(dead);
        REQUIRE_FALSE(group.leader().empty());
        CHECK(group.leader() != dead);
        for (int i = 0; i < 5; ++i) REQUIRE(group.commit(block(++number)));
        group.start(dead);
    }
    REQUIRE(group.all_reach(number));
    for (const auto* id : {"a", "b", "c"}) {
        INFO(id);
        CHECK(group.holds_all(id));
    }
}

TEST_CASE("entries that only a dead leader had are replaced when it returns", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    REQUIRE(group.commit(block(1)));
    REQUIRE(group.all_reach(1));
    const auto dead = group.leader();
    std::vector<std::string> others;
    for (const auto* id : {"a", "b", "c"})
        if (id != dead) others.emplace_back(id);
    for (const auto& id : others) group.kill(id);
    const Outcome lost;
    const auto before = group.disk(dead).entries();
    group.at(dead).replica->commit(block(100), lost.done());
    REQUIRE(group.until([&] { return group.disk(dead).entries() == before + 1; }));
    group.kill(dead);
    CHECK(lost.arrived());
    CHECK_FALSE(lost.good());

    for (const auto& id : others) group.start(id);
    REQUIRE(group.commit(block(2)));
    group.start(dead);
    REQUIRE(group.all_reach(2));
    REQUIRE(group.until([&] { return group.log(dead) == group.log(others.front()); }));
    CHECK(group.holds_all(dead));
}

TEST_CASE("a member is added as voter, counts, and is removed again", "[replica][group]") {
    Group group;
    group.found({"a"});
    for (std::uint64_t number = 1; number <= 70; ++number) REQUIRE(group.commit(block(number)));
    group.start("b");
    CHECK(group.change(consensus::Change::add_voter, "b") == "ok");
    REQUIRE(group.all_reach(70));
    CHECK(group.at("b").replica->membership().servers.size() == 2);

    group.kill("b");  // a quorum of two needs it
    const Outcome waiting;
    group.at("a").replica->commit(block(71), waiting.done());
    CHECK_FALSE(group.until([&] { return waiting.good(); }, 1s));
    group.start("b");
    REQUIRE(group.commit(block(72)));

    CHECK(group.change(consensus::Change::remove_server, group.leader() == "b" ? "a" : "b") == "ok");
    const auto stays = group.leader();
    const std::string gone = stays == "a" ? "b" : "a";
    CHECK(group.at(stays).replica->membership().servers.size() == 1);
    CHECK(group.until([&] { return group.at(gone).replica->membership().servers.size() == 1; }));
    REQUIRE(group.commit(block(73)));
    group.run_for(1500ms);  // beyond the farewell: nobody feeds it any more
    REQUIRE(group.commit(block(74)));
    CHECK(group.at(gone).replica->head().head()->number < BlockNumber{74});
}

TEST_CASE("a leader that removes itself is told that it is done", "[replica][group][C-75]") {
    Group group;
    group.found({"a", "b", "c"});
    REQUIRE(group.commit(block(1)));
    const auto gone = group.leader();
    CHECK(group.change(consensus::Change::remove_server, gone) == "ok");
    CHECK(group.until([&] { return !group.leading().empty() && group.leading() != gone; }));
    REQUIRE(group.commit(block(2)));
}

TEST_CASE("leadership is handed to a named member", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    REQUIRE(group.commit(block(1)));
    const auto target = group.follower();
    std::optional<bool> handed;
    group.at(group.leader()).replica->transfer(ServerId{target}, [&](const auto& result) {
        handed = result.has_value();
    });
    REQUIRE(group.until([&] { return handed.has_value(); }));
    CHECK(*handed);
    CHECK(group.until([&] { return group.leading() == target; }));
    REQUIRE(group.commit(block(2)));
}

TEST_CASE("a follower whose disk hangs answers heartbeats, but acknowledges nothing", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    REQUIRE(group.commit(block(1)));
    REQUIRE(group.all_reach(1));
    const auto leads = group.leader();
    const auto slow = group.follower();
    for (const std::string id : {"a", "b", "c"})
        if (id != leads && id != slow) group.kill(id);
    group.disk(slow).hang();
    const Outcome outcome;
    group.at(leads).replica->commit(block(2), outcome.done());
    REQUIRE(group.until([&] { return group.disk(slow).hangs(); }));

    CHECK_FALSE(group.until([&] { return !group.at(leads).replica->leads(); }, 2s));  // four leases
    CHECK_FALSE(outcome.arrived());
    group.disk(slow).resume();
    REQUIRE(group.commit(block(3)));
}

TEST_CASE("a member whose disk has failed is mute, and the others go on", "[replica][group]") {
    Group group;
    group.found({"a", "b", "c"});
    REQUIRE(group.commit(block(1)));
    REQUIRE(group.all_reach(1));
    const auto broken = group.follower();
    group.disk(broken).fail_next(storage::StoreErrc::no_space);
    for (std::uint64_t number = 2; number <= 10; ++number) REQUIRE(group.commit(block(number)));
    CHECK(group.until([&] { return group.at(broken).failed; }));
    CHECK(group.at(broken).replica->not_ready() == "store is mute");
    REQUIRE(group.all_reach(10));
    CHECK(group.at(broken).replica->head().head()->number < BlockNumber{10});
}

TEST_CASE("a member that cannot read its head any more has it put back by the leader, and ends nothing",
          "[replica][group][corrupt]") {
    Group group;
    group.found({"a", "b", "c"});
    for (std::uint64_t number = 1; number <= 5; ++number) REQUIRE(group.commit(block(number)));
    REQUIRE(group.all_reach(5));
    const auto whole = group.log("a");
    const auto broken = group.follower();
    REQUIRE(group.until([&] { return group.log(broken).size() == whole.size(); }));
    group.kill(broken);
    const auto newest = std::ranges::find_if(whole.rbegin(), whole.rend(), [](const auto& entry) {
                            return entry.type == consensus::EntryType::command;
                        })->position.index;
    group.disk(broken).rot(newest);
    group.start(broken);
    CHECK(group.all_reach(5));
    CHECK_FALSE(group.at(broken).failed);
    CHECK(group.until([&] { return group.at(broken).replica->not_ready().empty(); }));
    auto mended = group.log(broken);
    REQUIRE(mended.size() >= whole.size());
    mended.resize(whole.size());  // behind it the leader has written why it did not count this member
    CHECK(mended == whole);
    REQUIRE(group.commit(block(6)));
    CHECK(group.all_reach(6));
}

TEST_CASE("a leader that cannot read what a member lacks sends its snapshot, and leads on",
          "[replica][group][corrupt]") {
    Group group{{.cache_octets = 4096}};
    group.found({"a", "b", "c"});
    const auto away = group.follower();
    const auto leads = group.leader();
    group.kill(away);
    for (std::uint64_t number = 1; number <= 40; ++number) REQUIRE(group.commit(block(number)));
    REQUIRE(group.leader() == leads);
    group.disk(leads).rot(LogIndex{10});
    group.start(away);
    REQUIRE(group.all_reach(40));
    CHECK(group.leader() == leads);
    CHECK_FALSE(group.at(leads).failed);
    CHECK(group.snapshot(leads).has_value());
    REQUIRE(group.commit(block(41)));
    CHECK(group.all_reach(41));
}

TEST_CASE("a received snapshot becomes the head before it is acknowledged", "[replica][group][C-62]") {
    MemoryDisk disk;
    Overheard links;
    boost::asio::io_context core;
    Options options;
    options.raft.self = {ServerId{"a"}, "10.0.0.1:50050"};
    Replica replica{core, options, disk.open(), links, {}};
    bool ready = false;
    replica.start([&] { ready = true; });
    const auto turn_until = [&](const auto& condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            core.restart();
            core.run_one_for(5ms);
        }
        return condition();
    };

    replica.receive({consensus::Exchange{1}, leader_b, snapshot_of(block(7).ssz), {}});
    CHECK(links.hung_up == std::vector{consensus::Exchange{1}});  // the log is not even open
    REQUIRE(turn_until([&] { return ready; }));

    replica.receive({consensus::Exchange{2}, leader_b, snapshot_of(Bytes::copy_of("no payload")), {}});
    REQUIRE(links.posted.size() == 1);
    const auto& refused = std::get<consensus::ErrorReply>(links.posted.front().message);
    CHECK(refused.text.starts_with("failed to restore snapshot 2-20: "));
    CHECK_FALSE(replica.head().head().has_value());

    disk.hang();
    replica.receive({consensus::Exchange{3}, leader_b, snapshot_of(block(7).ssz), {}});
    REQUIRE(replica.head().head().has_value());
    CHECK(replica.head().head()->number == BlockNumber{7});
    CHECK(replica.applied_index() == LogIndex{20});
    CHECK(links.configuration.servers.size() == 1);
    CHECK(links.posted.size() == 1);
    disk.resume();
    REQUIRE(turn_until([&] { return links.posted.size() == 2; }));
    CHECK(std::get<consensus::SnapshotReply>(links.posted.back().message).success);
    replica.stop(5s);
    core.restart();
    core.poll();
}

namespace {

/// Three voters whose patience with a silent leader outlasts every limit of these tests.
void three_patient_voters(Group& group) {
    group.found({"a"});
    for (const auto* id : {"b", "c"}) {
        group.start(id);
        REQUIRE(group.until([&] { return group.at(id).ready; }));
        REQUIRE(group.change(consensus::Change::add_voter, id) == "ok");
    }
    REQUIRE(group.commit(block(1)));
}

}  // namespace

TEST_CASE("a leader whose port refuses is replaced long before patience ends", "[replica][group][C-91]") {
    Group group{{.patience = 60s, .lease = 3s}};
    three_patient_voters(group);
    group.kill("a");
    CHECK(group.until([&] { return !group.leading().empty(); }));
    CHECK(group.commit(block(2)));
    CHECK(group.holds_all(group.leading()));
}

TEST_CASE("without fast failover a leader that was killed is waited for as any silent one",
          "[replica][group][C-91]") {
    Group group{{.patience = 60s, .lease = 3s, .fast_failover = false}};
    three_patient_voters(group);
    group.kill("a");
    group.run_for(5s);
    CHECK(group.leading().empty());
    for (const auto* id : {"b", "c"}) CHECK(group.at(id).replica->leader().id == ServerId{"a"});
}
