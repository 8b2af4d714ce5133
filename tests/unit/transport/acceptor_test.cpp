#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/transport/acceptor.hpp"
#include "core/transport/wire_message.hpp"
#include "tests/unit/transport/recordings.hpp"
#include "tests/unit/transport/shell.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t answer_size = 88;  // A-2 and its like

Bytes joined(const wire::Pieces& pieces) {
    std::vector<std::uint8_t> all;
    for (const auto& piece : pieces) all.insert(all.end(), piece.span().begin(), piece.span().end());
    return Bytes::adopt(std::move(all));
}

Bytes heartbeat_octets() {
    return appendix_vector("A-1");
}

// An append of one entry, so that requests can be told apart.
Bytes append_at(std::uint64_t index, std::size_t octets = 8) {
    consensus::AppendRequest ask;
    ask.term = Term{2};
    ask.prev = {Term{2}, LogIndex{index - 1}};
    ask.first = LogIndex{index};
    consensus::Entry entry;
    entry.position = {Term{2}, LogIndex{index}};
    entry.data = Bytes::adopt(std::vector<std::uint8_t>(octets, 0x5a));
    ask.entries.push_back(entry);
    return joined(wire::encode(wire::request_of(leader, ask)));
}

std::uint64_t last_log_in(const std::vector<std::uint8_t>& answer) {
    wire::ReplyDecoder decoder;
    const auto framed = good(decoder.advance(wire::Rpc::append_entries, Bytes::adopt(answer)));
    return framed ? std::get<wire::AppendEntriesReply>(framed->message.body).last_log.value() : 0;
}

bool nobody(const std::string&, const std::string&) {
    return false;
}
bool leader_only(const std::string&, const std::string& address) {
    return address == leader.address;
}

}  // namespace

TEST_CASE("a heartbeat is answered with the octets that Go would send", "[transport]") {
    Member member{{}, [](auto& acceptor, const auto& request) {
                      acceptor.reply(request.exchange,
                                     consensus::AppendReply{Term{2}, LogIndex{2}, true, false});
                  }};
    Wire wire{member.port()};
    wire.send(heartbeat_octets());
    CHECK(hex(wire.read(answer_size)) == hex(appendix_vector("A-2").span()));
    const auto asked = member.requests().all();
    REQUIRE(asked.size() == 1);
    CHECK(std::get<consensus::AppendRequest>(asked.front().message).heartbeat);
    CHECK(asked.front().from.id == leader.id);
}

TEST_CASE("a connection that says nothing and closes leaves nothing behind", "[transport][C-1]") {
    Member member;
    Wire{member.port()}.close();
    REQUIRE(eventually([&] { return member.figures().accepted == 1 && member.connections() == 0; }));
    CHECK(member.figures().undecodable == 0);
}

TEST_CASE("octets that begin no request close the connection without an answer", "[transport][C-2]") {
    Member member;
    for (const auto* octets : {"05", "ff", "00c1", "0081a000"}) {
        Wire wire{member.port()};
        wire.send(octets_of(octets));
        INFO(octets);
        CHECK(wire.closed_by_peer());
    }
    CHECK(member.figures().undecodable == 4);
    CHECK(member.requests().all().empty());
    Wire another{member.port()};
    another.send(heartbeat_octets());
    CHECK(another.read(1).size() == 1);
}

TEST_CASE("what Go did to requests written by hand, we do", "[transport][C-3][C-9]") {
    for (const auto& recording : recordings()) {
        if (recording.origin != "hand") continue;
        Member member;
        Wire wire{member.port()};
        std::size_t answers = 0;
        for (const auto& message : recording.messages) {
            if (message.kind == "request" || message.kind == "partial") wire.send(message.octets);
            if (message.kind == "response") ++answers;
        }
        INFO(recording.name);
        if (recording.name == "snapshot-short-read") answers = 0;  // ours closes, which raft-wire C-61 allows
        wire.no_more();
        for (std::size_t i = 0; i < answers; ++i) CHECK(wire.read(1).size() == 1);
        if (answers == 0) CHECK(wire.closed_by_peer());
    }
}

TEST_CASE("answers leave in the order of the requests, however they become ready", "[transport][C-4]") {
    std::vector<Request> held;
    transport::AcceptorOptions wide;
    wide.max_owed_requests = 100;
    Member member{wide, [&held](auto& acceptor, const auto& request) {
                      held.push_back(request);
                      if (held.size() < 100) return;
                      for (auto late = held.rbegin(); late != held.rend(); ++late)
                          Member::agree(acceptor, *late);
                  }};
    Wire wire{member.port()};
    for (std::uint64_t index = 1; index <= 100; ++index) wire.send(append_at(index));
    const auto first = wire.read(answer_size);
    CHECK(last_log_in(first) == 0);
    for (std::uint64_t index = 2; index <= 100; ++index) {
        const auto answer = wire.read(answer_size);
        REQUIRE(last_log_in(answer) == index - 1);
    }
}

