// The shell around the protocol, on real threads, over a disk that hangs and fails when told to.
#include "core/replica/replica.hpp"

#include "tests/unit/replica/one_node.hpp"

using namespace conductor;
using namespace conductor::replica;
using namespace conductor::replica::test;
using namespace std::chrono_literals;

TEST_CASE("a bootstrapped voter leads in term 2 and commits", "[replica][C-84]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();

    CHECK(node.elected == std::vector{Term{2}});
    CHECK(node.committed(block(100)) == "ok");
    CHECK(node.head() == 100);
    CHECK(node.replica->membership().servers.size() == 1);
    CHECK(node.replica->leader().id == ServerId{"a"});
    CHECK(node.replica->not_ready().empty());
}

TEST_CASE("before it is bootstrapped a node refuses commits as a follower does", "[replica]") {
    MemoryDisk disk;
    Node node{disk};
    REQUIRE(node.until([&] { return node.ready; }));
    CHECK(node.committed(block(100)) == "node is not the leader");
    CHECK(disk.entries() == 0);
}

TEST_CASE("a second bootstrap is refused and harmless", "[replica][C-85]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    std::optional<consensus::Refusal> refusal;
    node.replica->bootstrap({{{ServerId{"a"}, "10.0.0.1:50050", consensus::Suffrage::voter}}},
                            [&](auto why) { refusal = why; });
    CHECK(node.until([&] { return refusal.has_value(); }));
    CHECK(refusal == consensus::Refusal::already_bootstrapped);
    CHECK(node.committed(block(1)) == "ok");
}

TEST_CASE("nothing is acknowledged before it is on disk", "[replica][durability]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");

    disk.hang();
    const auto outcome = node.commit(block(2));
    REQUIRE(node.until([&] { return disk.hangs(); }));
    CHECK_FALSE(node.until([&] { return outcome.arrived(); }, 100ms));
    CHECK(node.head() == 1);

    disk.resume();
    REQUIRE(node.until([&] { return outcome.arrived(); }));
    CHECK(outcome.good());
    CHECK(node.head() == 2);
}

TEST_CASE("what queues up behind a slow write becomes one batch", "[replica][durability]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");

    disk.hang();
    std::vector<Outcome> outcomes;
    for (std::uint64_t i = 0; i < 20; ++i) outcomes.push_back(node.commit(block(2 + i)));
    REQUIRE(node.until([&] { return disk.hangs(); }));
    (void)node.until([] { return false; }, 50ms);
    const auto before = disk.batches();
    disk.resume();

    REQUIRE(
        node.until([&] { return std::ranges::all_of(outcomes, [](const auto& o) { return o.arrived(); }); }));
    CHECK(disk.batches() <= before + 2);
    CHECK(node.head() == 21);
}

TEST_CASE("after a failed write the node is mute for ever", "[replica][P-52][S-68]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");  // the no-op of this term is behind us

    disk.fail_next(storage::StoreErrc::io);
    const auto outcome = node.commit(block(2));
    REQUIRE(node.until([&] { return outcome.arrived(); }));

    REQUIRE_FALSE(outcome.good());
    CHECK(outcome.error().outcome_unknown);
    REQUIRE(node.failure.has_value());
    CHECK(node.failure->code == storage::StoreErrc::io);
    CHECK_FALSE(node.replica->leads());
    CHECK(node.replica->not_ready() == "store is mute");
    CHECK(node.committed(block(3)) == "raft is already shutdown");
    CHECK(disk.entries() == 3);  // bootstrap, no-op and the first block: nothing was written after the failure
}

TEST_CASE("a write that hangs ends leadership, and a quick probe restores it", "[replica][P-52]") {
    MemoryDisk disk;
    Node node{disk, 200ms};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");

    disk.hang();
    const auto outcome = node.commit(block(2));
    REQUIRE(node.until([&] { return !node.replica->leads(); }, 1s));
    CHECK(node.step_downs == 1);
    CHECK(node.replica->not_ready() == "store is mute");
    CHECK_FALSE(node.failure.has_value());
    CHECK(node.committed(block(3)) == "node is not the leader");

    disk.resume();
    REQUIRE(node.until([&] { return node.replica->leads(); }, 10s));
    CHECK(node.replica->not_ready().empty());
    CHECK(node.committed(block(4)) == "ok");
}

TEST_CASE("a sibling of the newest payload is refused, applied or in flight", "[replica][P-51][S-67]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(5)) == "ok");
    CHECK(node.committed(sibling_of(block(5))) == "conflicting payload at head");
    CHECK(node.committed(block(5)) == "ok");  // the same one again is a retry

    disk.hang();
    const auto first = node.commit(block(6));
    REQUIRE(node.until([&] { return disk.hangs(); }));
    const auto sibling = node.commit(sibling_of(block(6)));
    REQUIRE(node.until([&] { return sibling.arrived(); }));
    REQUIRE_FALSE(sibling.good());
    CHECK(sibling.error().text == "conflicting payload at head");
    disk.resume();
    REQUIRE(node.until([&] { return first.arrived(); }));
    CHECK(first.good());
    CHECK(node.replica->figures().siblings_refused == 2);
    CHECK(node.siblings == 2);
}

