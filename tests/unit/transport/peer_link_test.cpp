#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "core/transport/dial.hpp"
#include "core/transport/peer_link.hpp"
#include "core/transport/receive_buffer.hpp"
#include "tests/unit/transport/recordings.hpp"
#include "tests/unit/transport/shell.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using consensus::Exchange;

namespace {

struct Answered {
    std::uint64_t exchange{0};
    std::optional<consensus::Message> reply;
    std::string why;
};

// A link to one peer, on its own thread.
class Asking {
public:
    explicit Asking(const std::string& address, transport::LaneOptions options = {}) {
        transport::LinkEvents events;
        events.on_reply = [this](Exchange exchange, const consensus::Message& message) {
            outcomes.add({exchange.value(), message, ""});
        };
        events.on_unanswered = [this](Exchange exchange, const std::string& why) {
            outcomes.add({exchange.value(), std::nullopt, why});
        };
        core_.on([&] {
            link_ = std::make_unique<transport::PeerLink>(core_.io().get_executor(), leader, address, options,
                                                          std::move(events));
        });
    }
    ~Asking() { core_.finish(link_->stop()); }

    void send(std::uint64_t exchange, const consensus::Message& message,
              const std::vector<wire::EncodedEntry>& entries = {}, const Bytes& payload = {}) {
        core_.on([&] { link_->send(Exchange{exchange}, message, entries, payload); });
    }
    void on_link(const std::function<void(transport::PeerLink&)>& what) {
        core_.on([&] { what(*link_); });
    }
    Answered only_outcome() {
        REQUIRE(outcomes.wait_for(1));
        return outcomes.all().front();
    }
    Happenings<Answered> outcomes;

private:
    Core core_;
    std::unique_ptr<transport::PeerLink> link_;
};

consensus::AppendRequest heartbeat() {
    consensus::AppendRequest beat;
    beat.term = Term{2};
    beat.heartbeat = true;
    return beat;
}

consensus::AppendRequest empty_append(std::uint64_t prev) {
    consensus::AppendRequest append;
    append.term = Term{2};
    append.prev = {Term{2}, LogIndex{prev}};
    append.first = LogIndex{prev + 1};
    return append;
}

consensus::AppendRequest append_of(const std::vector<wire::EncodedEntry>& entries) {
    auto append = empty_append(entries.front().facts.position.index.value() - 1);
    append.count = entries.size();
    return append;
}

std::vector<wire::EncodedEntry> entries_from(std::uint64_t first, std::size_t count, const Bytes& data) {
    std::vector<wire::EncodedEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        consensus::Entry entry;
        entry.position = {Term{2}, LogIndex{first + i}};
        entry.data = data;
        entries.push_back(wire::encode_entry(entry));
    }
    return entries;
}

const consensus::AppendReply& append_reply(const Answered& answered) {
    REQUIRE(answered.reply.has_value());
    return std::get<consensus::AppendReply>(*answered.reply);
}

}  // namespace

TEST_CASE("every kind of request gets its answer", "[transport]") {
    Member member;
    Asking asking{member.address()};
    asking.send(1, heartbeat());
    asking.send(2, empty_append(4));
    asking.send(3, consensus::VoteRequest{consensus::Ballot::pre_vote, Term{3}, {}, false});
    asking.send(4, consensus::VoteRequest{consensus::Ballot::vote, Term{3}, {}, true});
    asking.send(5, consensus::TimeoutNowRequest{});
    asking.send(6, consensus::SnapshotRequest{}, {}, Bytes::copy_of("state"));
    REQUIRE(asking.outcomes.wait_for(6));
    for (const auto& outcome : asking.outcomes.all()) {
        INFO(outcome.exchange << outcome.why);
        CHECK(outcome.reply.has_value());
    }
    for (const auto& asked : member.requests().all())
        if (const auto* snapshot = std::get_if<consensus::SnapshotRequest>(&asked.message))
            CHECK(snapshot->payload == Bytes::copy_of("state"));
}

