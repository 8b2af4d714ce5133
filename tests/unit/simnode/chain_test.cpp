// The pure parts of simnode: blocks, the chain they form, and what a fault is.

#include <catch2/catch.hpp>

#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"
#include "core/rpc/gzip.hpp"
#include "tests/simnode/chain.hpp"
#include "tests/simnode/fault_spec.hpp"
#include "tests/simnode/gunzip.hpp"

using namespace conductor;
using namespace conductor::simnode;

namespace {

Envelope child_of(const Envelope& parent, std::uint64_t salt = 0, std::size_t padding = 0) {
    BlockRequest request;
    request.seed = 7;
    request.salt = salt;
    request.timestamp_s = parent.timestamp_s + 1;
    request.padding = padding;
    return make_block(parent, request);
}

Envelope genesis() {
    return make_genesis(7, 1'700'000'000);
}

/// Genesis and `count` blocks on it, in order.
std::vector<Envelope> line_of(std::size_t count) {
    std::vector<Envelope> line{genesis()};
    for (std::size_t i = 0; i < count; ++i) line.push_back(child_of(line.back()));
    return line;
}

Result<Fault, std::string> fault_from(const std::string& text) {
    const auto value = json::first_value(text);
    REQUIRE(value.has_value());
    return read_fault(*value);
}

}  // namespace

TEST_CASE("blocks of every size claim the hash of their header, as JSON and as SSZ", "[simnode][block]") {
    const auto padding = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{250'000});
    const auto block = child_of(genesis(), 0, padding);
    CHECK(payload::check_block_hash(block).has_value());
    CHECK(block.version == payload::Version::v4);
    CHECK(block.ssz.size() >= padding);
    CHECK(payload::fields_of(block).transactions[0][0] == 0x7e);

    const auto again = payload::envelope_from_json(payload::envelope_to_json(block));
    REQUIRE(again.has_value());
    CHECK(again->ssz == block.ssz);
    CHECK(payload::check_block_hash(genesis()).has_value());
}

TEST_CASE("equal requests make equal blocks, and salt, parent and seed tell them apart", "[simnode][block]") {
    CHECK(child_of(genesis()).hash == child_of(genesis()).hash);
    CHECK(child_of(genesis(), 1).hash != child_of(genesis(), 2).hash);
    CHECK(child_of(child_of(genesis())).hash != child_of(genesis()).hash);
    CHECK(make_genesis(1, 5).hash != make_genesis(2, 5).hash);
}

TEST_CASE("a chain takes what follows its head, keeps what came early, and leaves alone what is old",
          "[simnode][chain]") {
    const auto line = line_of(4);
    Chain chain{line[0]};
    CHECK(chain.import(line[3]) == Imported::queued);
    CHECK(chain.import(line[3]) == Imported::known);
    CHECK(chain.import(line[1]) == Imported::new_head);
    CHECK(chain.head().hash == line[1].hash);
    CHECK(chain.import(line[2]) == Imported::new_head);
    CHECK(chain.head().hash == line[3].hash);
    CHECK(chain.queued() == 0);
    CHECK(chain.import(line[2]) == Imported::known);
    CHECK(chain.import(child_of(line[1], 9)) == Imported::old);
    CHECK(chain.at(2)->hash == line[2].hash);
    CHECK(chain.at(4) == nullptr);
    CHECK(chain.below_head(1).hash == line[2].hash);
    CHECK(chain.below_head(99).hash == line[0].hash);
}

TEST_CASE("the queue of blocks without a parent is bounded", "[simnode][chain]") {
    const auto line = line_of(Chain::max_queued + 1);
    Chain chain{line[0]};
    for (std::size_t i = 2; i < line.size() - 1; ++i) REQUIRE(chain.import(line[i]) == Imported::queued);
    CHECK(chain.import(line.back()) == Imported::queued);
    CHECK(chain.import(child_of(line.back())) == Imported::full);
    CHECK(chain.import(line[1]) == Imported::new_head);
    CHECK(chain.head().hash == line.back().hash);
}

TEST_CASE("a fork choice moves the head to another branch and back", "[simnode][chain]") {
    const auto line = line_of(3);
    Chain chain{line[0]};
    for (std::size_t i = 1; i < line.size(); ++i) REQUIRE(chain.import(line[i]) == Imported::new_head);
    const auto sibling = child_of(line[1], 5);

    chain.adopt(sibling);
    CHECK(chain.head().hash == sibling.hash);
    CHECK(chain.at(3) == nullptr);
    CHECK(chain.find(line[3].hash) != nullptr);

    chain.adopt(child_of(line[3]));  // its parent lies on the dead branch
    CHECK(chain.head().number.value() == 4);
    CHECK(chain.at(2)->hash == line[2].hash);

    chain.rewind(2);
    CHECK(chain.head().hash == line[2].hash);
    chain.rewind(99);
    CHECK(chain.head().hash == line[0].hash);
}

TEST_CASE("old blocks go once there are too many octets of them, genesis stays", "[simnode][chain]") {
    ChainLimits limits;
    limits.octets = 50'000;
    limits.blocks = 4;
    Chain chain{genesis(), limits};
    const auto first = child_of(chain.head(), 0, 10'000);
    REQUIRE(chain.import(first) == Imported::new_head);
    for (int i = 0; i < 3; ++i) REQUIRE(chain.import(child_of(chain.head(), 0, 10'000)) == Imported::new_head);
    CHECK(chain.at(1) != nullptr);  // few octets yet
    for (int i = 0; i < 3; ++i) REQUIRE(chain.import(child_of(chain.head(), 0, 10'000)) == Imported::new_head);
    CHECK(chain.at(1) == nullptr);
    CHECK(chain.find(first.hash) == nullptr);
    CHECK(chain.at(chain.head().number.value() - 1) != nullptr);
    CHECK(chain.genesis().number.value() == 0);
    for (int i = 0; i < 4; ++i) REQUIRE(chain.import(child_of(chain.head(), 0, 40'000)) == Imported::new_head);
    CHECK(chain.at(chain.head().number.value() - 2) != nullptr);  // too many octets, but too few blocks
}

TEST_CASE("a fault meets its method as often as it was told to, and an exact one replaces its like",
          "[simnode][fault]") {
    Faults faults;
    faults.set(*fault_from(R"({"method":"a","kind":"error","text":"first"})"));
    faults.set(*fault_from(R"({"method":"a","kind":"error","text":"second","code":-32601,"times":2})"));
    CHECK_FALSE(faults.meet({"b"}).has_value());
    const auto met = faults.meet({"b", "a"});
    REQUIRE(met.has_value());
    CHECK(met->text == "second");
    CHECK(met->code == -32601);
    CHECK(faults.meet({"a"}).has_value());
    CHECK_FALSE(faults.meet({"a"}).has_value());

    faults.set(*fault_from(R"({"kind":"hang","ms":20,"effect":true})"));
    const auto any = faults.meet({"whatever"});
    REQUIRE(any.has_value());
    CHECK(any->delay == std::chrono::milliseconds{20});
    CHECK(any->takes_effect);
    faults.clear_all();
    CHECK_FALSE(faults.meet({"whatever"}).has_value());
}

TEST_CASE("a fault that makes no sense is refused by the name of its member", "[simnode][fault]") {
    CHECK(fault_from("[]").error() == "the fault is no object");
    CHECK(fault_from(R"({"kind":"flood"})").error() == "no kind of fault: flood");
    CHECK(fault_from(R"({"kind":"nonsense","status":7})").error() == "no such HTTP status");
    for (const auto* bad : {R"({"ms":-1})", R"({"ms":"1"})", R"({"ms":3600001})", R"({"ms":1.5})"})
        CHECK(fault_from(bad).error() == "the fault's member ms is unknown or has a wrong value");
    CHECK(fault_from(R"({"colour":1})").error().find("member colour") != std::string::npos);
}

TEST_CASE("gzip is unpacked whole, or not at all", "[simnode][gzip]") {
    const std::string text(100'000, 'x');
    const auto packed = rpc::gzip(text);
    CHECK(gunzip(packed, text.size()) == text);
    CHECK_FALSE(gunzip(packed, text.size() - 1).has_value());
    CHECK_FALSE(gunzip(packed.substr(0, packed.size() / 2), text.size()).has_value());
    CHECK_FALSE(gunzip("no gzip", text.size()).has_value());
}
