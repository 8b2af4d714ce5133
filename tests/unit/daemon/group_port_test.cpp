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
