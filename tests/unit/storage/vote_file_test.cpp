#include <catch2/catch.hpp>

#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/unit/storage/store_fixture.hpp"

using namespace conductor;
using namespace conductor::test;
using storage::LogStore;
using storage::StoreErrc;

namespace {

const std::string vote = "/data/a/vote";

void spoil(CrashFiles& files, std::size_t slot) {
    (*files.disk().find(vote))[slot * 4096 + 30] ^= 1;
}

}  // namespace

TEST_CASE("term and vote are there after a restart", "[storage][vote]") {
    CrashFiles files;
    must_write(*must_open(files), vote_for(7, "host-b:50050"));
    CHECK(must_open(files)->recovered().hard_state == consensus::HardState{Term{7}, Term{7}, "host-b:50050"});
}

TEST_CASE("the end of what was acknowledged is kept beside the vote", "[storage][vote]") {
    CrashFiles files;
    auto write = vote_for(7, "host-b:50050");
    write.hard_state->floor = {Term{6}, LogIndex{41}};
    must_write(*must_open(files), write);
    CHECK(must_open(files)->recovered().hard_state == *write.hard_state);
}

TEST_CASE("a hard state costs two flushes, one for each slot", "[storage][vote]") {
    CrashFiles files;
    auto store = must_open(files);
    const auto before = files.syncs();
    must_write(*store, vote_for(3, "x"));
    CHECK(files.syncs() - before == 2);
}

TEST_CASE("one bad slot costs nothing and is written again", "[storage][vote]") {
    const auto slot = GENERATE(0U, 1U);
    CrashFiles files;
    must_write(*must_open(files), vote_for(7, "b"));
    spoil(files, slot);
    CHECK(must_open(files)->recovered().hard_state.vote_candidate == "b");
    spoil(files, 1 - slot);  // so the first one must be good again
    CHECK(must_open(files)->recovered().hard_state.vote_candidate == "b");
}

TEST_CASE("of two good slots the later one counts", "[storage][vote]") {
    CrashFiles files;
    auto store = must_open(files);
    must_write(*store, vote_for(1, "a"));
    const auto older = *files.disk().find(vote);
    must_write(*store, vote_for(2, "b"));
    store.reset();
    auto& now = *files.disk().find(vote);
    const auto slot = GENERATE(0, 1);
    std::copy_n(older.begin() + slot * 4096, 4096, now.begin() + slot * 4096);
    CHECK(must_open(files)->recovered().hard_state.term == Term{2});
}

TEST_CASE("with both slots bad the store does not open, and says to replace the member", "[storage][vote]") {
    CrashFiles files;
    must_write(*must_open(files), vote_for(7, "b"));
    spoil(files, 0);
    spoil(files, 1);
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::vote_lost);
    CHECK(store.error().place == vote);
    CHECK(store.error().text.find("replace the member") != std::string::npos);
}

TEST_CASE("a log without a vote file beside it is not opened", "[storage][vote]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 1);
    files.disk().remove(vote);
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::vote_lost);
}

TEST_CASE("a vote of a later format is refused and left as it is", "[storage][vote]") {
    CrashFiles files;
    must_append(*must_open(files), 1, 1, 3);
    auto& octets = *files.disk().find(vote);
    const auto slot = GENERATE(0U, 1U);
    storage::put(octets.data() + slot * 4096 + 8, std::uint32_t{2});
    storage::put(octets.data() + slot * 4096 + 12, storage::crc32c(ByteSpan{octets}.subspan(slot * 4096, 12)));
    const auto before = files.disk();
    const auto store = LogStore::open(files, store_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::newer_format);
    CHECK(store.error().place == vote);
    CHECK(files.disk() == before);
}

TEST_CASE("a candidate that does not fit is an error, not a cut-off name", "[storage][vote]") {
    CrashFiles files;
    auto store = must_open(files);
    const auto write = vote_for(1, std::string(5000, 'x'));
    const auto done = store->write({&write, 1});
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == StoreErrc::io);
}
