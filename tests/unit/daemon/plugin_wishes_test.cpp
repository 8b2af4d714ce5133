// Which plugins a configuration asks for: flags as op-conductor has them, and the file.
#include "core/daemon/plugin_wishes.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::daemon;
using config::test::Start;
using namespace std::chrono_literals;

namespace {

config::Settings settings_of(Start start) {
    auto loaded = start.load();
    auto* settings = std::get_if<config::Settings>(&loaded.outcome);
    if (settings == nullptr) FAIL(std::get<config::Exit>(loaded.outcome).output);
    return std::move(*settings);
}

Start plain() {
    Start start;
    start.required();
    return start;
}

PluginWishes wishes_of(const Start& start) {
    auto wishes = plugin_wishes(settings_of(start));
    if (!wishes) FAIL(wishes.error().front());
    return std::move(*wishes);
}

std::vector<std::string> ids(const std::vector<PluginWish>& wishes) {
    std::vector<std::string> out;
    for (const auto& wish : wishes) out.push_back(wish.instance.plugin);
    return out;
}

/// The value of an option as the file would have it; empty: not said.
std::string said(const PluginWish& wish, const std::string& key) {
    for (const auto& option : wish.options) {
        if (option.key != key) continue;
        const auto& value = option.values.front().value;
        if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
        if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
        return std::get<std::string>(value);
    }
    return {};
}

const WishedEndpoint& endpoint(const std::vector<WishedEndpoint>& all, const std::string& name) {
    for (const auto& one : all)
        if (one.name == name) return one;
    FAIL("no endpoint " << name);
    return all.front();
}

const std::vector<std::string> go_list{"io.conductord.op-node-sync", "io.conductord.op-node-peers",
                                       "io.conductord.el-peers", "io.conductord.rollup-boost"};

}  // namespace

TEST_CASE("without a word of it the checks are those of op-conductor's consensus node", "[daemon][wishes]") {
    const auto wishes = wishes_of(plain());
    CHECK(ids(wishes.checks) == std::vector<std::string>{go_list.begin(), go_list.begin() + 2});
    CHECK(said(wishes.checks[0], "unsafe_interval") == "12s");
    CHECK(said(wishes.checks[1], "min") == "1");
    CHECK(wishes.driver.instance.plugin == "io.conductord.op-node");
}

TEST_CASE("flags put the checks of execution layer and rollup-boost behind them, in Go's order",
          "[daemon][wishes][4.2]") {
    const auto start =
        plain()
            .variable("HEALTHCHECK_EXECUTION_P2P_ENABLED", "true")
            .variable("HEALTHCHECK_EXECUTION_P2P_MIN_PEER_COUNT", "3")
            .variable("HEALTHCHECK_EXECUTION_P2P_CHECK_API", "admin")
            .variable("ROLLUP_BOOST_ENABLED", "true")
            .variable("ROLLUP_BOOST_HEALTHCHECK_TIMEOUT", "7s")
            .variable("HEALTHCHECK_ROLLUP_BOOST_PARTIAL_HEALTHINESS_TOLERANCE_LIMIT", "4")
            .variable("HEALTHCHECK_ROLLUP_BOOST_PARTIAL_HEALTHINESS_TOLERANCE_INTERVAL_SECONDS", "60");
    const auto wishes = wishes_of(start);
    CHECK(ids(wishes.checks) == go_list);
    CHECK(said(wishes.checks[2], "api") == "admin");
    CHECK(said(wishes.checks[2], "min") == "3");
    CHECK(said(wishes.checks[2], "execution") == "execution-p2p");
    CHECK(said(wishes.checks[3], "boost") == "rollup-boost");
    CHECK(said(wishes.checks[3], "variant") == "standard");
    CHECK(said(wishes.checks[3], "tolerance_limit") == "4");
    CHECK(said(wishes.checks[3], "tolerance_interval") == "1m0s");
    // The flag bounds the exchange; the look may last a little longer.
    CHECK(wishes.checks[3].instance.timeout == Duration{7100ms});

    const auto endpoints = endpoints_of_flags(settings_of(start));
    CHECK(endpoint(endpoints, "execution-p2p").url == "http://127.0.0.1:8545");
    CHECK(endpoint(endpoints, "rollup-boost").url == "http://127.0.0.1:8545");
    CHECK(endpoint(endpoints, "rollup-boost").timeout == Duration{7s});
}

