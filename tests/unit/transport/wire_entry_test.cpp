#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/transport/msgpack.hpp"
#include "core/transport/wire_entry.hpp"
#include "tests/unit/transport/recordings.hpp"

using namespace conductor;
using conductor::consensus::Configuration;
using conductor::consensus::Entry;
using conductor::consensus::EntryType;
using conductor::consensus::Position;
using conductor::consensus::Stamp;
using conductor::consensus::Suffrage;
using conductor::test::appendix_vector;
using conductor::test::good;
using conductor::test::octets_of;

namespace {

std::string encoding(const Entry& entry) {
    const auto pieces = wire::encode_entry(entry);
    CHECK(pieces.facts.octets == pieces.data.size());
    return hex(pieces.head.span()) + hex(pieces.data.span()) + hex(pieces.tail.span());
}

std::string entry_with(const std::string& stamp, const std::string& data, const std::string& type) {
    return "86aa417070656e6465644174" + stamp + "a444617461" + data +
           "aa457874656e73696f6e73c0a5496e64657809a45465726d02"
           "a454797065" +
           type;
}

// Entries of a recorded AppendEntries, as they lie there.
std::vector<Bytes> entries_in(const Bytes& request) {
    wire::msgpack::Reader reader{request.slice(1, request.size() - 1)};
    std::vector<Bytes> entries;
    reader.fields([&](std::string_view key) {
        if (key != "Entries") return false;
        const auto count = reader.array();
        for (std::size_t i = 0; i < count; ++i) entries.push_back(reader.object());
        return true;
    });
    return entries;
}

}  // namespace

TEST_CASE("the entries of appendix A decode to their fields and encode to the same octets", "[wire][C-14]") {
    for (const auto* name : {"A-4", "A-13"}) {
        const auto octets = appendix_vector(name);
        const auto entry = wire::decode_entry(octets);
        REQUIRE(entry.has_value());
        CHECK(encoding(*entry) == hex(octets.span()));
    }
    const auto command = good(wire::decode_entry(appendix_vector("A-4")));
    CHECK(command.position == Position{Term{2}, LogIndex{300}});
    CHECK(command.type == EntryType::command);
    CHECK(hex(command.data.span()) == "deadbeef");
    const auto bootstrap = good(wire::decode_entry(appendix_vector("A-13")));
    REQUIRE(bootstrap.configuration);
    CHECK(*bootstrap.configuration == Configuration{{{ServerId{"seq-a"}, "10.0.0.1:50050", Suffrage::voter}}});
    CHECK(bootstrap.appended_at == Stamp{});
}

TEST_CASE("an entry made here encodes as Go encodes it", "[wire][C-21]") {
    Entry bootstrap;
    bootstrap.position = {Term{1}, LogIndex{1}};
    bootstrap.type = EntryType::configuration;
    bootstrap.configuration = std::make_shared<const Configuration>(
        Configuration{{{ServerId{"seq-a"}, "10.0.0.1:50050", Suffrage::voter}}});
    CHECK(encoding(bootstrap) == hex(appendix_vector("A-13").span()));

    Entry command;
    command.position = {Term{2}, LogIndex{300}};
    command.data = octets_of("deadbeef");
    command.appended_at =
        wire::stamp_of(std::chrono::system_clock::time_point{} + std::chrono::nanoseconds{1700000000123456789});
    CHECK(encoding(command) == hex(appendix_vector("A-4").span()));
}

TEST_CASE("every entry that Go sent decodes and encodes to the same octets", "[wire][C-14]") {
    std::size_t seen = 0;
    for (const auto& recording : test::recordings()) {
        if (recording.origin == "hand") continue;
        for (const auto& message : recording.messages) {
            if (message.kind != "request" || message.rpc_type != 0) continue;
            for (const auto& octets : entries_in(message.octets)) {
                INFO(recording.name);
                const auto entry = wire::decode_entry(octets);
                REQUIRE(entry.has_value());
                REQUIRE(encoding(*entry) == hex(octets.span()));
                ++seen;
            }
        }
    }
    CHECK(seen > 150);
}

TEST_CASE("a decoded payload shares the octets it came in") {
    const auto octets = appendix_vector("A-4");
    const auto entry = good(wire::decode_entry(octets));
    CHECK(entry.data.data() >= octets.data());
    CHECK(entry.data.data() < octets.data() + octets.size());
    CHECK(wire::encode_entry(entry).data.data() == entry.data.data());
}

