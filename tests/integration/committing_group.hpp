// A group that has committed blocks, and accounts for them at the end.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>

#include "tests/integration/group.hpp"

namespace conductor::test {

struct CommittingGroup {
    explicit CommittingGroup(SitesSetup setup) : sites{std::move(setup)} {}

    /// Forms the group; `count` blocks through its first leader.
    void begin(int count) {
        REQUIRE(sites.form() == "");
        leader = static_cast<std::size_t>(sites.leader());
        commit(count);
    }
    void commit(int count) {
        for (int i = 0; i < count; ++i) REQUIRE(sites.commit(account, small_block(++number)) == "");
    }
    /// Everything acknowledged is in each log.
    void account_for_all() {
        REQUIRE(sites.all_reach(number));
        for (std::size_t i = 0; i < sites.size(); ++i) {
            INFO(sites.at(i).id);
            CHECK(sites.stop(i) == 0);
            CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
        }
    }

    Sites sites;
    Account account;
    std::uint64_t number{1'000'000};
    std::size_t leader{0};
};

}  // namespace conductor::test
