#include "core/daemon/network_lookup.hpp"

#include <catch2/catch.hpp>

using conductor::daemon::read_profile;

TEST_CASE("the policy of a profile sets options as their flags would", "[daemon][1.5.3]") {
    const auto profile = read_profile(
        "[facts]\nchain_id = 10\n[policy]\nhealthcheck.interval = 1\nhealthcheck.safe-enabled = false\n"
        "[policy.raft]\nlease-timeout = \"250ms\"\n",
        "op-mainnet");
    REQUIRE(profile.has_value());
    CHECK(profile->size() == 3);
    CHECK(profile->at("healthcheck.interval") == "1");
    CHECK(profile->at("healthcheck.safe-enabled") == "false");
    CHECK(profile->at("raft.lease-timeout") == "250ms");
}

TEST_CASE("a profile without a policy sets nothing", "[daemon][1.5.3]") {
    const auto profile = read_profile("[facts]\nchain_id = 10\n", "op-mainnet");
    REQUIRE(profile.has_value());
    CHECK(profile->empty());
}

TEST_CASE("a profile that is none says where it ends to be one", "[daemon][1.5.3]") {
    const auto text = [](const char* profile) {
        const auto read = read_profile(profile, "x");
        return read.has_value() ? std::string{"taken"} : read.error().text;
    };
    CHECK(text("policy = 1\n").find("profile of x:1") == 0);
    CHECK(text("[policy]\na = [1]\n").find("profile of x:2:5: a is") == 0);
    CHECK(text("[policy\n").find("profile of x:1") == 0);
}
