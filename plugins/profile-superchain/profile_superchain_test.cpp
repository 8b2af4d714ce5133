#include <algorithm>

#include "tests/unit/plugins/providing.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

struct Provider : Providing {
    Provider() : Providing{"profile-superchain", "io.conductord.superchain"} {}
};

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("54 networks and two aliases are known, each with a profile", "[plugins][profile-superchain]") {
    Provider provider;
    const auto names = provider.list();
    CHECK(names.size() == 56);
    CHECK(std::ranges::is_sorted(names));
    CHECK(std::ranges::adjacent_find(names) == names.end());
    for (const auto& name : names) {
        CAPTURE(name);
        const auto text = provider.resolve(name);
        REQUIRE(text);
        CHECK(text->find("\nchain_id = ") != std::string::npos);
        CHECK(text->find("\nblock_time_s = ") != std::string::npos);
        CHECK(text->find("\n[facts.forks]\n") != std::string::npos);
        CHECK(text->find("\n[policy]\n") != std::string::npos);
    }
}

TEST_CASE("a profile has the facts of its network and limits that follow from the block time",
          "[plugins][profile-superchain]") {
    Provider provider;
    const auto text = provider.resolve("op-mainnet");
    REQUIRE(text);
    CHECK(has_line(*text, "name = \"op-mainnet\""));
    CHECK(has_line(*text, "chain_id = 10"));
    CHECK(has_line(*text, "ecotone = 1710374401"));
    CHECK(has_line(*text, "karst = 1783526401"));
    CHECK(has_line(*text, "healthcheck.interval = 1"));
    CHECK(has_line(*text, "healthcheck.unsafe-interval = 12"));
    CHECK(has_line(*text, "healthcheck.safe-enabled = false"));
    CHECK(has_line(*text, "healthcheck.min-peer-count = 1"));
    CHECK(text->find("[networks.") == std::string::npos);
}

TEST_CASE("an alias, and a name in any case, lead to the network", "[plugins][profile-superchain]") {
    Provider provider;
    CHECK(provider.resolve("mainnet") == provider.resolve("op-mainnet"));
    CHECK(provider.resolve("sepolia") == provider.resolve("op-sepolia"));
    CHECK(provider.resolve("OP-Mainnet") == provider.resolve("op-mainnet"));
    CHECK(provider.resolve("base-mainnet"));
}

TEST_CASE("a network that is not its own is left to the next provider", "[plugins][profile-superchain]") {
    Provider provider;
    for (const auto* name : {"", "op", "op-mainne", "aliases", "networks.op-mainnet", "op-mainnet.forks"})
        CHECK(provider.resolve(name) == std::nullopt);
}