TEST_CASE("a connection is read no further than it may be owed answers", "[transport]") {
    transport::AcceptorOptions narrow;
    narrow.max_owed_requests = 4;
    Member member{narrow, [](auto&, const auto&) {}};
    Wire wire{member.port()};
    for (std::uint64_t index = 1; index <= 20; ++index) wire.send(append_at(index));
    REQUIRE(member.requests().wait_for(4));
    std::this_thread::sleep_for(50ms);
    CHECK(member.requests().all().size() == 4);
    const auto first = member.requests().all().front();
    member.core().on([&] { Member::agree(member.acceptor(), first); });
    CHECK(member.requests().wait_for(5));
}

TEST_CASE("whoever sends its last octet still gets what it is owed", "[transport]") {
    Member member{{}, [](auto&, const auto&) {}};
    Wire wire{member.port()};
    wire.send(append_at(7));
    wire.no_more();
    REQUIRE(member.requests().wait_for(1));
    const auto asked = member.requests().all().front();
    member.core().on([&] { Member::agree(member.acceptor(), asked); });
    CHECK(last_log_in(wire.read(answer_size)) == 6);
    CHECK(wire.closed_by_peer());
}

TEST_CASE("who has hung up behind its order to take over is not obeyed", "[transport][transfer]") {
    Member member;
    const auto order = appendix_vector("A-8");
    const auto request = order.span().first(48);
    Wire given_up{member.port()};
    given_up.send({request.begin(), request.end()});
    given_up.close();
    REQUIRE(eventually([&] { return member.figures().accepted == 1 && member.connections() == 0; }));
    Wire waiting{member.port()};
    waiting.send({request.begin(), request.end()});
    REQUIRE(member.requests().wait_for(1));
    CHECK(member.requests().all().size() == 1);
}

TEST_CASE("hanging up closes without an answer, and the next connection serves", "[transport]") {
    Member member{{}, [](auto& acceptor, const auto& request) { acceptor.hang_up(request.exchange); }};
    Wire wire{member.port()};
    wire.send(append_at(7));
    CHECK(wire.closed_by_peer());
    CHECK(eventually([&] { return member.connections() == 0; }));
    const auto asked = member.requests().all().front();
    member.core().on([&] { Member::agree(member.acceptor(), asked); });  // too late, and harmless
}

TEST_CASE("a message that comes octet by octet is a message", "[transport]") {
    Member member;
    Wire wire{member.port()};
    const auto octets = append_at(7);
    for (std::size_t i = 0; i < octets.size(); ++i) wire.send(octets.span().subspan(i, 1));
    CHECK(last_log_in(wire.read(answer_size)) == 6);
}

TEST_CASE("whoever falls silent inside a message is closed", "[transport]") {
    transport::AcceptorOptions hasty;
    hasty.member_patience = 50ms;
    hasty.stranger_patience = 50ms;
    Member member{hasty};
    Wire wire{member.port()};
    wire.send(heartbeat_octets().span().first(60));
    CHECK(wire.closed_by_peer());
    CHECK(member.requests().all().empty());
}

TEST_CASE("a stranger has one span for a whole message, a member for each part", "[transport]") {
    transport::AcceptorOptions hasty;
    hasty.member_patience = 10s;
    hasty.stranger_patience = 200ms;
    Member member{hasty, Member::agree, nobody};
    Wire slow{member.port()};
    const auto octets = heartbeat_octets();
    bool failed = false;
    for (std::size_t i = 0; i < octets.size() && !failed; ++i) {
        failed = slow.send_fails(octets.span().subspan(i, 1));
        std::this_thread::sleep_for(10ms);
    }
    CHECK(slow.closed_by_peer());

    Member known{hasty, Member::agree, leader_only};
    Wire steady{known.port()};
    steady.send(octets.span().first(24));
    std::this_thread::sleep_for(300ms);
    steady.send(octets.span().subspan(24));
    CHECK(steady.read(answer_size).size() == answer_size);
}

TEST_CASE("a connection may rest between messages", "[transport][C-7]") {
    transport::AcceptorOptions hasty;
    hasty.member_patience = 20ms;
    hasty.stranger_patience = 20ms;
    Member member{hasty, Member::agree, nobody};
    Wire wire{member.port()};
    std::this_thread::sleep_for(100ms);
    for (int i = 0; i < 2; ++i) {
        wire.send(heartbeat_octets());
        CHECK(wire.read(answer_size).size() == answer_size);
        std::this_thread::sleep_for(100ms);
    }
}

