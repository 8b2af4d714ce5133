// Every file operation of the store, made to fail once.
#include <cerrno>
#include <thread>

#include "tests/support/faulty_files.hpp"
#include "tests/unit/storage/store_fixture.hpp"

using namespace conductor;
using namespace conductor::test;
using storage::LogStore;
using storage::StoreErrc;

namespace {

struct Case {
    const char* operation;
    const char* path_part;
    int code;
    StoreErrc expected;
};

}  // namespace

TEST_CASE("a failed write is final: nothing is written any more, and a new start decides", "[storage][fault]") {
    const auto what = GENERATE(
        Case{"write", ".segment", ENOSPC, StoreErrc::no_space},
        Case{"write", ".segment", EDQUOT, StoreErrc::no_space}, Case{"write", ".segment", EIO, StoreErrc::io},
        Case{"fdatasync", ".segment", EIO, StoreErrc::io}, Case{"write", "vote", ENOSPC, StoreErrc::no_space},
        Case{"fdatasync", "vote", EIO, StoreErrc::io});
    INFO(what.operation << " " << what.path_part << " " << what.code);
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    must_append(*store, 1, 1, 3);
    files.plan({what.operation, what.path_part, what.code});
    auto write = vote_for(9, "x");
    write.entries = write_of(commands(9, 4, 4)).entries;

    const auto failed = store->write({&write, 1});
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == what.expected);
    CHECK(failed.error().text.find(failed.error().place) != std::string::npos);
    CHECK(files.struck() == 1);

    const auto before = disk.history().size();
    const auto more = write_of(commands(9, 5, 5));
    CHECK(store->write({&more, 1}).error().code == what.expected);
    CHECK(store->idle().error().code == what.expected);
    CHECK(store->probe().error().code == what.expected);
    CHECK(disk.history().size() == before);

    store.reset();
    store = must_open(files);
    CHECK(store->recovered().entries.size() >= 3);
    CHECK(store->recovered().entries.size() <= 4);
    must_append(*store, 10, store->recovered().entries.size() + 1, store->recovered().entries.size() + 2);
}

TEST_CASE("a segment that cannot be begun is an error of the write that needs it", "[storage][fault]") {
    const auto what =
        GENERATE(Case{"rename", ".spare", EIO, StoreErrc::io}, Case{"open", ".segment", EMFILE, StoreErrc::io},
                 Case{"fsync", "segments", EIO, StoreErrc::io});
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    files.plan({what.operation, what.path_part, what.code});
    const auto write = write_of(commands(1, 1, 1));
    CHECK(store->write({&write, 1}).error().code == what.expected);
    CHECK(store->write({&write, 1}).error().code == what.expected);
    store.reset();
    must_append(*must_open(files), 1, 1, 1);
}

TEST_CASE("a record too large for a spare needs space of its own, or fails", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    files.plan({"fallocate", "", ENOSPC});
    const auto write = write_of(commands(1, 1, 1, 3 * small_segment));
    CHECK(store->write({&write, 1}).error().code == StoreErrc::no_space);
}

TEST_CASE("an index that fails is final too", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    must_append(*store, 1, 1, 3, 3000);
    files.plan({"write", "/index/", EIO, 0, false});
    std::size_t index = 4;
    for (; index < 40; ++index) {
        const auto write = write_of(commands(1, index, index, 3000));
        if (const auto done = store->write({&write, 1}); !done) {
            CHECK(done.error().code == StoreErrc::io);
            break;
        }
    }
    CHECK(index < 40);
    store.reset();
    files.clear();
    CHECK(must_open(files)->recovered().entries.size() >= index - 2);
}

