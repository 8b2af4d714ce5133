// Groups of conductord and hashicorp/raft: whoever leads, everybody ends with the same log and head.
#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kib = 1024;
constexpr std::array<std::size_t, 6> payload_octets{1 * kib,    20 * kib,       200 * kib,
                                                    1024 * kib, 3 * 1024 * kib, 10 * 1024 * kib};

/// Every member leads and takes payloads of 1 KB to 10 MB, hands over to every other, and is killed.
void all_that_a_group_does(const std::vector<Kind>& kinds) {
    Mixed group{kinds};
    REQUIRE(group.form() == "");

    // Each pair in turn: 0 to 1, 1 to 2, 2 to 0, 0 to 2, 2 to 1, 1 to 0.
    for (const std::size_t heir : {1U, 2U, 0U, 2U, 1U, 0U}) {
        REQUIRE(group.make_leader(heir) == "");
        INFO(group.at(heir).id() << " leads");
        for (const auto octets : payload_octets)
            if (octets <= 200 * kib || heir != 0) REQUIRE(group.commit(octets) == "");
        REQUIRE(group.agree());
    }
    for (std::size_t victim = 0; victim < group.size(); ++victim) {
        INFO(group.at(victim).id() << " is killed");
        if (victim != 1) REQUIRE(group.make_leader(victim) == "");  // a follower dies too
        group.at(victim).kill();
        REQUIRE(group.commit_many(5) == "");
        REQUIRE(group.at(victim).start());
        REQUIRE(group.commit_many(5) == "");
        REQUIRE(group.agree());
    }
    CHECK(group.compare() == "");
}

}  // namespace

TEST_CASE("two of hashicorp/raft and one of ours end with the same log, whoever led, handed over or died",
          "[integration][interop][C-50][C-55][C-68][C-77][C-78][C-84]") {
    NEEDS_GO();
    all_that_a_group_does({Kind::ours, Kind::go, Kind::go});
}

TEST_CASE("one of hashicorp/raft and two of ours end with the same log, whoever led, handed over or died",
          "[integration][interop][C-50][C-55][C-68][C-77][C-78]") {
    NEEDS_GO();
    all_that_a_group_does({Kind::go, Kind::ours, Kind::ours});
}

TEST_CASE("and so where a member of the other kind began", "[.][slow][interop]") {
    NEEDS_GO();
    all_that_a_group_does(
        GENERATE(std::vector{Kind::go, Kind::ours, Kind::go}, std::vector{Kind::ours, Kind::go, Kind::ours}));
}
