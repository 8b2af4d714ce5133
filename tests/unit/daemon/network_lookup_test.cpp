#include "core/plugin/network_lookup.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using conductor::plugin::test::raw;
using conductor::plugin::test::TemporaryDirectory;

namespace {

conductor::Result<conductor::config::Profile, conductor::Complaint> read_profile(const std::string& text,
                                                                                 const std::string& name) {
    return merge_profiles({{"io.example", text}}, name);
}

/// A name as a daemon would look it up whose operator has such files.
conductor::Result<conductor::config::Profile, conductor::Complaint> look_up(const TemporaryDirectory& files,
                                                                            const std::string& name) {
    auto providers = network_providers();
    providers.front().options = {raw("directory", files.path().string()), raw("shipped", "")};
    return look_up_network(name, providers);
}

}  // namespace

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
    CHECK(text("[facts]\nforks = { canyon = 1.5 }\n").find("profile of x:2:20: forks.canyon is") == 0);
    CHECK(text("[policy\n").find("profile of x:1") == 0);
}

TEST_CASE("what nobody would read in a profile is refused by place, with what was perhaps meant",
          "[daemon][1.5.3]") {
    const auto text = [](const char* profile) {
        const auto read = read_profile(profile, "x");
        return read.has_value() ? std::string{"taken"} : read.error().text;
    };
    CHECK(text("[polcy]\nhealthcheck.interval = 1\n") ==
          "profile of x:1:2: \"polcy\" is no part of a profile, which has [facts] and [policy]");
    CHECK(
        text("healthcheck.interval = 1\n").find("profile of x:1:1: \"healthcheck\" is no part of a profile") ==
        0);
    CHECK(text("[policy]\nhealthcheck.intervall = 1\n") ==
          "profile of x:2:13: there is no option \"healthcheck.intervall\"; did you mean "
          "\"healthcheck.interval\"?");
    CHECK(
        text("[policy]\nhealthcheck.interval = \"soon\"\n").find("profile of x:2:24: healthcheck.interval: ") ==
        0);
    CHECK(text("[policy]\nhealthcheck.safe-enabled = 3\n")
              .find("profile of x:2:28: healthcheck.safe-enabled: ") == 0);
    CHECK(text("[facts]\nchain_id = \"ten\"\n") ==
          "profile of x:2:12: chain_id is a string, and must be a whole number");
    CHECK(text("[facts]\nchainid = 10\n") ==
          "profile of x:2:1: there is no fact \"chainid\"; did you mean \"chain_id\"?");
    CHECK(text("[facts]\nlab = true\noperator = \"us\"\n") == "taken");  // notes of one's own
}

TEST_CASE("a file adds a network, and changes the policy of a shipped one key by key", "[daemon][1.5.3]") {
    const TemporaryDirectory files;
    files.write("ours.toml", "[facts]\nchain_id = 4242\n[policy]\nhealthcheck.interval = 2\n");
    files.write("op-mainnet.toml",
                "[facts]\nchain_id = 10\nlab = true\n[policy]\nhealthcheck.unsafe-interval = 30\n");
    const auto ours = look_up(files, "ours");
    REQUIRE(ours.has_value());
    CHECK(*ours == conductor::config::Profile{{"healthcheck.interval", "2"}});

    const auto shipped = look_up(files, "op-mainnet");
    REQUIRE(shipped.has_value());
    CHECK(shipped->at("healthcheck.unsafe-interval") == "30");
    CHECK(shipped->at("healthcheck.interval") == "1");
    CHECK(shipped->at("healthcheck.min-peer-count") == "1");
}

TEST_CASE("a file changes the policy of one that a package has brought key by key, and none of its facts",
          "[daemon][1.5.3]") {
    const TemporaryDirectory own;
    const TemporaryDirectory shipped;
    auto providers = network_providers();
    REQUIRE(providers.size() == 3);
    providers[0].options = {raw("directory", own.path().string()), raw("shipped", "")};
    providers[1].options = {raw("directory", shipped.path().string()), raw("shipped", "")};
    shipped.write("ours.toml",
                  "[facts]\nchain_id = 42\n[policy]\nhealthcheck.interval = 2\n"
                  "healthcheck.unsafe-interval = 20\n");
    own.write("ours.toml", "[policy]\nhealthcheck.unsafe-interval = 30\n");
    const auto merged = look_up_network("ours", providers);
    REQUIRE(merged.has_value());
    CHECK(*merged ==
          conductor::config::Profile{{"healthcheck.interval", "2"}, {"healthcheck.unsafe-interval", "30"}});
    own.write("ours.toml", "[facts]\nchain_id = 43\n");
    const auto refused = look_up_network("ours", providers);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.ends_with("facts cannot be overridden"));
}

TEST_CASE("a file may not contradict a shipped fact", "[daemon][1.5.3]") {
    const TemporaryDirectory files;
    files.write("op-mainnet.toml", "[facts]\nchain_id = 11\n");
    const auto refused = look_up(files, "op-mainnet");
    REQUIRE_FALSE(refused.has_value());
    CHECK(
        refused.error().text ==
        "profile of op-mainnet: io.conductord.profile-files says that chain_id is 11, io.conductord.superchain "
        "that it is 10; facts cannot be overridden");
}

TEST_CASE("a name that nobody knows is told the near one, of files too", "[daemon][1.5.3]") {
    const TemporaryDirectory files;
    files.write("our-chain.toml", "[policy]\n");
    const auto near = look_up(files, "our-chian");
    REQUIRE_FALSE(near.has_value());
    CHECK(near.error().text.find("did you mean \"our-chain\"? a network is added as ") == 0);
    const auto typo = look_up(files, "op-mainet");
    REQUIRE_FALSE(typo.has_value());
    CHECK(typo.error().text.find("did you mean \"op-mainnet\"?") == 0);
}

TEST_CASE("a file that is no profile is refused with its place", "[daemon][1.5.3]") {
    const TemporaryDirectory files;
    files.write("ours.toml", "[policy]\nhealthcheck.interval = [1]\n");
    const auto refused = look_up(files, "ours");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.find("networks.d/ours.toml:2:24: healthcheck.interval is ") == 0);
}
