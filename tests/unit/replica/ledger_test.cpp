// Which entry of a log becomes head, decided from numbers alone.
#include "core/replica/ledger.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::replica;

namespace {

PayloadFacts fact(std::uint64_t index, RecordKind kind, std::uint64_t number) {
    PayloadFacts facts;
    facts.position = {Term{1}, LogIndex{index}};
    facts.kind = kind;
    facts.number = BlockNumber{number};
    return facts;
}

Ledger ledger_of(std::initializer_list<PayloadFacts> all) {
    Ledger ledger;
    for (const auto& facts : all) ledger.put(facts);
    return ledger;
}

}  // namespace

TEST_CASE("the first entry of the greatest number is head, not a later equal one", "[replica][ledger]") {
    const auto ledger = ledger_of({fact(1, RecordKind::payload, 7), fact(2, RecordKind::payload, 9),
                                   fact(3, RecordKind::payload, 9), fact(4, RecordKind::payload, 8)});
    const auto* winner = ledger.winner({}, LogIndex{}, LogIndex{4});
    REQUIRE(winner != nullptr);
    CHECK(winner->position.index == LogIndex{2});
}

TEST_CASE("nothing wins where no number exceeds the head's", "[replica][ledger]") {
    const auto ledger = ledger_of({fact(1, RecordKind::payload, 7), fact(2, RecordKind::other, 0)});
    CHECK(ledger.winner(BlockNumber{7}, LogIndex{}, LogIndex{2}) == nullptr);
}

TEST_CASE("a reset entry replaces a greater number, and what follows is judged by it", "[replica][ledger]") {
    const auto ledger = ledger_of(
        {fact(1, RecordKind::payload, 100), fact(2, RecordKind::reset, 50), fact(3, RecordKind::payload, 51)});
    CHECK(ledger.winner({}, LogIndex{}, LogIndex{2})->position.index == LogIndex{2});
    CHECK(ledger.winner({}, LogIndex{}, LogIndex{3})->position.index == LogIndex{3});
}

TEST_CASE("an undecodable entry never wins", "[replica][ledger]") {
    auto ledger = ledger_of({fact(1, RecordKind::payload, 7), fact(2, RecordKind::payload, 9)});
    ledger.mark_undecodable(LogIndex{2});
    CHECK(ledger.winner({}, LogIndex{}, LogIndex{2})->position.index == LogIndex{1});
}

TEST_CASE("an entry that replaces another cuts everything above it", "[replica][ledger]") {
    auto ledger = ledger_of(
        {fact(1, RecordKind::payload, 7), fact(2, RecordKind::payload, 8), fact(3, RecordKind::payload, 9)});
    ledger.put(fact(2, RecordKind::payload, 6));
    CHECK(ledger.last() == LogIndex{2});
    CHECK(ledger.winner({}, LogIndex{}, LogIndex{3})->number == BlockNumber{7});
}

TEST_CASE("data too short for the fixed fields is undecodable, other types are no payload",
          "[replica][ledger]") {
    const std::vector<std::uint8_t> octets(200, 1);
    const consensus::Position at{Term{1}, LogIndex{1}};
    CHECK(facts_of(at, consensus::EntryType::command, octets).kind == RecordKind::undecodable);
    CHECK(facts_of(at, consensus::EntryType::noop, {}).kind == RecordKind::other);
    CHECK(facts_of(at, consensus::EntryType::command, {}).kind == RecordKind::undecodable);
}
