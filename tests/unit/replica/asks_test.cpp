// What control and operators ask of a group, over a group of one.
#include "core/replica/replica.hpp"

#include "core/payload/transcode.hpp"
#include "tests/unit/replica/one_node.hpp"

using namespace conductor;
using namespace conductor::replica;
using namespace conductor::replica::test;
using namespace std::chrono_literals;

namespace {

/// What an ask comes back with.
template <class T, class E = AskError>
class Reply {
public:
    [[nodiscard]] std::function<void(Result<T, E>)> done() const {
        return [result = result_](Result<T, E> answer) {
            REQUIRE_FALSE(result->has_value());
            result->emplace(std::move(answer));
        };
    }
    [[nodiscard]] bool arrived() const { return result_->has_value(); }
    [[nodiscard]] std::string text() const {
        if (!arrived()) return "no answer";
        return (*result_)->has_value() ? "ok" : (*result_)->error().text;
    }
    [[nodiscard]] const Result<T, E>& operator*() const { return **result_; }

private:
    std::shared_ptr<std::optional<Result<T, E>>> result_ = std::make_shared<std::optional<Result<T, E>>>();
};

Standing confirmed(Node& node) {
    const Reply<Standing> reply;
    node.replica->confirm(reply.done());
    REQUIRE(node.until([&] { return reply.arrived(); }));
    REQUIRE(reply.text() == "ok");
    return **reply;
}

std::string payload_text(Node& node, std::uint64_t number) {
    const Reply<std::string, Complaint> reply;
    node.replica->payload_json(BlockNumber{number}, reply.done());
    REQUIRE(node.until([&] { return reply.arrived(); }));
    return (*reply).has_value() ? **reply : "error: " + reply.text();
}

/// The same block on another parent.
payload::Envelope on_parent(const payload::Envelope& envelope, const BlockHash& parent) {
    std::vector<std::uint8_t> ssz{envelope.ssz.span().begin(), envelope.ssz.span().end()};
    std::ranges::copy(parent.bytes, ssz.begin() + 32);
    return *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
}

/// Commits blocks `from` to `to`, each on the one before.
void commit_chain(Node& node, std::uint64_t from, std::uint64_t to) {
    BlockHash parent;
    for (auto number = from; number <= to; ++number) {
        const auto next = on_parent(block(number), parent);
        REQUIRE(next.parent == parent);
        REQUIRE(node.committed(next) == "ok");
        parent = next.hash;
    }
}

}  // namespace

TEST_CASE("a leader confirms its term and what is committed", "[replica][asks][5.5]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    const auto empty = confirmed(node);
    CHECK(empty.term == Term{2});
    CHECK_FALSE(empty.head.has_value());
    CHECK_FALSE(empty.ring_from.has_value());

    commit_chain(node, 10, 13);
    const auto full = confirmed(node);
    REQUIRE(full.head.has_value());
    CHECK(full.head->number == BlockNumber{13});
    CHECK(full.ring_from == BlockNumber{10});
}

TEST_CASE("the ring reaches only as far as its payloads are one chain", "[replica][asks][5.5.4]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(10)) == "ok");  // on a parent that nobody has
    commit_chain(node, 11, 12);                  // 11 stands on another block than our 10
    CHECK(confirmed(node).ring_from == BlockNumber{11});
}

TEST_CASE("what was committed before the question is applied before the answer", "[replica][asks][I-2]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    const auto commit = node.commit(block(7));
    REQUIRE(node.until([&] { return commit.arrived(); }));
    const auto standing = confirmed(node);
    REQUIRE(standing.head.has_value());
    CHECK(standing.head->number == BlockNumber{7});
}

TEST_CASE("who does not lead confirms nothing and hands nothing over", "[replica][asks]") {
    MemoryDisk disk;
    Node node{disk};
    REQUIRE(node.until([&] { return node.ready; }));
    const Reply<Standing> read;
    node.replica->confirm(read.done());
    CHECK(read.text() == "node is not the leader");
    const Reply<void> transfer;
    node.replica->transfer({}, transfer.done());
    CHECK(transfer.text() == "node is not the leader");
    REQUIRE(transfer.arrived());
    CHECK((*transfer).error().why == consensus::Refusal::not_leader);
}

TEST_CASE("a sole voter finds nobody to lead in its place", "[replica][asks][S-24]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    const Reply<void> anybody;
    node.replica->transfer({}, anybody.done());
    CHECK(anybody.text() == "cannot find peer");
    const Reply<void> itself;
    node.replica->transfer(ServerId{"a"}, itself.done());
    CHECK(itself.text() == "cannot transfer leadership to itself");
    CHECK(node.replica->leads());
}

TEST_CASE("a change of the members is answered when it is committed, and moves the version",
          "[replica][asks][3.4]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");
    const auto before = node.replica->membership().version;

    disk.hang();
    const Reply<void> added;
    node.replica->change(consensus::Change::add_nonvoter, ServerId{"b"}, "10.0.0.2:50050", before,
                         added.done());
    REQUIRE(node.until([&] { return disk.hangs(); }));
    CHECK_FALSE(added.arrived());
    disk.resume();
    REQUIRE(node.until([&] { return added.arrived(); }));
    CHECK(added.text() == "ok");
    CHECK(node.replica->membership().servers.size() == 2);

    const Reply<void> stale;
    node.replica->change(consensus::Change::remove_server, ServerId{"b"}, {}, before, stale.done());
    REQUIRE(node.until([&] { return stale.arrived(); }));
    CHECK(stale.text().starts_with("configuration changed since "));
}

TEST_CASE("a change that the disk does not take is answered when leadership goes", "[replica][asks][3.4.4]") {
    MemoryDisk disk;
    Node node{disk, 200ms};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");
    disk.hang();
    const Reply<void> added;
    node.replica->change(consensus::Change::add_nonvoter, ServerId{"b"}, "10.0.0.2:50050", {}, added.done());
    REQUIRE(node.until([&] { return added.arrived(); }));
    CHECK(added.text() == "leadership lost while committing log");
    disk.resume();
}

TEST_CASE("payloads of the ring come back as JSON, from memory and from disk", "[replica][asks][5.5.5]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    commit_chain(node, 10, 13);
    for (const std::uint64_t number : {10U, 13U}) {
        const auto decoded = payload::envelope_from_json(payload_text(node, number), {});
        REQUIRE(decoded.has_value());
        CHECK(decoded->number == BlockNumber{number});
    }
    CHECK(payload_text(node, 9) == "error: payload 9 is not in the ring");
}

TEST_CASE("a payload that the disk gives back as another one is not handed out", "[replica][asks]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    commit_chain(node, 10, 11);
    disk.overwrite(LogIndex{3}, sibling_of(block(10)).ssz);
    CHECK(payload_text(node, 10) == "error: payload 10 is another one in the log");
}

TEST_CASE("stop answers whoever asked", "[replica][asks]") {
    MemoryDisk disk;
    Node node{disk};
    node.bootstrap();
    REQUIRE(node.committed(block(1)) == "ok");
    node.replica->stop(2s);
    const Reply<Standing> late;
    node.replica->confirm(late.done());
    CHECK(late.text() == "raft is already shutdown");
}
