// Flipped bits and torn ends: what is cut, what is reported, and what costs nothing.
#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"
#include "core/storage/record.hpp"
#include "tests/unit/storage/store_fixture.hpp"

using namespace conductor;
using namespace conductor::test;
using storage::LogStore;
using storage::StoreErrc;

namespace {

const LogIndex third{3};

// Five entries, each in a batch of its own; the last one is called durable by a seal.
CrashFiles five_entries() {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 5, 700);
        REQUIRE(store->idle().has_value());
    }
    return files;
}

std::vector<std::uint8_t>& tail(CrashFiles& files) {
    return *files.disk().find(files.disk().paths(".segment").back());
}

// The place of the header of the batch that holds entry `index`.
std::size_t header_of(CrashFiles& files, std::uint64_t index) {
    const auto data = filled(700, index);
    return place_of(tail(files), data.span()) / 4096 * 4096;
}

}  // namespace

TEST_CASE("a flipped bit in a body that a later record calls durable is reported", "[storage][corruption]") {
    auto files = five_entries();
    tail(files)[header_of(files, 3) + 300] ^= 8;
    auto store = must_open(files);
    CHECK(store->recovered().corrupt == std::vector{third});
    CHECK(store->recovered().entries.size() == 5);
    CHECK(store->read(third).error().code == StoreErrc::corrupt_record);
    CHECK(store->read_data_prefix(third, 10).error().code == StoreErrc::corrupt_record);
    CHECK(*store->read(LogIndex{4}) == commands(1, 4, 4, 700).front());
}

TEST_CASE("a flipped bit in a record's header loses the entry and not its place", "[storage][corruption]") {
    auto files = five_entries();
    const auto index = GENERATE(1ULL, 3ULL, 5ULL);
    tail(files)[header_of(files, index) + 20] ^= 8;
    auto store = must_open(files);
    CHECK(store->recovered().corrupt == std::vector{LogIndex{index}});
    REQUIRE(store->recovered().entries.size() == 5);
    CHECK(store->recovered().entries[index - 1].position == consensus::Position{Term{1}, LogIndex{index}});
}

TEST_CASE("an entry fetched again is whole, and what follows it still follows", "[storage][corruption]") {
    auto files = five_entries();
    tail(files)[header_of(files, 3) + GENERATE(20U, 300U)] ^= 8;
    auto store = must_open(files);
    must_write(*store, write_of(commands(1, 3, 3, 700)));
    CHECK(*store->read(third) == commands(1, 3, 3, 700).front());
    store.reset();
    store = must_open(files);
    CHECK(store->recovered().corrupt.empty());
    CHECK(store->recovered().entries.size() == 5);
    CHECK(*store->read(LogIndex{5}) == commands(1, 5, 5, 700).front());
}

TEST_CASE("a bad record at the very end is a torn write, and is cut", "[storage][corruption]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 5, 700);  // nothing calls the fifth durable
    tail(files)[header_of(files, 5) + GENERATE(0U, 20U, 300U)] ^= 8;
    auto store = must_open(files);
    CHECK(store->recovered().entries.size() == 4);
    CHECK(store->recovered().corrupt.empty());
    must_append(*store, 2, 5, 6, 90);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 6);
}

TEST_CASE("what was cut never comes back behind what is written later", "[storage][corruption]") {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_write(*store, write_of(commands(1, 1, 3, 700)));  // one batch
    }
    auto octets = tail(files);
    const auto second = place_of(octets, filled(700, 2).span());
    tail(files)[second] ^= 1;  // torn in its middle: the third record is whole
    {
        auto store = must_open(files);
        REQUIRE(store->recovered().entries.size() == 1);
        must_append(*store, 1, 2, 2, 700);
    }
    const auto store = must_open(files);
    CHECK(store->recovered().entries.size() == 2);
    CHECK(store->recovered().corrupt.empty());
}

TEST_CASE("corruption at or below the snapshot is ignored", "[storage][corruption]") {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 5, 700);
        must_write(*store, snapshot_at(1, 4, 2, filled(30, 1)));
        REQUIRE(store->idle().has_value());
    }
    tail(files)[header_of(files, 3) + 300] ^= 8;
    const auto store = must_open(files);
    CHECK(store->recovered().corrupt.empty());
    CHECK(store->recovered().entries.size() == 4);
    CHECK(store->read(third).error().code == StoreErrc::corrupt_record);
}

TEST_CASE("a damaged segment header costs nothing", "[storage][corruption]") {
    auto files = five_entries();
    const auto octet = GENERATE(0U, 9U, 13U, 20U, 30U);
    tail(files)[octet] ^= 1;
    CHECK(must_open(files)->recovered().entries.size() == 5);
}

TEST_CASE("a segment of a later format is refused by name, and nothing changes", "[storage][corruption]") {
    auto files = five_entries();
    auto& octets = tail(files);
    storage::put(octets.data() + 8, std::uint32_t{2});
    storage::put(octets.data() + 12, storage::crc32c(ByteSpan{octets}.first(12)));
    const auto before = files.disk();
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::newer_format);
    CHECK(store.error().text.find(".segment") != std::string::npos);
    CHECK(files.disk() == before);
}

TEST_CASE("corruption in a complete segment is found when it is read", "[storage][corruption]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 40, 3000);
    store.reset();
    auto& first = *files.disk().find(files.disk().paths(".segment").front());
    first[place_of(first, filled(3000, 2).span()) + 2000] ^= 1;
    store = must_open(files);
    CHECK(store->recovered().corrupt.empty());
    CHECK(store->read(LogIndex{2}).error().code == StoreErrc::corrupt_record);
    CHECK(store->read_data_prefix(LogIndex{2}, 500).has_value());  // the front proves itself
    store.reset();
    for (const auto& path : files.disk().paths("/index/")) files.disk().remove(path);
    CHECK(must_open(files)->recovered().corrupt == std::vector{LogIndex{2}});
}