TEST_CASE("strangers share their memory, and a member is served beside them", "[transport][C-95]") {
    transport::AcceptorOptions tight;
    tight.strangers.octets = 1 << 20;
    Member member{tight, Member::agree, leader_only};
    std::vector<std::unique_ptr<Wire>> strangers;
    // Each announces a gibibyte and sends 64 KiB of it.
    std::vector<std::uint8_t> flood = from_hex("0081a15ac640000000").value();
    flood.resize(64 << 10);
    for (int i = 0; i < 40; ++i) {
        strangers.push_back(std::make_unique<Wire>(member.port()));
        static_cast<void>(strangers.back()->send_fails(flood));
    }
    CHECK(eventually([&] { return member.figures().strangers_closed > 0; }));
    const auto held = member.core().on([&] { return member.acceptor().strangers().octets(); });
    CHECK(held <= tight.strangers.octets);

    Wire wire{member.port()};
    wire.send(append_at(7, 4 << 20));
    CHECK(last_log_in(wire.read(answer_size)) == 6);
}

TEST_CASE("two hundred strangers that announce a gibibyte each hold 64 MiB, and members notice nothing",
          "[transport][C-95]") {
    Member member{{}, Member::agree, leader_only};
    std::vector<std::unique_ptr<Wire>> strangers;
    std::vector<std::uint8_t> flood = from_hex("0081a15ac640000000").value();
    flood.resize(512 << 10);
    std::size_t most = 0;
    for (int i = 0; i < 200; ++i) {
        strangers.push_back(std::make_unique<Wire>(member.port()));
        static_cast<void>(strangers.back()->send_fails(flood));
        most = std::max(most, member.core().on([&] { return member.acceptor().strangers().octets(); }));
        if (i % 20 != 0) continue;
        Wire known{member.port()};
        known.send(heartbeat_octets());
        REQUIRE(known.read(answer_size).size() == answer_size);
        known.send(append_at(7, 1 << 20));
        REQUIRE(last_log_in(known.read(answer_size)) == 6);
    }
    CHECK(eventually([&] { return member.figures().strangers_closed > 0; }));
    CHECK(most <= 64U << 20U);
    CHECK(most >= 32U << 20U);
}

TEST_CASE("of too many strangers the oldest goes", "[transport]") {
    transport::AcceptorOptions tight;
    tight.strangers.sockets = 3;
    Member member{tight, Member::agree, leader_only};
    Wire known{member.port()};
    known.send(heartbeat_octets());
    CHECK(known.read(answer_size).size() == answer_size);

    Wire first{member.port()};
    REQUIRE(eventually([&] { return member.connections() == 2; }));
    std::vector<std::unique_ptr<Wire>> others;
    for (int i = 0; i < 3; ++i) others.push_back(std::make_unique<Wire>(member.port()));
    CHECK(first.closed_by_peer());
    known.send(heartbeat_octets());
    CHECK(known.read(answer_size).size() == answer_size);
}

TEST_CASE("a connection from outside the allowed networks is closed before an octet is read", "[transport]") {
    transport::AcceptorOptions closed;
    closed.allowed = good(transport::AllowList::parse({"10.0.0.0/8", "fd00::/8"}));
    Member member{closed};
    Wire wire{member.port()};
    CHECK(wire.closed_by_peer());
    CHECK(member.figures().not_allowed == 1);
    CHECK(member.figures().accepted == 0);
}

TEST_CASE("a snapshot comes whole, and what follows it is the next request", "[transport]") {
    Member member;
    Wire wire{member.port()};
    const auto ask = appendix_vector("A-10");
    std::vector<std::uint8_t> payload(200);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i);
    wire.send(ask);
    wire.send(payload);
    wire.send(heartbeat_octets());
    REQUIRE(member.requests().wait_for(2));
    const auto asked = member.requests().all();
    CHECK(std::get<consensus::SnapshotRequest>(asked[0].message).payload == Bytes::adopt(payload));
    CHECK(std::holds_alternative<consensus::AppendRequest>(asked[1].message));
}

TEST_CASE("a refused snapshot is read to its end before the refusal", "[transport][C-66]") {
    const auto& recorded = recording("snapshot-unsupported-version");
    Member member;
    Wire wire{member.port()};
    wire.send(recorded.messages.front().octets);
    wire.send(heartbeat_octets());
    wire::ReplyDecoder decoder;
    const auto answer = wire.read(recorded.messages[1].octets.size());
    const auto framed = good(decoder.advance(wire::Rpc::install_snapshot, Bytes::adopt(answer)));
    REQUIRE(framed.has_value());
    CHECK(framed->message.error == "unsupported snapshot version 7");
    CHECK(member.requests().wait_for(1));
    CHECK(wire.read(answer_size).size() == answer_size);
}

