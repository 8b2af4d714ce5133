// What a caller of the store can see while nothing fails.
#include <algorithm>

#include "tests/unit/storage/store_fixture.hpp"

using namespace conductor;
using namespace conductor::test;

TEST_CASE("an empty directory is an empty log", "[storage][log]") {
    CrashFiles files;
    const auto store = must_open(files);
    CHECK(store->recovered().entries.empty());
    CHECK_FALSE(store->recovered().snapshot.has_value());
    CHECK(store->recovered().hard_state == consensus::HardState{});
    CHECK(store->snapshot_payload()->empty());
}

TEST_CASE("what was written is there after a restart, octet by octet", "[storage][log]") {
    CrashFiles files;
    ModelLog model;
    consensus::Configuration members{{{ServerId{"a"}, "h:1", consensus::Suffrage::voter},
                                      {ServerId{"b"}, "h:2", consensus::Suffrage::nonvoter}}};
    std::vector<consensus::Entry> entries{configuration_entry(1, 1, members)};
    entries.push_back(command(1, 2, {}));
    entries.back().type = consensus::EntryType::noop;
    for (const auto& entry : commands(2, 3, 40, 1300)) entries.push_back(entry);
    for (const auto& entry : entries) model.append(entry);
    {
        auto store = must_open(files);
        must_write(*store, write_of(entries));
        CHECK(*store->read(LogIndex{17}) == entries[16]);
    }
    const auto store = must_open(files);
    CHECK(difference(*store, model) == "");
}

TEST_CASE("a batch of many writes costs one flush", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 1);
    const auto before = files.syncs();
    std::vector<storage::StoreWrite> batch;
    for (std::uint64_t index = 2; index < 12; ++index) batch.push_back(write_of(commands(1, index, index)));
    REQUIRE(store->write(batch).has_value());
    CHECK(files.syncs() - before == 1);
    CHECK(store->figures().flushes == 4);  // with two, once, that name the first segment beside the vote
}

TEST_CASE("a write of nothing costs no flush", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    const auto before = files.history().size();
    must_write(*store, {});
    CHECK(files.history().size() == before);
}

TEST_CASE("an entry of another term replaces the one there and all behind it", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 10);
    must_write(*store, write_of(commands(2, 6, 7, 50)));
    ModelLog model;
    for (const auto& entry : commands(1, 1, 5)) model.append(entry);
    for (const auto& entry : commands(2, 6, 7, 50)) model.append(entry);
    CHECK(*store->read(LogIndex{6}) == model.entries[5]);
    store.reset();
    CHECK(difference(*must_open(files), model) == "");
}

TEST_CASE("a truncation without entries behind it holds after a restart", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 10);
    storage::StoreWrite cut;
    cut.truncate = LogIndex{4};
    must_write(*store, cut);
    store.reset();
    store = must_open(files);
    CHECK(store->recovered().entries.size() == 3);
    must_append(*store, 2, 4, 5);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 5);
}

TEST_CASE("a truncation can empty the log", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 3);
    storage::StoreWrite cut;
    cut.truncate = LogIndex{1};
    must_write(*store, cut);
    must_append(*store, 2, 1, 2);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 2);
}

TEST_CASE("a record larger than a segment gets a segment of its own", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 1);
    must_append(*store, 1, 2, 2, 5 * small_segment);
    must_append(*store, 1, 3, 3);
    store.reset();
    store = must_open(files);
    ModelLog model;
    for (const auto& entry : commands(1, 1, 1)) model.append(entry);
    model.append(command(1, 2, filled(5 * small_segment, 2)));
    for (const auto& entry : commands(1, 3, 3)) model.append(entry);
    CHECK(difference(*store, model) == "");
}

TEST_CASE("a prefix of an entry's data is read alone, or with the whole where it is long", "[storage][log]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 1, 5000);
    const auto data = filled(5000, 1);
    for (const std::size_t octets : {0UL, 1UL, 508UL, 1024UL, 4000UL, 9000UL}) {
        const auto got = store->read_data_prefix(LogIndex{1}, octets);
        REQUIRE(got.has_value());
        CHECK(*got == data.slice(0, std::min<std::size_t>(octets, 5000)));
    }
}

TEST_CASE("an own snapshot lets go of what it need not keep, for good", "[storage][snapshot]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 20);
    must_write(*store, snapshot_at(1, 15, 11, filled(700, 9)));
    store.reset();
    store = must_open(files);
    CHECK(store->recovered().snapshot->last.index == LogIndex{15});
    CHECK(store->recovered().snapshot->configuration.servers.size() == 1);
    CHECK(store->recovered().entries.front().position.index == LogIndex{11});
    CHECK(store->recovered().entries.back().position.index == LogIndex{20});
    CHECK(*store->snapshot_payload() == filled(700, 9));
}

TEST_CASE("a snapshot of nothing has no payload", "[storage][snapshot]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 3);
    must_write(*store, snapshot_at(1, 3, 4, {}));
    CHECK(store->snapshot_payload()->empty());
    store.reset();
    store = must_open(files);
    CHECK(store->recovered().snapshot.has_value());
    CHECK_FALSE(store->recovered().snapshot_has_payload);
    CHECK(store->recovered().entries.empty());
    must_append(*store, 1, 4, 4);
}