TEST_CASE("heartbeats, elections and appends have a connection each", "[transport]") {
    Member member{{}, [](auto&, const auto&) {}};
    Asking asking{member.address()};
    asking.send(1, empty_append(4));
    asking.send(2, heartbeat());
    asking.send(3, consensus::VoteRequest{});
    REQUIRE(member.requests().wait_for(3));
    std::set<consensus::Connection> connections;
    for (const auto& asked : member.requests().all()) connections.insert(asked.connection);
    CHECK(connections.size() == 3);
}

TEST_CASE("a second append does not wait for the first one's answer, a third does", "[transport]") {
    Member member{{}, [](auto&, const auto&) {}};
    Asking asking{member.address()};
    for (std::uint64_t i = 1; i <= 5; ++i) asking.send(i, empty_append(i));
    REQUIRE(member.requests().wait_for(2));
    std::this_thread::sleep_for(50ms);
    REQUIRE(member.requests().all().size() == 2);
    const auto first = member.requests().all().front();
    member.core().on([&] { Member::agree(member.acceptor(), first); });
    CHECK(member.requests().wait_for(3));
    CHECK(append_reply(asking.only_outcome()).last_log == LogIndex{1});
}

TEST_CASE("sixty-four entries of four mebibytes arrive as they were sent", "[transport][C-8][C-95]") {
    Member member;
    transport::LaneOptions unhurried;
    unhurried.answer_limit = 60s;  // sanitizers on a busy machine need more than the five of a live group
    Asking asking{member.address(), unhurried};
    const auto data = Bytes::adopt(std::vector<std::uint8_t>(4 << 20, 0xab));
    const auto entries = entries_from(5, 64, data);
    asking.send(1, append_of(entries), entries);
    REQUIRE(asking.outcomes.wait_for(1, 60s));
    const auto outcome = asking.only_outcome();
    INFO(outcome.why);
    REQUIRE(append_reply(outcome).success);
    const auto all = member.requests().all();
    const auto& append = std::get<consensus::AppendRequest>(all.front().message);
    REQUIRE(append.entries.size() == 64);
    CHECK(append.first == LogIndex{5});
    for (const auto& entry : append.entries) REQUIRE(entry.data == data);
}

TEST_CASE("an error string is an answer, and the connection goes on", "[transport][C-5]") {
    Member member{{}, [](auto& acceptor, const auto& request) {
                      acceptor.reply(request.exchange,
                                     consensus::ErrorReply{"not eligible for leadership: paused"});
                  }};
    Asking asking{member.address()};
    asking.send(1, consensus::TimeoutNowRequest{});
    REQUIRE(asking.outcomes.wait_for(1));
    asking.send(2, consensus::TimeoutNowRequest{});
    REQUIRE(asking.outcomes.wait_for(2));
    for (const auto& outcome : asking.outcomes.all())
        CHECK(std::get<consensus::ErrorReply>(outcome.reply.value()).text ==
              "not eligible for leadership: paused");
    CHECK(member.figures().accepted == 1);
}

TEST_CASE("nobody listening is unanswered, with the address and the reason", "[transport]") {
    std::string address;
    {
        Member gone;
        address = gone.address();
    }
    Asking asking{address};
    asking.send(1, heartbeat());
    CHECK(asking.only_outcome().why == "dial " + address + ": Connection refused");
}

TEST_CASE("an address that is none is unanswered", "[transport]") {
    Asking asking{"nowhere"};
    asking.send(1, heartbeat());
    CHECK(asking.only_outcome().why == "dial nowhere: Invalid argument");
}