TEST_CASE("a payload that comes again while it is in flight waits with the first and is not written twice",
          "[replica][8.2.1][S-67]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(5)) == "ok");
    const auto entries = disk.entries();
    disk.hang();
    const auto first = node.commit(block(6));
    REQUIRE(node.until([&] { return disk.hangs(); }));
    const auto other = node.commit(block(7));
    const auto again = node.commit(block(6));
    CHECK_FALSE(node.until([&] { return first.arrived() || again.arrived(); }, 100ms));
    disk.resume();
    REQUIRE(node.until([&] { return first.arrived() && other.arrived() && again.arrived(); }));
    CHECK(first.good());
    CHECK(other.good());
    CHECK(again.good());
    CHECK(disk.entries() == entries + 2);
    CHECK(node.head() == 7);
}

TEST_CASE("a payload that claims the hash of one in flight, and is another, is written itself",
          "[replica][8.2.1]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(5)) == "ok");
    const auto entries = disk.entries();
    disk.hang();
    const auto one = block(6);
    std::vector<std::uint8_t> ssz{one.ssz.span().begin(), one.ssz.span().end()};
    ssz[64] ^= 1;  // of the fee recipient
    const auto other = payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
    REQUIRE(other.has_value());
    REQUIRE(other->hash == one.hash);
    const auto first = node.commit(one);
    const auto second = node.commit(*other);
    REQUIRE(node.until([&] { return disk.hangs(); }));
    disk.resume();
    REQUIRE(node.until([&] { return first.arrived() && second.arrived(); }));
    CHECK(disk.entries() == entries + 2);
}

TEST_CASE("who waits with the first for a payload is told what becomes of it", "[replica][8.2.1][S-67]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(5)) == "ok");
    disk.hang();
    const auto first = node.commit(block(6));
    REQUIRE(node.until([&] { return disk.hangs(); }));
    const auto again = node.commit(block(6));
    disk.fail_next(storage::StoreErrc::io);
    disk.resume();
    REQUIRE(node.until([&] { return first.arrived() && again.arrived(); }));
    CHECK_FALSE(first.good());
    CHECK_FALSE(again.good());
    CHECK(again.error().outcome_unknown);
}

TEST_CASE("a lower number is acknowledged, counted, and moves nothing", "[replica]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(9)) == "ok");
    CHECK(node.committed(block(8)) == "ok");
    CHECK(node.head() == 9);
    CHECK(node.replica->figures().not_newer == 1);
}

TEST_CASE("after a restart the head is back, for the price of one body", "[replica][recovery]") {
    MemoryDisk disk;
    {
        Node node{disk};
        node.bootstrap();
        for (std::uint64_t number = 1; number <= 50; ++number) REQUIRE(node.committed(block(number)) == "ok");
        REQUIRE(node.committed(block(7)) == "ok");  // not newer: must not become head later
    }
    Node node{disk};
    REQUIRE(node.until([&] { return node.replica->leads() && node.head() == 50; }));
    CHECK(disk.bodies_read() == 1);
    CHECK(node.replica->ring().by_number(BlockNumber{30}).has_value());
    CHECK(node.committed(sibling_of(block(50))) == "conflicting payload at head");
    CHECK(node.committed(block(51)) == "ok");
}

TEST_CASE("an entry of the log that does not decode is passed over at replay", "[replica][recovery]") {
    MemoryDisk disk;
    {
        Node node{disk};
        node.bootstrap();
        REQUIRE(node.committed(block(1)) == "ok");
        REQUIRE(node.committed(block(2)) == "ok");
    }
    auto damaged = block(2).ssz;
    disk.overwrite(LogIndex{4}, damaged.slice(0, damaged.size() - 1));  // number and hash still read well
    Node node{disk};
    REQUIRE(node.until([&] { return node.head() == 1; }));
    CHECK(node.committed(block(2)) == "ok");
    CHECK(node.head() == 2);
}

TEST_CASE("stop answers whoever waits, and what was not on disk is unknown", "[replica]") {
    MemoryDisk disk;
    {
        Node node{disk};
        node.bootstrap();
        REQUIRE(node.committed(block(1)) == "ok");  // nothing else is on its way to the disk when it hangs
        disk.hang();
        const auto outcome = node.commit(block(2));
        REQUIRE(node.until([&] { return disk.hangs(); }));
        node.replica->stop(50ms);
        REQUIRE(outcome.arrived());
        CHECK(outcome.error().outcome_unknown);
        CHECK(node.committed(block(3)) == "raft is already shutdown");
    }
    disk.resume();
    CHECK(disk.closes());
}

TEST_CASE("a sole voter that cannot read its newest block leads again on the operator's word, without it",
          "[replica][corrupt]") {
    MemoryDisk disk;
    LogIndex newest;
    {
        Node node{disk};
        node.bootstrap();
        for (std::uint64_t number = 1; number <= 3; ++number) REQUIRE(node.committed(block(number)) == "ok");
        newest = node.replica->raft().last().index;
    }
    disk.rot(newest);
    {
        Node node{disk};
        REQUIRE(node.until([&] { return !node.unreadable.empty(); }));
        CHECK_FALSE(node.until([&] { return node.replica->leads(); }, 500ms));
    }
    {
        Node node{disk, 2000ms, true};
        REQUIRE(node.until([&] { return node.replica->leads() && node.head() == 2; }));
        CHECK(node.unreadable == std::set{newest});
        CHECK(node.committed(block(4)) == "ok");
    }
    Node node{disk};  // a snapshot of its own stands for the hole by now
    CHECK(node.until([&] { return node.replica->leads() && node.head() == 4; }));
    CHECK(node.unreadable.empty());
}
