#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/base/hex.hpp"
#include "core/transport/wire_message.hpp"
#include "core/transport/wire_protocol.hpp"
#include "tests/unit/transport/recordings.hpp"

using namespace conductor;
using namespace conductor::wire;
using conductor::test::appendix_vector;
using conductor::test::good;
using conductor::test::octets_of;

namespace {

std::string joined(const Pieces& pieces) {
    std::string all;
    for (const auto& piece : pieces) all += hex(piece.span());
    return all;
}
std::string encoded(const Request& request) {
    return joined(encode(request));
}
std::string encoded(const Reply& reply) {
    return hex(encode(reply).span());
}

Framed<Request> one_request(const Bytes& octets) {
    RequestDecoder decoder;
    auto framed = good(decoder.advance(octets));
    REQUIRE(framed.has_value());
    return std::move(*framed);
}
Framed<Reply> one_reply(Rpc asked, const Bytes& octets) {
    ReplyDecoder decoder;
    auto framed = good(decoder.advance(asked, octets));
    REQUIRE(framed.has_value());
    return std::move(*framed);
}
std::string refusal(const std::string& digits) {
    RequestDecoder decoder;
    const auto result = decoder.advance(octets_of(digits));
    return result.has_error() ? result.error().text : "";
}
consensus::Sender sender_of(const Request& request) {
    const auto header = std::visit([](const auto& message) { return message.header; }, request);
    return {ServerId{std::string{as_text(header.id.span())}}, std::string{as_text(header.address.span())}};
}

const consensus::Sender node_a{ServerId{"seq-a"}, "10.0.0.1:50050"};
const consensus::Sender node_b{ServerId{"seq-b"}, "10.0.0.2:50050"};

}  // namespace

TEST_CASE("requests of appendix A decode and encode to the same octets", "[wire][C-14]") {
    for (const auto* name : {"A-1", "A-3", "A-5", "A-6", "A-7", "A-8", "A-10"}) {
        const auto octets = appendix_vector(name);
        const auto framed = one_request(octets);
        INFO(name);
        CHECK(framed.consumed == octets.size());
        CHECK(encoded(framed.message) == hex(octets.span()));
    }
}

TEST_CASE("answers of appendix A decode and encode to the same octets", "[wire][C-14]") {
    const std::map<std::string, Rpc> answers{{"A-2", Rpc::append_entries},     {"A-6r", Rpc::request_vote},
                                             {"A-7r", Rpc::request_pre_vote},  {"A-8r", Rpc::timeout_now},
                                             {"A-10r", Rpc::install_snapshot}, {"A-11", Rpc::append_entries},
                                             {"A-12", Rpc::append_entries}};
    for (const auto& [name, rpc] : answers) {
        const auto octets = appendix_vector(name);
        const auto framed = one_reply(rpc, octets);
        INFO(name);
        CHECK(framed.consumed == octets.size());
        CHECK(encoded(framed.message) == hex(octets.span()));
    }
}

