#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/transport/wire_protocol.hpp"
#include "tests/unit/transport/recordings.hpp"

using namespace conductor;
using namespace conductor::wire;
using conductor::test::good;
using conductor::test::octets_of;

namespace {

const consensus::Sender leader{ServerId{"seq-a"}, "10.0.0.1:50050"};

AppendEntries heartbeat() {
    AppendEntries message;
    message.header = header_of(leader);
    message.leader = message.header.address;
    message.term = Term{2};
    return message;
}
AppendEntries append_at(std::uint64_t prev, std::vector<std::uint64_t> indices) {
    auto message = heartbeat();
    message.entries_are_nil = false;
    message.prev_index = LogIndex{prev};
    for (const auto index : indices) {
        message.entries.emplace_back();
        message.entries.back().position = {Term{2}, LogIndex{index}};
    }
    return message;
}

}  // namespace

TEST_CASE("a heartbeat is an append of which nothing but term and sender is set") {
    CHECK(is_heartbeat(heartbeat()));
    auto by_leader_field = heartbeat();
    by_leader_field.header.address = {};
    CHECK(is_heartbeat(by_leader_field));
    auto empty_array = heartbeat();
    empty_array.entries_are_nil = false;
    CHECK(is_heartbeat(empty_array));

    const auto changed = [](auto change) {
        auto message = heartbeat();
        change(message);
        return is_heartbeat(message);
    };
    CHECK_FALSE(changed([](auto& m) { m.term = Term{}; }));
    CHECK_FALSE(changed([](auto& m) { m.prev_index = LogIndex{1}; }));
    CHECK_FALSE(changed([](auto& m) { m.prev_term = Term{1}; }));
    CHECK_FALSE(changed([](auto& m) { m.commit = LogIndex{1}; }));
    CHECK_FALSE(changed([](auto& m) { m.entries.emplace_back(); }));
    CHECK_FALSE(changed([](auto& m) { m.leader = {}, m.header.address = {}; }));
}

TEST_CASE("versions 2 and 3 are served, others refused with a nil body") {
    for (const std::int64_t version : {0, 1, 2, 3, 4, 9}) {
        auto message = append_at(4, {5});
        message.header.version = version;
        const auto asked = good(understand(message));
        INFO(version);
        REQUIRE(asked.refusal.has_value() == (version < 2 || version > 3));
        if (!asked.refusal) continue;
        CHECK(hex(encode(*asked.refusal).span()) == hex(test::appendix_vector("A-11").span()));
    }
}

TEST_CASE("a heartbeat's version is not looked at") {
    auto message = heartbeat();
    message.header.version = 9;
    CHECK_FALSE(good(understand(message)).refusal.has_value());
}

TEST_CASE("entries that leave a gap or lie beside their predecessor close the connection") {
    const auto verdict = [](std::uint64_t prev, std::vector<std::uint64_t> indices) {
        const auto asked = understand(append_at(prev, std::move(indices)));
        return asked ? "" : asked.error().text;
    };
    CHECK(verdict(4, {5, 6, 7}) == "");
    CHECK(verdict(0, {1, 2}) == "");
    CHECK(verdict(4, {5, 7}) == "entry 7 follows 5");
    CHECK(verdict(4, {6}) == "entry 6 follows 4");
    CHECK(verdict(4, {5, 5}) == "entry 5 follows 5");
    CHECK(verdict(4, {4}) == "entry 4 follows 4");
    CHECK(verdict(0, {0}) == "entry 0 follows 0");
    CHECK(verdict(~std::uint64_t{0}, {0}) == "entry 0 follows 18446744073709551615");
}

TEST_CASE("an append that asks for no check may begin anywhere, to heal a log behind a snapshot") {
    const auto asked = good(understand(append_at(0, {301, 302})));
    const auto& append = std::get<consensus::AppendRequest>(asked.message);
    CHECK(append.first == LogIndex{301});
    CHECK(append.count == 2);
    CHECK_FALSE(append.heartbeat);
}

TEST_CASE("snapshots of versions 0 and 1 are understood, others refused after their octets") {
    InstallSnapshot message;
    message.header = header_of(leader);
    message.size = 7;
    message.last_index = LogIndex{300};
    message.configuration = octets_of("81a753657276657273c0");
    message.configuration_index = LogIndex{3};
    message.peers = octets_of("91a5613a313233");

    message.snapshot_version = 1;
    const auto present = good(understand(message));
    CHECK(present.snapshot_octets == 7);
    CHECK(std::get<consensus::SnapshotRequest>(present.message).configuration_index == LogIndex{3});

    message.snapshot_version = 0;
    const auto legacy = std::get<consensus::SnapshotRequest>(good(understand(message)).message);
    CHECK(legacy.configuration_index == LogIndex{300});
    REQUIRE(legacy.configuration.servers.size() == 1);
    CHECK(legacy.configuration.servers.front().id == ServerId{"a:123"});

    message.snapshot_version = 7;
    const auto refused = good(understand(message));
    REQUIRE(refused.refusal.has_value());
    CHECK(refused.refusal->error == "unsupported snapshot version 7");
    CHECK(refused.snapshot_octets == 7);
    CHECK(std::holds_alternative<InstallSnapshotReply>(refused.refusal->body));
}

TEST_CASE("a snapshot that cannot be understood closes the connection") {
    InstallSnapshot message;
    message.header = header_of(leader);
    message.snapshot_version = 1;
    message.configuration = octets_of("01");
    CHECK(understand(message).error().text == "configuration: expected a map, found a number");
    message.configuration = octets_of("81a753657276657273c0");
    message.size = -1;
    CHECK(understand(message).error().text == "snapshot of negative size");
}

TEST_CASE("a declined request is an error string with an ordinary body") {
    const auto reply =
        reply_of(leader, Rpc::timeout_now, consensus::ErrorReply{"not eligible for leadership: paused"});
    CHECK(reply.error == "not eligible for leadership: paused");
    CHECK(std::holds_alternative<TimeoutNowReply>(reply.body));
    const auto understood = understand(Rpc::timeout_now, reply);
    CHECK(std::get<consensus::ErrorReply>(understood).text == reply.error);
}

TEST_CASE("an answer without error and without body is no answer") {
    CHECK(std::holds_alternative<consensus::ErrorReply>(understand(Rpc::request_vote, Reply{})));
}