TEST_CASE("every form of a time is accepted and kept as it came", "[wire][C-20]") {
    for (const std::string form :
         {"c0", "af010000000edce5e800075bcd150000", "b0020000000edce5e800075bcd15003c1e", "a465432100",
          "a86543210065432100", "ac654321006543210065432100", "d90465432100", "da000465432100", "c40465432100",
          "d6ff65432100", "d7ff6543210065432100", "c70cff654321006543210065432100"}) {
        const auto octets = entry_with(form, "c0", "01");
        const auto entry = wire::decode_entry(octets_of(octets));
        INFO(form);
        REQUIRE(entry.has_value());
        CHECK(encoding(*entry) == octets);
    }
}

TEST_CASE("what Go takes for no time is refused", "[wire][C-20]") {
    for (const std::string form : {"d90f010000000edce5e800075bcd150000", "da000f010000000edce5e800075bcd150000",
                                   "c40f010000000edce5e800075bcd150000", "af020000000edce5e800075bcd150000",
                                   "a56543210000", "d60065432100", "01", "c3"}) {
        const auto entry = wire::decode_entry(octets_of(entry_with(form, "c0", "01")));
        INFO(form);
        REQUIRE(entry.has_error());
        CHECK(entry.error().text == "AppendedAt has no form of a time");
    }
}

TEST_CASE("a nil payload and an empty one stay what they are") {
    for (const auto* data : {"c0", "a0"}) {
        const auto octets = entry_with("c0", data, "00");
        CHECK(encoding(good(wire::decode_entry(octets_of(octets)))) == octets);
    }
}

TEST_CASE("the deprecated peer entries carry the whole voter set as addresses") {
    for (const auto* type : {"02", "03"}) {
        const auto octets = entry_with("c0",
                                       "a791a5613a313233"
                                       "",
                                       type);
        const auto entry = wire::decode_entry(octets_of(octets));
        REQUIRE(entry.has_value());
        REQUIRE(entry->configuration);
        CHECK(*entry->configuration == Configuration{{{ServerId{"a:123"}, "a:123", Suffrage::voter}}});
        CHECK(encoding(*entry) == octets);
    }
}

TEST_CASE("an entry that no follower can obey is refused by name") {
    const auto refusal = [](const std::string& octets) {
        return wire::decode_entry(octets_of(octets)).error().text;
    };
    CHECK(refusal(entry_with("c0", "c0", "06")) == "unknown type 6 of entry 9");
    CHECK(refusal(entry_with("c0", "c0", "cd0100")) == "unknown type 256 of entry 9");
    CHECK(refusal(entry_with("c0", "c0", "05")) ==
          "entry 9: configuration: message ends where a map should be");
    CHECK(refusal(entry_with("c0", "a101", "05")) == "entry 9: configuration: expected a map, found a number");
    CHECK(refusal(entry_with("c0", "c0", "00") + "00") == "octets behind the entry");
    CHECK(refusal("c0") == "nil in place of an entry");
    CHECK(refusal("81a0") == "empty key");
}

TEST_CASE("configurations keep their order and encode as in appendix A") {
    const auto octets = appendix_vector("A-9");
    const auto configuration = good(wire::decode_configuration(octets.span()));
    CHECK(configuration == Configuration{{{ServerId{"seq-a"}, "10.0.0.1:50050", Suffrage::voter},
                                          {ServerId{"seq-b"}, "10.0.0.2:50050", Suffrage::nonvoter}}});
    CHECK(wire::encode_configuration(configuration) == octets);
    CHECK(hex(wire::encode_configuration({}).span()) == "81a753657276657273c0");
}

TEST_CASE("a configuration cannot take more memory than its octets allow") {
    std::string many = "81a753657276657273dc1000";
    for (int i = 0; i < 4096; ++i) many += "80";
    CHECK(wire::decode_configuration(octets_of(many).span()).error().text ==
          "configuration: asks for more memory than its octets allow");
}

TEST_CASE("a suffrage this version does not know is refused") {
    CHECK(wire::decode_configuration(octets_of("81a7536572766572739181a8537566667261676503").span())
              .error()
              .text == "configuration: unknown suffrage 3");
}