TEST_CASE("what the protocol says becomes the octets of appendix A", "[wire][C-14]") {
    using namespace conductor::consensus;
    const auto sent = [](const Sender& self, const Message& message, std::uint64_t octets = 0) {
        return encoded(request_of(self, message, octets));
    };
    const auto vector = [](const char* name) { return hex(appendix_vector(name).span()); };

    AppendRequest heartbeat;
    heartbeat.term = Term{2};
    heartbeat.heartbeat = true;
    CHECK(sent(node_a, heartbeat) == vector("A-1"));

    AppendRequest announcement;
    announcement.term = Term{2};
    announcement.prev = {Term{2}, LogIndex{300}};
    announcement.commit = LogIndex{300};
    CHECK(sent(node_a, announcement) == vector("A-5"));

    CHECK(sent(node_b, VoteRequest{Ballot::vote, Term{3}, {Term{2}, LogIndex{300}}, true}) == vector("A-6"));
    CHECK(sent(node_b, VoteRequest{Ballot::pre_vote, Term{3}, {Term{2}, LogIndex{300}}, false}) ==
          vector("A-7"));
    CHECK(sent(node_a, TimeoutNowRequest{}) == vector("A-8"));

    SnapshotRequest snapshot;
    snapshot.term = Term{2};
    snapshot.last = {Term{2}, LogIndex{300}};
    snapshot.configuration = {
        {{node_a.id, node_a.address, Suffrage::voter}, {node_b.id, node_b.address, Suffrage::nonvoter}}};
    snapshot.configuration_index = LogIndex{3};
    auto request = std::get<InstallSnapshot>(request_of(node_a, snapshot, 200));
    request.peers = octets_of("91ae31302e302e302e313a3530303530");  // what Go adds for version 0
    CHECK(encoded(Request{request}) == vector("A-10"));

    CHECK(encoded(reply_of(node_b, Rpc::append_entries, AppendReply{Term{2}, LogIndex{2}, true, false})) ==
          vector("A-2"));
    CHECK(encoded(reply_of(node_b, Rpc::append_entries, AppendReply{Term{2}, LogIndex{0}, false, true})) ==
          vector("A-12"));
    CHECK(encoded(reply_of(node_a, Rpc::request_vote, VoteReply{Ballot::vote, Term{3}, true})) ==
          vector("A-6r"));
    CHECK(encoded(reply_of(node_a, Rpc::request_pre_vote, VoteReply{Ballot::pre_vote, Term{2}, false})) ==
          vector("A-7r"));
}

TEST_CASE("every request that Go encoded decodes and encodes to the same octets", "[wire][C-14]") {
    std::size_t seen = 0;
    for (const auto& recording : test::recordings()) {
        if (recording.origin == "hand") continue;
        for (const auto& message : recording.messages) {
            if (message.kind != "request") continue;
            INFO(recording.name);
            const auto framed = one_request(message.octets);
            REQUIRE(encoded(framed.message) == hex(message.octets.span().first(framed.consumed)));
            REQUIRE(static_cast<int>(rpc_of(framed.message)) == message.rpc_type);
            const auto snapshot_octets = message.octets.size() - framed.consumed;
            if (const auto* snapshot = std::get_if<InstallSnapshot>(&framed.message)) {
                REQUIRE(static_cast<std::size_t>(snapshot->size) == snapshot_octets);
            } else {
                REQUIRE(snapshot_octets == 0);
            }
            ++seen;
        }
    }
    CHECK(seen == 118);
}

TEST_CASE("every answer that Go encoded decodes and encodes to the same octets", "[wire][C-14]") {
    std::size_t seen = 0;
    for (const auto& recording : test::recordings())
        for (const auto& message : recording.messages) {
            if (message.kind != "response") continue;
            INFO(recording.name);
            const auto framed = one_reply(static_cast<Rpc>(message.rpc_type), message.octets);
            REQUIRE(framed.consumed == message.octets.size());
            REQUIRE(encoded(framed.message) == hex(message.octets.span()));
            ++seen;
        }
    CHECK(seen == 134);
}

TEST_CASE("what a Go node says, we say with the same octets", "[wire][C-18]") {
    std::size_t seen = 0;
    for (const auto& recording : test::recordings()) {
        if (recording.origin != "go") continue;
        for (const auto& message : recording.messages) {
            if (message.kind != "request") continue;
            INFO(recording.name);
            const auto framed = one_request(message.octets);
            auto fields = framed.message;
            if (sender_of(fields).id.text() != message.from || recording.name == "protocol-2-leader") continue;
            const auto asked = good(understand(fields));
            REQUIRE_FALSE(asked.refusal.has_value());
            CHECK(asked.from.id.text() == message.from);
            auto ours = request_of(asked.from, asked.message, asked.snapshot_octets);
            if (auto* snapshot = std::get_if<InstallSnapshot>(&ours))
                snapshot->peers = std::get<InstallSnapshot>(fields).peers;  // ours sends nil
            REQUIRE(encoded(ours) == hex(message.octets.span().first(framed.consumed)));
            ++seen;
        }
    }
    CHECK(seen == 72);
}

