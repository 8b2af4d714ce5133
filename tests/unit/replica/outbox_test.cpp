#include "core/replica/outbox.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/replica/memory_store.hpp"
#include "tests/unit/replica/one_node.hpp"
#include "tests/unit/replica/overheard.hpp"

using namespace conductor;
using namespace conductor::replica;
using namespace conductor::replica::test;
using namespace std::chrono_literals;

namespace {

const ServerId follower{"b"};

wire::EncodedEntry noop_at(std::uint64_t index) {
    consensus::Entry entry;
    entry.position = {Term{2}, LogIndex{index}};
    entry.type = consensus::EntryType::noop;
    return wire::encode_entry(entry);
}

/// An outbox over a disk that holds entries 1 to 4, the last two of which are in memory too.
struct Post {
    Post() {
        storage::StoreWrite write;
        for (std::uint64_t index = 1; index <= 4; ++index) write.entries.push_back(noop_at(index));
        for (std::uint64_t index = 3; index <= 4; ++index) cache.put(noop_at(index));
        bool written = false;
        worker.write(std::move(write), [&written](const auto&) { written = true; });
        REQUIRE(until([&] { return written; }));
    }
    ~Post() {
        disk.resume();
        (void)worker.stop(5s);
        core.restart();
        core.poll();
    }

    template <class Condition>
    bool until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            core.restart();
            core.run_one_for(5ms);
        }
        return condition();
    }
    /// From now on the disk thread hangs in a write.
    void hang() {
        disk.hang();
        worker.write({}, [](const auto&) {});
        REQUIRE(until([&] { return disk.hangs(); }));
    }
    void append(std::uint64_t exchange, std::uint64_t first, std::uint64_t count) {
        consensus::AppendRequest ask;
        ask.first = LogIndex{first};
        ask.count = count;
        outbox.post({follower, consensus::Exchange{exchange}, ask});
    }
    std::vector<std::uint64_t> posted() const {
        std::vector<std::uint64_t> exchanges;
        for (const auto& envelope : links.posted) exchanges.push_back(envelope.exchange.value());
        return exchanges;
    }

    boost::asio::io_context core;
    MemoryDisk disk;
    EntryCache cache{1 << 20};
    Overheard links;
    DiskWorker worker{core, disk.open()};
    std::vector<std::uint64_t> lost;
    std::optional<storage::StoreError> failure;
    std::optional<LogIndex> unreadable;
    Outbox outbox{{core, cache, worker, links},
                  {[this](const ServerId&, consensus::Exchange exchange, const std::string&) {
                       lost.push_back(exchange.value());
                   },
                   [this](LogIndex index, const auto&) { unreadable = index; },
                   [this](const storage::StoreError& error) { failure = error; }}};
};

}  // namespace

TEST_CASE("entries in memory leave at once, and heartbeats pass those that wait for the disk",
          "[replica][outbox]") {
    Post post;
    post.hang();
    post.append(1, 3, 2);
    CHECK(post.posted() == std::vector<std::uint64_t>{1});
    CHECK(post.links.freights.front().entries.size() == 2);
    post.append(2, 1, 3);
    consensus::AppendRequest beat;
    beat.heartbeat = true;
    post.outbox.post({follower, consensus::Exchange{3}, beat});
    post.outbox.post({follower, consensus::Exchange{4}, consensus::VoteReply{}});
    CHECK(post.posted() == std::vector<std::uint64_t>{1, 3, 4});
}

TEST_CASE("what follows entries that are still being read leaves behind them", "[replica][outbox]") {
    Post post;
    post.hang();
    post.append(1, 1, 3);
    post.append(2, 4, 1);
    post.append(3, 5, 0);
    CHECK(post.links.posted.empty());
    post.disk.resume();
    REQUIRE(post.until([&] { return post.links.posted.size() == 3; }));
    CHECK(post.posted() == std::vector<std::uint64_t>{1, 2, 3});
    std::vector<std::uint64_t> indices;
    for (const auto& freight : post.links.freights)
        for (const auto& entry : freight.entries) indices.push_back(entry.facts.position.index.value());
    CHECK(indices == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("an entry that cannot be read is named, and what waits for the same member is lost",
          "[replica][outbox][corrupt]") {
    Post post;
    post.disk.rot(LogIndex{2});
    post.hang();
    post.append(1, 1, 3);
    post.append(2, 4, 1);
    post.disk.resume();
    REQUIRE(post.until([&] { return post.lost.size() == 2; }));
    CHECK(post.unreadable == LogIndex{2});
    CHECK(post.links.posted.empty());
    CHECK_FALSE(post.failure.has_value());
    post.append(3, 4, 1);
    CHECK(post.posted() == std::vector<std::uint64_t>{3});
}

TEST_CASE("what waits for the disk is bounded, and what is forgotten never leaves", "[replica][outbox]") {
    Post post;
    post.hang();
    for (std::uint64_t exchange = 1; exchange <= 10; ++exchange) post.append(exchange, 1, 1);
    REQUIRE(post.until([&] { return post.lost.size() == 4; }));
    CHECK(post.lost == std::vector<std::uint64_t>{7, 8, 9, 10});
    post.outbox.forget(follower);
    post.append(11, 2, 1);
    post.disk.resume();
    REQUIRE(post.until([&] { return !post.links.posted.empty(); }));
    CHECK(post.posted() == std::vector<std::uint64_t>{11});
}

TEST_CASE("a snapshot leaves with its own payload, or not at all", "[replica][outbox]") {
    Post post;
    storage::StoreWrite write;
    write.snapshot = consensus::SnapshotMark{{Term{2}, LogIndex{2}}, {}, LogIndex{1}, LogIndex{1}};
    write.snapshot_payload = Bytes::copy_of("the head");
    post.worker.write(std::move(write), [](const auto&) {});
    post.outbox.snapshot_written({Term{2}, LogIndex{2}});
    consensus::SnapshotRequest ask;
    ask.last = {Term{2}, LogIndex{2}};
    post.outbox.post({follower, consensus::Exchange{1}, ask});
    REQUIRE(post.until([&] { return post.links.posted.size() == 1; }));
    CHECK(post.links.freights.front().payload == Bytes::copy_of("the head"));

    post.outbox.snapshot_written({Term{2}, LogIndex{4}});
    post.outbox.post({follower, consensus::Exchange{2}, ask});
    REQUIRE(post.until([&] { return post.lost.size() == 1; }));
    CHECK(post.links.posted.size() == 1);
}