TEST_CASE("a peer that does not answer in time is unanswered and dialled again", "[transport]") {
    Member member{{}, [](auto&, const auto&) {}};
    transport::LaneOptions hasty;
    hasty.answer_limit = 50ms;
    Asking asking{member.address(), hasty};
    asking.send(1, empty_append(1));
    CHECK(asking.only_outcome().why == "no answer in time");
    asking.send(2, empty_append(2));
    REQUIRE(member.requests().wait_for(2));
    const auto asked = member.requests().all();
    CHECK(asked[0].connection != asked[1].connection);
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(asking.outcomes.all()[1].exchange == 2);
}

TEST_CASE("a used connection that breaks is replaced once, without the protocol noticing", "[transport]") {
    std::atomic<int> seen{0};
    Member member{{}, [&seen](auto& acceptor, const auto& request) {
                      if (++seen == 2) return acceptor.hang_up(request.exchange);
                      Member::agree(acceptor, request);
                  }};
    Asking asking{member.address()};
    asking.send(1, empty_append(1));
    REQUIRE(asking.outcomes.wait_for(1));
    asking.send(2, empty_append(2));
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(append_reply(asking.outcomes.all()[1]).last_log == LogIndex{2});
    CHECK(seen == 3);
}

TEST_CASE("a peer that hangs up on everything ends in unanswered, not in a loop", "[transport]") {
    std::atomic<int> seen{0};
    Member member{{}, [&seen](auto& acceptor, const auto& request) {
                      if (++seen == 1) return Member::agree(acceptor, request);
                      acceptor.hang_up(request.exchange);
                  }};
    Asking asking{member.address()};
    asking.send(1, empty_append(1));
    REQUIRE(asking.outcomes.wait_for(1));
    asking.send(2, empty_append(2));
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(asking.outcomes.all()[1].why == "closed by the peer");
    CHECK(seen == 3);
}

TEST_CASE("a TimeoutNow is never sent twice", "[transport]") {
    std::atomic<int> seen{0};
    Member member{{}, [&seen](auto& acceptor, const auto& request) {
                      if (++seen == 1) return Member::agree(acceptor, request);
                      acceptor.hang_up(request.exchange);
                  }};
    Asking asking{member.address()};
    asking.send(1, consensus::VoteRequest{});
    REQUIRE(asking.outcomes.wait_for(1));
    asking.send(2, consensus::TimeoutNowRequest{});
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(asking.outcomes.all()[1].why == "closed by the peer");
    CHECK(seen == 2);
}

TEST_CASE("when one connection ends, idle ones to that peer are not trusted any more", "[transport]") {
    Member member{{}, [](auto& acceptor, const auto& request) {
                      if (std::holds_alternative<consensus::TimeoutNowRequest>(request.message))
                          return acceptor.hang_up(request.exchange);
                      Member::agree(acceptor, request);
                  }};
    Asking asking{member.address()};
    asking.send(1, empty_append(1));
    asking.send(2, heartbeat());
    REQUIRE(asking.outcomes.wait_for(2));
    asking.send(3, consensus::TimeoutNowRequest{});
    REQUIRE(asking.outcomes.wait_for(3));
    CHECK(eventually([&] { return member.connections() == 0; }));
}

TEST_CASE("a snapshot's connection is closed behind it", "[transport][C-6]") {
    Member member;
    Asking asking{member.address()};
    asking.send(1, consensus::SnapshotRequest{}, {}, Bytes::adopt(std::vector<std::uint8_t>(1 << 20, 7)));
    const auto outcome = asking.only_outcome();
    REQUIRE(outcome.reply.has_value());
    CHECK(std::get<consensus::SnapshotReply>(*outcome.reply).success);
    CHECK(eventually([&] { return member.connections() == 0; }));
    CHECK(member.figures().undecodable == 0);
}