TEST_CASE("requests written by hand get Go's reaction, answer or close", "[wire][C-9]") {
    const std::set<std::string> closed{"empty-key",        "float-term",       "negative-term",
                                       "unknown-type-255", "vote-flag-as-two", "stamp-raw16-15",
                                       "stamp-str8-15"};
    std::size_t seen = 0;
    for (const auto& recording : test::recordings()) {
        if (recording.origin != "hand") continue;
        const auto answered = recording.messages.end() !=
                              std::find_if(recording.messages.begin(), recording.messages.end(),
                                           [](const auto& message) { return message.kind == "response"; });
        for (const auto& message : recording.messages) {
            if (message.kind != "request") continue;
            INFO(recording.name);
            CHECK(answered != closed.contains(recording.name));
            RequestDecoder decoder;
            const auto result = decoder.advance(message.octets);
            CHECK(result.has_value() == answered);
            if (result) {
                REQUIRE(result->has_value());
                CHECK(understand((*result)->message).has_value());
            }
            ++seen;
        }
    }
    CHECK(seen == 25);
}

TEST_CASE("keys that we do not know are skipped, whatever they hold", "[wire][C-16]") {
    const auto plain = hex(appendix_vector("A-1").span());
    for (const auto* value : {"c0",
                              "c3",
                              "07",
                              "ff",
                              "cc80",
                              "cd0100",
                              "ce00010000",
                              "cf0000000100000000",
                              "d080",
                              "d18000",
                              "d280000000",
                              "d38000000000000000",
                              "ca3f800000",
                              "cb3ff0000000000000",
                              "a161",
                              "d90161",
                              "da000161",
                              "db0000000161",
                              "c40161",
                              "c5000161",
                              "c60000000161",
                              "9101",
                              "dc000101",
                              "dd0000000101",
                              "81a16181a16291c0",
                              "de0001a16101",
                              "df00000001a16101",
                              "d40100",
                              "d5010000",
                              "d6ff00000000",
                              "d7ff0000000000000000",
                              "d80100000000000000000000000000000000",
                              "c7020100ff",
                              "c800020100ff",
                              "c9000000020100ff"}) {
        INFO(value);
        const auto framed = one_request(octets_of("008a" + ("a15a" + std::string{value}) + plain.substr(4)));
        CHECK(encoded(framed.message) == plain);
    }
}

TEST_CASE("what is missing or nil is zero", "[wire][C-17]") {
    const auto empty = std::get<AppendEntries>(one_request(octets_of("0080")).message);
    CHECK(empty.header.version == 0);
    CHECK(empty.header.id.data() == nullptr);
    CHECK(empty.term == Term{});
    CHECK(empty.entries_are_nil);

    std::string nil;
    for (const auto* key : {"Addr", "Entries", "ID", "Leader", "LeaderCommitIndex", "PrevLogEntry",
                            "PrevLogTerm", "ProtocolVersion", "Term"}) {
        const std::string name{key};
        const auto length = static_cast<std::uint8_t>(0xa0U + name.size());
        nil += hex({&length, 1}) + hex(as_octets(name)) + "c0";
    }
    CHECK(encoded(one_request(octets_of("0089" + nil)).message) == encoded(Request{empty}));
    // Go takes a nil body for a struct of zeros, and answers it.
    CHECK(encoded(one_request(octets_of("00c0")).message) == encoded(Request{empty}));
}

