// Snapshots between conductord and hashicorp/raft, both ways, and logs that conflict with them.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

const Tuning snapshots_often{{}, 100ms, 20, 1};
constexpr std::size_t two_mebibytes = 2U << 20U;

/// Commits until whoever leads has cut its log, so that index 1 is gone; ours keeps 64 payloads in any case.
void compact(Mixed& group, int blocks = 150) {
    REQUIRE(group.commit_many(blocks) == "");
    REQUIRE(group.commit(two_mebibytes) == "");
    std::this_thread::sleep_for(400ms);
    REQUIRE(group.commit_many(3) == "");
}

std::uint64_t first_index(Member& member) {
    const auto lines = member.log();
    return lines.empty() ? 0 : lines.front().index;
}

}  // namespace

TEST_CASE("an empty member of hashicorp/raft comes up from our snapshot and goes on behind it",
          "[integration][interop][snapshot][C-51][C-59]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go}, snapshots_often};
    REQUIRE(group.at(0).start());
    REQUIRE(group.leader() == 0);
    compact(group);
    REQUIRE(group.at(1).start());
    REQUIRE(group.at(0).add_voter(group.at(1).place()) == "");
    REQUIRE(group.commit_many(10) == "");
    REQUIRE(group.agree());
    CHECK(group.go(1).figure("restored") == 1);
    CHECK(group.go(1).head().size() == small_block(group.newest()).envelope.ssz.size());
    CHECK(group.compare() == "");
    CHECK(first_index(group.go(1)) > 1);
}

TEST_CASE("an empty member of ours comes up from Go's snapshot and goes on behind it",
          "[integration][interop][snapshot][C-58]") {
    NEEDS_GO();
    Mixed group{{Kind::go, Kind::ours}, snapshots_often};
    REQUIRE(group.at(0).start());
    REQUIRE(group.leader() == 0);
    compact(group);
    REQUIRE(group.at(1).start());
    REQUIRE(group.at(0).add_voter(group.at(1).place()) == "");
    REQUIRE(group.commit_many(10) == "");
    REQUIRE(group.agree());

    // What it got is on its disk.
    group.at(1).kill();
    REQUIRE(group.at(1).start());
    REQUIRE(group.commit_many(10) == "");
    CHECK(group.compare() == "");
    CHECK(first_index(group.at(1)) > 1);
}

TEST_CASE("a tail that nobody committed is cut from a member of hashicorp/raft",
          "[integration][interop][C-52]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::ours, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(5) == "");
    REQUIRE(group.agree());
    const auto old_term = group.go(2).term();
    group.at(2).kill();
    REQUIRE(group.make_leader(1) == "");
    REQUIRE(group.commit_many(20) == "");

    group.go(2).plant(old_term, 50);
    REQUIRE(group.at(2).start());
    REQUIRE(group.commit_many(5) == "");
    CHECK(group.agree());
    CHECK(group.go(2).figure("refused") == 0);
    CHECK(group.compare() == "");
}

TEST_CASE(
    "a member of hashicorp/raft whose tail conflicts with the snapshot is healed, not fed snapshots for ever",
    "[integration][interop][snapshot][C-65]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::ours, Kind::go}, snapshots_often};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(5) == "");
    REQUIRE(group.agree());
    const auto old_term = group.go(2).term();
    group.at(2).kill();
    REQUIRE(group.make_leader(1) == "");
    compact(group);

    group.go(2).plant(old_term, 300);
    REQUIRE(group.at(2).start());
    REQUIRE(group.commit_many(5) == "");
    CHECK(group.agree());
    CHECK(group.go(2).figure("restored") <= 3);
    CHECK(group.go(2).figure("refused") == 0);
    CHECK(group.compare() == "");
}

TEST_CASE("our own tail that conflicts with Go's snapshot goes whole",
          "[integration][interop][snapshot][C-63]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}, snapshots_often};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(5) == "");
    REQUIRE(group.agree());
    for (const std::size_t i : {1U, 2U}) REQUIRE(group.go(i).command("/fault?isolate=1") == "");
    for (std::uint64_t i = 0; i < 5; ++i) {
        // Entries that nobody else will ever see, while the lease lasts; the calls are abandoned.
        const auto client = group.ours(0).daemon().client(50ms);
        Account account;
        CHECK(account.commit(*client, small_block(9'000'000 + i)) != "");
    }
    group.at(0).kill();
    for (const std::size_t i : {1U, 2U}) REQUIRE(group.go(i).command("/fault?isolate=0") == "");
    compact(group);

    REQUIRE(group.at(0).start());
    REQUIRE(group.commit_many(5) == "");
    CHECK(group.agree());
    CHECK(group.compare() == "");
}

TEST_CASE("our heartbeats are answered by a hashicorp/raft that is busy with a snapshot",
          "[integration][interop][snapshot][C-11]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::ours}, snapshots_often};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(5) == "");
    group.at(1).kill();
    compact(group);
    group.go(1).delay_restore(2500ms);
    REQUIRE(group.at(1).start());
    REQUIRE(eventually(5s, [&] { return group.go(1).figure("restoring") == 1; }));
    group.at(2).signal(SIGSTOP);  // from now on a quorum needs the one that restores
    const auto term = group.at(0).term();
    bool always = true;
    while (group.go(1).figure("restoring") == 1) always = always && group.at(0).leads();
    CHECK(always);
    group.at(2).signal(SIGCONT);
    CHECK(group.commit_many(3) == "");
    CHECK(group.at(0).term() == term);
    CHECK(group.compare() == "");
}