TEST_CASE("reopening closes the connection of appends alone", "[transport]") {
    Member member{{}, [](auto& acceptor, const auto& request) {
                      const auto* append = std::get_if<consensus::AppendRequest>(&request.message);
                      if (append != nullptr && append->heartbeat) Member::agree(acceptor, request);
                  }};
    Asking asking{member.address()};
    asking.send(1, heartbeat());
    REQUIRE(asking.outcomes.wait_for(1));
    asking.send(2, empty_append(1));
    REQUIRE(member.requests().wait_for(2));
    asking.on_link([](auto& link) { link.reopen_bulk(); });
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(asking.outcomes.all()[1].why == "closed to be opened again");
    asking.send(3, heartbeat());
    REQUIRE(asking.outcomes.wait_for(3));
    CHECK(member.requests().all()[2].connection == member.requests().all()[0].connection);
}

TEST_CASE("a new address is dialled next", "[transport]") {
    Member first;
    Member second;
    Asking asking{first.address()};
    asking.send(1, heartbeat());
    REQUIRE(asking.outcomes.wait_for(1));
    asking.on_link([&](auto& link) { link.set_address(second.address()); });
    first.stop();
    asking.send(2, heartbeat());
    REQUIRE(asking.outcomes.wait_for(2));
    CHECK(asking.outcomes.all()[1].reply.has_value());
    CHECK(second.requests().all().size() == 1);
}

TEST_CASE("a host name is resolved at the dial", "[transport][C-76]") {
    Member member;
    Asking asking{"localhost:" + std::to_string(member.port())};
    asking.send(1, heartbeat());
    const auto outcome = asking.only_outcome();
    INFO(outcome.why);
    CHECK(outcome.reply.has_value());
}

TEST_CASE("a full queue refuses, and says so later than the call", "[transport]") {
    Member member{{}, [](auto&, const auto&) {}};
    transport::LaneOptions narrow;
    narrow.queued_octets = 300;
    Asking asking{member.address(), narrow};
    for (std::uint64_t i = 1; i <= 8; ++i) asking.send(i, empty_append(i));
    REQUIRE(asking.outcomes.wait_for(1));
    CHECK(asking.outcomes.all().front().why == "the queue to this peer is full");
}

TEST_CASE("an answer that is none closes the connection", "[transport]") {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor listener{io, {boost::asio::ip::address_v4::loopback(), 0}};
    Asking asking{"127.0.0.1:" + std::to_string(listener.local_endpoint().port())};
    asking.send(1, heartbeat());
    auto peer = listener.accept();
    const auto nonsense = octets_of("a001");
    boost::asio::write(peer, boost::asio::buffer(nonsense.data(), nonsense.size()));
    CHECK(asking.only_outcome().why == "answer: expected a map, found a number");
}

TEST_CASE("addresses are a host and a port", "[transport]") {
    const auto split = [](const char* text) {
        const auto place = transport::split_address(text);
        return place ? place->host + "|" + std::to_string(place->port) : "";
    };
    CHECK(split("10.0.0.1:50050") == "10.0.0.1|50050");
    CHECK(split("seq-1.example:1") == "seq-1.example|1");
    CHECK(split("[fd00::1]:50050") == "fd00::1|50050");
    for (const auto* none :
         {"", "host", "host:", ":1", "host:0", "host:65536", "host:1x", "fd00::1:50050", "[]:1"}) {
        INFO(none);
        CHECK(split(none).empty());
    }
}

TEST_CASE("a large message keeps the buffer it came in, a small one does not", "[transport]") {
    transport::ReceiveBuffer buffer;
    const auto fill = [&](std::size_t octets) {
        while (octets != 0) {
            const auto room = buffer.room();
            const auto some = std::min(room.size(), octets);
            std::fill_n(room.begin(), some, std::uint8_t{9});
            buffer.grew(some);
            octets -= some;
        }
    };
    fill(100);
    const auto* before = buffer.span().data();
    CHECK(buffer.take(60).data() != before);
    CHECK(buffer.size() == 40);

    fill(100000);
    CHECK(buffer.capacity() <= 2 * buffer.size());
    const auto* large = buffer.span().data();
    const auto message = buffer.take(90000);
    CHECK(message.data() == large);
    CHECK(buffer.size() == 10040);
    CHECK(buffer.span().front() == 9);
}