TEST_CASE("a snapshot whose payload is damaged still stands for its place", "[storage][corruption]") {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 3, 700);
        must_write(*store, snapshot_at(1, 3, 2, filled(3000, 200)));
        REQUIRE(store->idle().has_value());
    }
    tail(files)[place_of(tail(files), filled(3000, 200).span()) + 2500] ^= 1;
    const auto store = must_open(files);
    CHECK(store->recovered().snapshot->last.index == third);
    CHECK(store->snapshot_payload().error().code == StoreErrc::corrupt_record);
}

TEST_CASE("a log whose beginning is gone is not opened", "[storage][corruption]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 60, 3000);
    files.disk().remove(segment_path(files, 0));
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::corrupt_record);
    CHECK(store.error().text.find("replace the member") != std::string::npos);
}

TEST_CASE("entries of a segment that is gone from the middle are reported", "[storage][corruption]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 60, 3000);
    files.disk().remove(segment_path(files, 1));
    const auto store = must_open(files);
    CHECK(store->recovered().entries.size() == 60);
    CHECK_FALSE(store->recovered().corrupt.empty());
    for (const auto index : store->recovered().corrupt)
        CHECK(store->read(index).error().code == StoreErrc::corrupt_record);
}

namespace {

void remove_segments(CrashFiles& files) {
    for (const auto& path : files.disk().paths("/segments/")) files.disk().remove(path);
}

void refused_as_forgetful(CrashFiles& files) {
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::log_lost);
    CHECK(store.error().place == "/data/a/segments");
    CHECK(store.error().text.find("/data/a/segments: ") == 0);
    CHECK(store.error().text.find("replace the member") != std::string::npos);
}

// As a version wrote it that named no segment beside the vote.
void forget_segment_in_vote(CrashFiles& files) {
    auto& octets = *files.disk().find("/data/a/vote");
    for (const std::size_t slot : {0U, 4096U}) {
        std::fill_n(octets.begin() + static_cast<std::ptrdiff_t>(slot) + 4084, 8, std::uint8_t{0});
        storage::put(octets.data() + slot + 4092, storage::crc32c(ByteSpan{octets}.subspan(slot, 4092)));
    }
}

}  // namespace

TEST_CASE("a log that is gone beside a vote is refused, and nothing changes", "[storage][corruption][vote]") {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_write(*store, vote_for(1, "b"));
        must_append(*store, 1, 1, GENERATE(1U, 60U), 3000);
    }
    const bool directory_too = GENERATE(false, true);
    remove_segments(files);
    if (directory_too) files.disk().directories.erase("/data/a/segments");
    const auto before = files.disk();
    refused_as_forgetful(files);
    CHECK(files.disk() == before);
}

TEST_CASE("the newest segment is missed, whoever remembers it", "[storage][corruption][vote]") {
    CrashFiles files;
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 60, 3000);
        SECTION("the vote") {
            must_write(*store, vote_for(2, "b"));
            store.reset();
            for (const auto& path : files.disk().paths("/index/")) files.disk().remove(path);
        }
        SECTION("the index") {}
    }
    files.disk().remove(files.disk().paths(".segment").back());
    refused_as_forgetful(files);
}

TEST_CASE("segments that are gone are missed by the index where the vote does not name one",
          "[storage][corruption][vote][index]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 60, 3000);
    forget_segment_in_vote(files);
    remove_segments(files);
    refused_as_forgetful(files);
}

TEST_CASE("a vote from before the first entry needs no log beside it", "[storage][vote]") {
    CrashFiles files;
    must_write(*must_open(files), vote_for(3, "b"));
    const bool spares_too = GENERATE(false, true);
    if (spares_too) remove_segments(files);
    auto store = must_open(files);
    CHECK(store->recovered().hard_state.vote_candidate == "b");
    CHECK(store->recovered().entries.empty());
    must_append(*store, 3, 1, 2);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 2);
}

TEST_CASE("a crash before the directory of segments was made costs nothing", "[storage][vote]") {
    CrashFiles files;
    must_open(files).reset();
    remove_segments(files);
    files.disk().directories.erase("/data/a/segments");
    CHECK(must_open(files)->recovered().entries.empty());
}

TEST_CASE("a start names the newest segment where no vote did", "[storage][vote]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 3);
    forget_segment_in_vote(files);
    CHECK(must_open(files)->recovered().entries.size() == 3);
    remove_segments(files);
    refused_as_forgetful(files);
}

TEST_CASE("a start does not depend on the index", "[storage][index]") {
    CrashFiles files;
    ModelLog model;
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 60, 3000);
        must_write(*store, write_of(commands(2, 50, 52)));
    }
    for (const auto& entry : commands(1, 1, 49, 3000)) model.append(entry);
    for (const auto& entry : commands(2, 50, 52)) model.append(entry);

    const auto paths = files.disk().paths("/index/");
    SECTION("all of it is deleted") {
        for (const auto& path : paths) files.disk().remove(path);
    }
    SECTION("one file is deleted") {
        files.disk().remove(paths[GENERATE(0U, 1U, 2U)]);
    }
    SECTION("a bit is flipped in one file") {
        auto& octets = *files.disk().find(paths[GENERATE(0U, 1U, 2U)]);
        octets[octets.size() / 2] ^= 1;
    }
    SECTION("one file is cut in half") {
        auto& octets = *files.disk().find(paths[GENERATE(0U, 1U, 2U)]);
        octets.resize(octets.size() / 2);
    }
    CHECK(difference(*must_open(files), model) == "");
}