TEST_CASE("an unfinished request asks for more, wherever it was cut") {
    const auto octets = appendix_vector("A-10");
    for (std::size_t cut = 0; cut < octets.size(); ++cut) {
        RequestDecoder decoder;
        REQUIRE_FALSE(good(decoder.advance(octets.slice(0, cut))).has_value());
        REQUIRE(good(decoder.advance(octets)).has_value());
    }
}

TEST_CASE("a message ends exactly where the next one begins") {
    const auto one = hex(appendix_vector("A-1").span());
    const auto two = octets_of(one + one);
    RequestDecoder decoder;
    const auto first = good(decoder.advance(two));
    REQUIRE(first.has_value());
    CHECK(first->consumed == two.size() / 2);
    const auto second = good(decoder.advance(two.slice(first->consumed, two.size() - first->consumed)));
    REQUIRE(second.has_value());
    CHECK(second->consumed == two.size() / 2);
}

TEST_CASE("an answer is both objects, and neither alone", "[wire][C-3][C-5]") {
    const auto octets = appendix_vector("A-11");
    ReplyDecoder decoder;
    CHECK_FALSE(good(decoder.advance(Rpc::append_entries, octets.slice(0, octets.size() - 1))).has_value());
    const auto framed = good(decoder.advance(Rpc::append_entries, octets));
    REQUIRE(framed.has_value());
    const auto message = understand(Rpc::append_entries, framed->message);
    CHECK(std::get<consensus::ErrorReply>(message).text ==
          "operation not supported with current protocol version");
}

TEST_CASE("octets that begin no request close the connection", "[wire][C-2]") {
    for (std::size_t type = 5; type <= 255; ++type) {
        const auto octet = static_cast<std::uint8_t>(type);
        CHECK(refusal(hex({&octet, 1})) == "unknown rpc type " + std::to_string(type));
    }
    CHECK(refusal("00c1") == "octet c1 is no msgpack");
    CHECK(refusal("0001") == "expected a map, found a number");
    CHECK(refusal("0081a7456e747269657391c0") == "nil in place of an entry");
}

TEST_CASE("a message of many tiny entries is refused before it takes their memory") {
    std::string many = "0081a7456e7472696573dd00010000";
    for (int i = 0; i < 65536; ++i) many += "80";
    CHECK(refusal(many) == "asks for more memory than its octets allow");
}

TEST_CASE("a received payload and a sent one are never copied") {
    const auto octets = test::recording("payload-262144").messages.front().octets;
    const auto framed = one_request(octets);
    const auto& data = std::get<AppendEntries>(framed.message).entries.front().data;
    CHECK(data.size() == 262144);
    CHECK(data.data() > octets.data());
    CHECK(data.data() + data.size() < octets.data() + octets.size());
    const auto pieces = encode(framed.message);
    CHECK(pieces.size() == 3);
    CHECK(pieces[1].data() == data.data());
}

TEST_CASE("sixteen entries are an array of the 16-bit form", "[wire][C-23]") {
    const auto framed = one_request(test::recording("batch-16").messages.front().octets);
    CHECK(encoded(framed.message).find("a7456e7472696573dc0010") != std::string::npos);
    std::vector<EncodedEntry> entries;
    for (const auto& entry : std::get<AppendEntries>(framed.message).entries)
        entries.push_back(encode_entry(entry));
    auto fields = std::get<AppendEntries>(framed.message);
    fields.entries.clear();
    CHECK(joined(encode(fields, entries)) == encoded(framed.message));
}

TEST_CASE("the sender of an unfinished request is known as soon as its address has come") {
    const auto octets = test::recording("payload-262144").messages.front().octets;
    const auto full = std::get<AppendEntries>(one_request(octets).message).header;
    CHECK(sender_so_far(octets.slice(0, 4)).address.empty());
    const auto early = sender_so_far(octets.slice(0, 64));
    CHECK(early.address == as_text(full.address.span()));
    CHECK(early.id.empty());
    CHECK(sender_so_far(octets).id == as_text(full.id.span()));
}