TEST_CASE("a full disk that refuses a spare is a warning, and the log goes on", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    files.plan({"write", ".unfinished", ENOSPC, 0, false});
    auto store = must_open(files);
    CHECK(store->figures().spare_failures == 1);
    CHECK(store->figures().spares == 0);
    must_append(*store, 1, 1, 30, 3000);
    CHECK(store->figures().spare_failures > 1);
    files.clear();
    must_append(*store, 1, 31, 60, 3000);
    CHECK(store->figures().spares == 2);
    store.reset();
    CHECK(must_open(files)->recovered().entries.size() == 60);
}

TEST_CASE("short writes are completed", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    files.write_at_most(1000);
    ModelLog model;
    for (const auto& entry : commands(1, 1, 20, 3000)) model.append(entry);
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 20, 3000);
    }
    CHECK(difference(*must_open(files), model) == "");
}

TEST_CASE("a write waits as long as its flush hangs", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    must_append(*store, 1, 1, 1);
    files.hang_syncs(".segment");
    std::atomic<bool> returned{false};
    bool well = false;
    std::thread writer{[&] {
        const auto write = write_of(commands(1, 2, 2));
        well = store->write({&write, 1}).has_value();
        returned = true;
    }};
    files.await_hanging_sync();
    CHECK_FALSE(returned);
    files.release_syncs();
    writer.join();
    CHECK(well);
    CHECK(*store->read(LogIndex{2}) == commands(1, 2, 2).front());
}

TEST_CASE("a read that fails is an error and not corruption", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    auto store = must_open(files);
    must_append(*store, 1, 1, 1);
    files.plan({"read", ".segment", EIO});
    CHECK(store->read(LogIndex{1}).error().code == StoreErrc::io);
    CHECK(store->read(LogIndex{1}).has_value());
}

TEST_CASE("each operation that fails while opening is an error with the file's name", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    {
        auto store = must_open(files);
        must_append(*store, 1, 1, 30, 3000);
    }
    const auto what = GENERATE(
        Case{"list", "/data/a", EACCES, StoreErrc::not_permitted},
        Case{"mkdir", "/data/a", EROFS, StoreErrc::not_permitted},
        Case{"open", "lock", EACCES, StoreErrc::not_permitted},
        Case{"lock", "lock", EWOULDBLOCK, StoreErrc::locked}, Case{"lock", "lock", ENOLCK, StoreErrc::io},
        Case{"truncate", "lock", EIO, StoreErrc::io}, Case{"write", "lock", ENOSPC, StoreErrc::no_space},
        Case{"open", "vote", EACCES, StoreErrc::not_permitted}, Case{"read", "vote", EIO, StoreErrc::io},
        Case{"list", "segments", EIO, StoreErrc::io}, Case{"read", ".segment", EIO, StoreErrc::io},
        Case{"stat", ".segment", EIO, StoreErrc::io}, Case{"open", ".segment", EMFILE, StoreErrc::io},
        Case{"fdatasync", ".segment", EIO, StoreErrc::io}, Case{"fsync", "/data/a", EIO, StoreErrc::io},
        Case{"stat", ".spare", EIO, StoreErrc::io});
    INFO(what.operation << " " << what.path_part << " " << what.code);
    files.plan({what.operation, what.path_part, what.code});
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == what.expected);
    CHECK(store.error().text.find(store.error().place) != std::string::npos);
    CHECK(must_open(files)->recovered().entries.size() == 30);
}

TEST_CASE("a fresh directory whose vote cannot be made has no vote", "[storage][fault]") {
    const auto* const operation = GENERATE("open", "write", "fdatasync", "rename");
    CrashFiles disk;
    FaultyFiles files{disk};
    files.plan({operation, "vote.new", EIO});
    CHECK(LogStore::open(files, store_options()).error().code == StoreErrc::io);
    must_open(files);
}

TEST_CASE("an index whose files cannot be opened fails the start with their name", "[storage][fault]") {
    CrashFiles disk;
    FaultyFiles files{disk};
    files.plan({"open", "/index/", ENOSPC, 0, false});
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::no_space);
    CHECK(store.error().text.find("/index/") != std::string::npos);
}
