// The group's lane over a real replica, alone in its group.
#include "core/daemon/group_port.hpp"

#include "tests/unit/daemon/rig.hpp"
#include "tests/unit/replica/one_node.hpp"

using namespace conductor;
using namespace conductor::daemon;
using conductor::daemon::test::Told;
using conductor::replica::test::block;
using conductor::replica::test::MemoryDisk;
using conductor::replica::test::Node;
using control::FailureKind;
using namespace std::chrono_literals;

namespace {

class Group {
public:
    Group() { port.open(*node.replica); }
    Told ask(control::Task task) {
        Told told;
        port.make({control::Call{++calls_}, std::move(task), 5s}, told.done());
        REQUIRE(node.until([&] { return told.arrived(); }));
        return told;
    }

private:
    std::uint64_t calls_{0};
    MemoryDisk disk_;

public:
    Node node{disk_};
    PayloadShelf shelf;
    GroupPort port{ServerId{"a"}, shelf};
};

/// A node that has bootstrapped a group of four, alone, with a strategy.
class Strategic {
public:
    Strategic(const std::string& library, const std::string& id) : instance_{world_.make(library, id, {})} {
        REQUIRE(world_.open(*instance_));
        REQUIRE(node_.until([&] { return node_.ready; }));
        consensus::Configuration four;
        for (const auto* name : {"a", "b", "c", "d"})
            four.servers.push_back({ServerId{name},
                                    "10.0.0." + std::to_string(four.servers.size() + 1) + ":50050",
                                    consensus::Suffrage::voter});
        node_.replica->bootstrap(four, [](auto) {});
        REQUIRE(node_.until([&] { return node_.replica->membership().servers.size() == 4; }));
        port_.open(*node_.replica);
        port_.rank_by(strategy_, [this] { return view; });
    }
    ~Strategic() { world_.close(*instance_); }
    Strategic(const Strategic&) = delete;
    Strategic& operator=(const Strategic&) = delete;

    control::Ranked ranked(std::vector<control::FailedTarget> failed = {}) {
        const Told told;
        port_.make({control::Call{1}, control::RankTargets{control::Cause::unhealthy, std::move(failed)}, 5s},
                   told.done());
        REQUIRE(world_.core.run_until([&] { return told.arrived(); }));
        return told.as<control::Ranked>();
    }

    peers::View view;

private:
    plugin::test::World world_;
    std::unique_ptr<plugin::Instance> instance_;
    plugin::LeaderTransfer strategy_{*instance_};
    MemoryDisk disk_;
    Node node_{disk_};
    PayloadShelf shelf_;
    GroupPort port_{ServerId{"a"}, shelf_};
};

peers::Row saying(const std::string& id, peers::Health health) {
    peers::Row row;
    row.member = {ServerId{id}, true, peers::Reach::configured};
    row.known = row.asked = true;
    row.age = 100ms;
    row.status.health = health;
    row.status.paused = peers::Says::no;
    row.status.ready = peers::Says::yes;
    return row;
}

peers::Head head_of(const payload::Envelope& envelope) {
    return {envelope.number, envelope.hash};
}

}  // namespace

TEST_CASE("before there is a replica this node leads nobody", "[daemon][group]") {
    PayloadShelf shelf;
    GroupPort port{ServerId{"a"}, shelf};
    const Told told;
    port.make({control::Call{1}, control::ConfirmLead{}, 5s}, told.done());
    CHECK(told.as<control::Failed>().kind == FailureKind::not_leader);
}

TEST_CASE("a leader's confirmation carries term, head and the first number of the ring",
          "[daemon][group][I-2]") {
    Group group;
    group.node.bootstrap();
    const auto empty = group.ask(control::ConfirmLead{}).as<control::Confirmed>();
    CHECK(empty.term == Term{2});
    CHECK_FALSE(empty.head.has_value());
    REQUIRE(group.node.committed(block(5)) == "ok");
    const auto full = group.ask(control::ConfirmLead{}).as<control::Confirmed>();
    CHECK(full.head == head_of(block(5)));
    CHECK(full.ring_from == BlockNumber{5});
}

TEST_CASE("a follower cannot confirm", "[daemon][group]") {
    Group group;
    REQUIRE(group.node.until([&] { return group.node.ready; }));
    CHECK(group.ask(control::ConfirmLead{}).as<control::Failed>().kind == FailureKind::not_leader);
}

TEST_CASE("what was fetched is committed as an ordinary entry, once", "[daemon][group][5.5.4]") {
    Group group;
    group.node.bootstrap();
    const auto payload = block(9);
    group.shelf.put(payload);
    (void)group.ask(control::CommitPayload{head_of(payload)}).as<control::Done>();
    CHECK(group.node.head() == 9);
    const auto again = group.ask(control::CommitPayload{head_of(payload)}).as<control::Failed>();
    CHECK(again.text == "the payload that was fetched is gone");
}

TEST_CASE("without a strategy nobody is named, and consensus finds no peer", "[daemon][group][S-24]") {
    Group group;
    group.node.bootstrap();
    CHECK(group.ask(control::RankTargets{control::Cause::unhealthy, {}}).as<control::Ranked>().targets.empty());
    CHECK(group.ask(control::TransferLead{}).as<control::Failed>().text == "cannot find peer");
}

TEST_CASE("the strategy reads the table of the other conductors, and what it names is tried in its order",
          "[daemon][group][P-9][P-47]") {
    Strategic group{"transfer-health-aware", "io.conductord.health-aware"};
    group.view.rows = {saying("b", peers::Health::unhealthy), saying("c", peers::Health::stalled),
                       saying("d", peers::Health::healthy)};
    CHECK(group.ranked().targets == std::vector{ServerId{"d"}, ServerId{"c"}});
    CHECK(group.ranked({{ServerId{"d"}, 5s}}).targets == std::vector{ServerId{"c"}, ServerId{"d"}});
    group.view.rows.clear();
    CHECK(group.ranked().targets.empty());
}

TEST_CASE("op-conductor's own strategy brings its words", "[daemon][group][5.7]") {
    Strategic group{"transfer-round-robin", "io.conductord.round-robin"};
    const auto ranked = group.ranked();
    CHECK(ranked.targets == std::vector{ServerId{"b"}, ServerId{"c"}, ServerId{"d"}});
    REQUIRE(ranked.round_robin.has_value());
    CHECK(ranked.round_robin->voters == 4);
    CHECK(ranked.round_robin->addresses.back() == "10.0.0.4:50050");
}

TEST_CASE("what is told of this node before there is a replica reaches consensus all the same",
          "[daemon][group][P-2]") {
    MemoryDisk disk;
    {
        Node first{disk};
        first.bootstrap();
    }
    Node node{disk};
    PayloadShelf shelf;
    GroupPort port{ServerId{"a"}, shelf};
    port.set_eligibility({false, false, "paused"});
    port.open(*node.replica);
    // A sole voter leads nevertheless: somebody has to (P-2 c).
    CHECK(node.until([&] { return node.replica->leads(); }));
}
