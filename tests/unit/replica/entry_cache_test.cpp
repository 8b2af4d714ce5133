#include "core/replica/entry_cache.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::replica;

namespace {

wire::EncodedEntry entry(std::uint64_t index, std::size_t octets) {
    wire::EncodedEntry made;
    made.facts.position = {Term{1}, LogIndex{index}};
    made.data = Bytes::adopt(std::vector<std::uint8_t>(octets));
    return made;
}

}  // namespace

TEST_CASE("what is not applied stays, whatever the bound", "[replica][cache]") {
    EntryCache cache{100};
    for (std::uint64_t i = 1; i <= 5; ++i) cache.put(entry(i, 80));
    cache.trim(LogIndex{2});
    CHECK(cache.find(LogIndex{2}) == nullptr);
    for (std::uint64_t i = 3; i <= 5; ++i) CHECK(cache.find(LogIndex{i}) != nullptr);

    cache.trim(LogIndex{5});
    CHECK(cache.find(LogIndex{4}) == nullptr);
    CHECK(cache.find(LogIndex{5}) != nullptr);
    CHECK(cache.octets() == 80);
}

TEST_CASE("a replaced entry takes what stood above it along", "[replica][cache]") {
    EntryCache cache{1000};
    for (std::uint64_t i = 1; i <= 4; ++i) cache.put(entry(i, 10));
    cache.put(entry(3, 20));
    CHECK(cache.find(LogIndex{3})->size() == 20);
    CHECK(cache.find(LogIndex{4}) == nullptr);
    CHECK(cache.octets() == 40);
}

TEST_CASE("after a gap only what follows it is held", "[replica][cache]") {
    EntryCache cache{1000};
    cache.put(entry(1, 10));
    cache.put(entry(9, 10));
    CHECK(cache.find(LogIndex{1}) == nullptr);
    CHECK(cache.find(LogIndex{9}) != nullptr);
    CHECK(cache.octets() == 10);
}