TEST_CASE("of a snapshot that ends early nobody hears", "[transport][C-61]") {
    Member member;
    Wire wire{member.port()};
    wire.send(appendix_vector("A-10"));
    wire.send(std::vector<std::uint8_t>(199));
    wire.no_more();
    CHECK(wire.closed_by_peer());
    CHECK(member.requests().all().empty());
}

TEST_CASE("heartbeats are answered while a large append arrives beside them", "[transport][C-10]") {
    Member member;
    Wire bulk{member.port()};
    const auto large = append_at(7, 32 << 20);
    bulk.send(large.span().first(large.size() / 2));
    Wire beats{member.port()};
    for (int i = 0; i < 20; ++i) {
        beats.send(heartbeat_octets());
        REQUIRE(beats.read(answer_size).size() == answer_size);
    }
    CHECK(member.requests().all().size() == 20);
    bulk.send(large.span().subspan(large.size() / 2));
    CHECK(last_log_in(bulk.read(answer_size)) == 6);
}

TEST_CASE("the fast path answers a heartbeat without the protocol", "[transport]") {
    Core core;
    transport::AcceptorEvents events;
    events.knows = Member::everybody;
    events.on_request = [](auto, auto, const auto&, auto) { std::abort(); };
    events.on_heartbeat = [](const consensus::Sender& from, Term term) {
        return std::optional{
            consensus::AppendReply{term, LogIndex{from.id == leader.id ? 2U : 0U}, true, false}};
    };
    transport::Acceptor acceptor{core.io().get_executor(), {ServerId{"seq-b"}, "10.0.0.2:50050"}, {}, events};
    const auto port =
        core.on([&] { return acceptor.listen("127.0.0.1", 0) ? acceptor.port() : std::uint16_t{0}; });
    Wire wire{port};
    wire.send(heartbeat_octets());
    CHECK(hex(wire.read(answer_size)) == hex(appendix_vector("A-2").span()));
    core.finish(acceptor.stop());
}

TEST_CASE("a port that is taken is an error, not an end", "[transport]") {
    Member member;
    Core core;
    transport::Acceptor second{core.io().get_executor(), leader, {}, {}};
    const auto taken = core.on([&] { return second.listen("127.0.0.1", member.port()); });
    CHECK(taken.error() == boost::system::errc::address_in_use);
    const auto nowhere = core.on([&] { return second.listen("not an address", 0); });
    CHECK(nowhere.has_error());
}

TEST_CASE("networks are addresses with or without a length", "[transport]") {
    const auto list = good(transport::AllowList::parse({"10.0.0.0/8", "192.168.1.7", "fd00::/8"}));
    const auto admits = [&](const char* address) {
        return list.admits(boost::asio::ip::make_address(address));
    };
    CHECK(admits("10.255.0.1"));
    CHECK(admits("192.168.1.7"));
    CHECK(admits("::ffff:10.1.1.1"));
    CHECK(admits("fd12::1"));
    CHECK_FALSE(admits("192.168.1.8"));
    CHECK_FALSE(admits("11.0.0.1"));
    CHECK_FALSE(admits("fe80::1"));
    CHECK(transport::AllowList::parse({"10.0.0.0/8", "ten/8"}).error().text ==
          "'ten/8' is no network, as 10.0.0.0/8 would be");
    CHECK(transport::AllowList{}.admits(boost::asio::ip::make_address("8.8.8.8")));
}

TEST_CASE("a server has left when the last connection ends on which it asked something, not before",
          "[transport][C-91]") {
    Member member;
    Wire first{member.port()};
    Wire second{member.port()};
    Wire stranger{member.port()};
    for (auto* wire : {&first, &second}) {
        wire->send(heartbeat_octets());
        REQUIRE_FALSE(wire->read(1).empty());
    }
    stranger.close();  // it never said who it is
    first.close();
    REQUIRE(eventually([&] { return member.connections() == 1; }));
    CHECK(member.left().all().empty());
    second.close();
    REQUIRE(member.left().wait_for(1));
    CHECK(member.left().all() == std::vector{leader.id});

    Wire{member.port()}.close();
    REQUIRE(eventually([&] { return member.figures().accepted == 4 && member.connections() == 0; }));
    CHECK(member.left().all().size() == 1);
}

TEST_CASE("a server that is still owed an answer has left as soon as it has sent its last octet",
          "[transport][C-91]") {
    Member member{{}, [](auto&, const auto&) {}};
    Wire wire{member.port()};
    wire.send(heartbeat_octets());
    REQUIRE(member.requests().wait_for(1));
    wire.no_more();
    CHECK(member.left().wait_for(1));
}