TEST_CASE("a received snapshot voids the log, and the log goes on behind it", "[storage][snapshot]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 20);
    auto received = snapshot_at(5, 1000, 1001, filled(90, 1));
    received.discard_log = true;
    received.entries = write_of(commands(5, 1001, 1003)).entries;
    must_write(*store, received);
    store.reset();
    store = must_open(files);
    REQUIRE(store->recovered().entries.size() == 3);
    CHECK(store->recovered().entries.front().position.index == LogIndex{1001});
    CHECK(*store->read(LogIndex{1003}) == commands(5, 1003, 1003).front());
}

TEST_CASE("a snapshot ahead of the log replaces it, discarded or not", "[storage][snapshot]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 5);
    must_write(*store, snapshot_at(2, 50, 51, filled(9, 1)));
    must_append(*store, 2, 51, 52);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 2);
}

TEST_CASE("whole segments below what is kept are used again, and the disk does not grow", "[storage][space]") {
    CrashFiles files;
    const auto options = store_options();
    auto store = must_open(files, options);
    std::uint64_t written = 0;
    for (std::uint64_t index = 1; index <= 400; ++index) {
        must_append(*store, 1, index, index, 3000);
        written += 3000;
        if (index % 10 == 0) must_write(*store, snapshot_at(1, index, index - 9, filled(3000, index)));
        std::uint64_t on_disk = 0;
        for (const auto& path : files.disk().paths("/segments/")) on_disk += files.disk().find(path)->size();
        REQUIRE(on_disk <= options.retain_octets * 105 / 100 + 4 * options.segment_octets);
        REQUIRE(on_disk == store->figures().octets_on_disk);
        if (index % 97 == 0) {
            store.reset();
            store = must_open(files, options);
        }
    }
    CHECK(written > 20 * options.segment_octets);
    CHECK(store->figures().spares >= 2);
}

TEST_CASE("the segment of the newest snapshot stays although none of its entries is kept", "[storage][space]") {
    CrashFiles files;
    auto store = must_open(files);
    must_append(*store, 1, 1, 5, 3000);
    must_write(*store, snapshot_at(1, 5, 6, filled(3000, 4)));
    must_append(*store, 1, 6, 60, 3000);
    store.reset();
    store = must_open(files);
    CHECK(*store->snapshot_payload() == filled(3000, 4));
    CHECK(store->recovered().entries.size() == 55);
}

TEST_CASE("spares of another size, and unfinished ones, are removed at start", "[storage][space]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 3);
    auto options = store_options();
    options.segment_octets = 2 * small_segment;
    for (const auto* const name : {"00000000000000000007.unfinished", "00000000000000000009.spare"})
        REQUIRE(files.open(std::string{"/data/a/segments/"} + name, storage::OpenMode::create).has_value());
    auto store = must_open(files, options);
    CHECK(files.disk().paths(".unfinished").empty());
    for (const auto& path : files.disk().paths(".spare"))
        CHECK(files.disk().find(path)->size() == options.segment_octets);
    CHECK(store->recovered().entries.size() == 3);
}

TEST_CASE("one idle moment writes one seal", "[storage][seal]") {
    CrashFiles files;
    auto store = must_open(files);
    REQUIRE(store->idle().has_value());  // nothing to seal
    const auto none = store->figures().octets_written;
    CHECK(none == 0);
    must_append(*store, 1, 1, 1);
    REQUIRE(store->idle().has_value());
    const auto sealed = store->figures().octets_written;
    REQUIRE(store->idle().has_value());
    CHECK(store->figures().octets_written == sealed);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 1);
}

TEST_CASE("a probe flushes and changes nothing", "[storage][probe]") {
    CrashFiles files;
    auto store = must_open(files);
    auto before = files.syncs();
    REQUIRE(store->probe().has_value());
    CHECK(files.syncs() > before);
    must_append(*store, 1, 1, 2);
    before = files.syncs();
    REQUIRE(store->probe().has_value());
    CHECK(files.syncs() == before + 1);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 2);
}

TEST_CASE("a second store on the same directory is refused, and told who has it", "[storage][lock]") {
    CrashFiles files;
    auto store = must_open(files);
    const auto second = storage::LogStore::open(files, store_options());
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == storage::StoreErrc::locked);
    CHECK(second.error().text.find("(pid 4711)") != std::string::npos);
    store.reset();
    must_open(files);
}

TEST_CASE("equal seeds and equal calls leave equal disks", "[storage][log]") {
    const auto live = [] {
        CrashFiles files;
        auto store = must_open(files);
        must_append(*store, 1, 1, 60, 3000);
        must_write(*store, snapshot_at(1, 50, 41, filled(10, 1)));
        REQUIRE(store->idle().has_value());
        store.reset();
        return files.disk();
    };
    CHECK(live() == live());
}