TEST_CASE("the next variant asks its own URL, the peer check the URL that overrides execution.rpc",
          "[daemon][wishes]") {
    const auto start = plain()
                           .variable("HEALTHCHECK_EXECUTION_P2P_ENABLED", "true")
                           .variable("HEALTHCHECK_EXECUTION_P2P_MIN_PEER_COUNT", "1")
                           .variable("HEALTHCHECK_EXECUTION_P2P_RPC_URL", "http://127.0.0.1:8551")
                           .variable("ROLLUP_BOOST_NEXT_ENABLED", "true")
                           .variable("ROLLUP_BOOST_NEXT_HEALTHCHECK_URL", "http://127.0.0.1:8081/health");
    const auto wishes = wishes_of(start);
    CHECK(ids(wishes.checks) == go_list);
    CHECK(said(wishes.checks[2], "api") == "net");
    CHECK(said(wishes.checks[3], "variant") == "next");
    const auto endpoints = endpoints_of_flags(settings_of(start));
    CHECK(endpoint(endpoints, "execution-p2p").url == "http://127.0.0.1:8551");
    CHECK(endpoint(endpoints, "rollup-boost").url == "http://127.0.0.1:8081/health");
}

TEST_CASE("an instance of the file stands instead of the one that a flag asks for, at its own place",
          "[daemon][wishes]") {
    const auto wishes = wishes_of(
        plain().variable("ROLLUP_BOOST_ENABLED", "true").words({"--config", "/c.toml"}).file("/c.toml", R"(
[[health]]
name = "disk"
plugin = "io.conductord.disk"
[[health]]
name = "builder"
plugin = "io.conductord.rollup-boost"
options = { tolerance_limit = 9 }
[[health]]
name = "peers"
plugin = "io.conductord.el-peers"
)"));
    CHECK(ids(wishes.checks) ==
          std::vector<std::string>{go_list[0], go_list[1], "io.conductord.disk", go_list[3], go_list[2]});
    CHECK(said(wishes.checks[3], "tolerance_limit") == "9");
    CHECK(said(wishes.checks[3], "variant") == "standard");
    CHECK_FALSE(wishes.checks[3].instance.timeout.has_value());
    // No flag asks for peers: the plugin's own default holds.
    CHECK(said(wishes.checks[4], "min").empty());
}

TEST_CASE("there is room for 64 checks, and the first beyond them is named with its place",
          "[daemon][wishes]") {
    const auto with = [](int count) {
        std::string file;
        for (int i = 0; i < count; ++i)
            file += "[[health]]\nname = \"disk-" + std::to_string(i) + "\"\nplugin = \"io.conductord.disk\"\n";
        return plugin_wishes(settings_of(plain().words({"--config", "/c.toml"}).file("/c.toml", file)));
    };
    CHECK(with(62)->checks.size() == 64);
    const auto wishes = with(63);
    REQUIRE_FALSE(wishes);
    CHECK(wishes.error() == std::vector<std::string>{
                                "/c.toml:187:1: health \"disk-62\": 65 health checks are too many: at most 64 "
                                "have room, each on a thread of its own"});
}

TEST_CASE("leadership moves by health unless flag, file or compat say otherwise", "[daemon][wishes][P-9]") {
    CHECK(wishes_of(plain()).transfer->instance.plugin == "io.conductord.health-aware");
    auto turns = plain().variable("RAFT_ROUND_ROBIN_LEADER_TRANSFER", "true");
    CHECK(wishes_of(turns).transfer->instance.plugin == "io.conductord.round-robin");
    CHECK(wishes_of(turns.variable("COMPAT", "go")).transfer->instance.plugin == "io.conductord.round-robin");
    auto go = plain().variable("COMPAT", "go");
    CHECK_FALSE(wishes_of(go).transfer.has_value());
    const std::string file = "[transfer]\nname = \"mine\"\nplugin = \"org.example.mine\"\n";
    CHECK(wishes_of(turns.words({"--config", "/c.toml"}).file("/c.toml", file)).transfer->instance.plugin ==
          "org.example.mine");
}
