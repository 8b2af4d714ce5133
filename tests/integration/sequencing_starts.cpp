// With what the daemon starts and with what it does not: variables, flags, and plugins good and bad.

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "tests/integration/plugin_host.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

fs::path fixture(const std::string& name) {
    return fs::path{CONDUCTOR_TEST_PLUGINS} / (name + ".so");
}

/// What the runbook of op-conductor sets, on ports of the system's choice.
Variables runbook(const fs::path& work, const SimnodeProcess& node) {
    return {{"RAFT_SERVER_ID_PREFIX", "sequencer-0"},
            {"OP_CONDUCTOR_CONSENSUS_PORT", "0"},
            {"OP_CONDUCTOR_RAFT_STORAGE_DIR", (work / "data").string()},
            {"OP_CONDUCTOR_RAFT_BOOTSTRAP", "true"},
            {"OP_CONDUCTOR_RPC_ADDR", "127.0.0.1"},
            {"OP_CONDUCTOR_RPC_PORT", "0"},
            {"OP_CONDUCTOR_RPC_ENABLE_ADMIN", "true"},
            {"OP_CONDUCTOR_RPC_ENABLE_PROXY", "true"},
            {"OP_CONDUCTOR_NODE_RPC", node.cl_url()},
            {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()},
            {"OP_CONDUCTOR_HEALTHCHECK_INTERVAL", "1"},
            {"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", "600"},
            {"OP_CONDUCTOR_HEALTHCHECK_MIN_PEER_COUNT", "1"},
            {"OP_CONDUCTOR_PAUSED", "true"},
            {"OP_CONDUCTOR_LOG_FORMAT", "logfmt"}};
}

std::string last_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

}  // namespace

TEST_CASE("exactly the runbook's variables start a daemon that leads and lets its node produce",
          "[sequencing][start][S-61]") {
    SequencingHost host{"runbook"};
    DaemonProcess process{
        {conductord_program(), {}, runbook(host.work(), host.node()), host.work() / "out.log"}};
    const auto served = process.line_with("Started RPC server", soon);
    REQUIRE(served.has_value());
    const auto port = static_cast<std::uint16_t>(std::stoul(served->substr(served->rfind(':') + 1)));
    HttpClient client{"127.0.0.1", port, 5s};
    CHECK(eventually(soon, [&] { return result_of(rpc_call(client, "conductor_leader")) == "true"; }));
    CHECK(rpc_call(client, "conductor_leaderWithID").find("\"id\":\"sequencer-0\"") != std::string::npos);
    const auto named = process.line_with("RAFT_SERVER_ID_PREFIX serves as server id", 1s);
    REQUIRE(named.has_value());
    CHECK(named->find("lvl=warn") != std::string::npos);
    const auto said = process.output();
    CHECK(said.find("RAFT_SERVER_ID_PREFIX") == said.rfind("RAFT_SERVER_ID_PREFIX"));
    const auto defaulted = process.line_with("consensus.addr", 1s);
    REQUIRE(defaulted.has_value());
    CHECK(defaulted->find("127.0.0.1") != std::string::npos);
    process.signal(SIGTERM);
    CHECK(process.wait(soon) == 0);
}

TEST_CASE("under compat=go the runbook's variables are not enough", "[sequencing][start][S-61]") {
    SequencingHost host{"runbook-go"};
    auto variables = runbook(host.work(), host.node());
    variables["OP_CONDUCTOR_COMPAT"] = "go";
    DaemonProcess process{{conductord_program(), {}, variables, host.work() / "out.log"}};
    CHECK(process.wait(soon) == 1);
    CHECK(process.output().find("flag consensus.addr is required") != std::string::npos);
}

TEST_CASE("an unknown flag, a bad value and a missing variable are refused by name", "[sequencing][start]") {
    SequencingHost host{"bad-settings"};
    auto variables = runbook(host.work(), host.node());
    std::vector<std::string> arguments;
    std::string wanted;
    SECTION("unknown flag") {
        arguments = {"--raft.server.idd=x"};
        wanted = "raft.server.idd";
    }
    SECTION("unparsable value of a flag") {
        arguments = {"--healthcheck.interval=soon"};
        wanted = "healthcheck.interval";
    }
    SECTION("unparsable value of a variable") {
        variables["OP_CONDUCTOR_RPC_PORT"] = "eighty";
        wanted = "eighty";
    }
    SECTION("missing variable") {
        variables.erase("OP_CONDUCTOR_NODE_RPC");
        wanted = "flag node.rpc is required";
    }
    SECTION("a file that is not there") {
        arguments = {"--config=/nowhere/conductord.toml"};
        wanted = "/nowhere/conductord.toml";
    }
    DaemonProcess process{{conductord_program(), arguments, variables, host.work() / "out.log"}};
    CHECK(process.wait(soon) == 1);
    INFO(process.output());
    CHECK(process.output().find(wanted) != std::string::npos);
    CHECK_FALSE(fs::exists(host.work() / "data"));
}

TEST_CASE("op-conductor's flags for execution layer and rollup-boost bring their checks, in Go's order",
          "[sequencing][plugins][4.2]") {
    SequencingHost host{"go-checks",
                        {{"OP_CONDUCTOR_HEALTHCHECK_EXECUTION_P2P_ENABLED", "true"},
                         {"OP_CONDUCTOR_HEALTHCHECK_EXECUTION_P2P_MIN_PEER_COUNT", "1"},
                         {"OP_CONDUCTOR_ROLLUP_BOOST_ENABLED", "true"}}};
    REQUIRE(host.start_daemon());
    // A simnode's engine is no rollup-boost: it has no such page.
    CHECK(host.logs("health monitor failed to get rollup-boost status"));
    CHECK(host.logs("cannot connect to rollup boost rpc endpoints"));
    const auto report = host.ask("conductor_healthReport");
    INFO(report);
    std::size_t at = 0;
    for (const auto* id : {"io.conductord.op-node-sync", "io.conductord.op-node-peers",
                           "io.conductord.el-peers", "io.conductord.rollup-boost"}) {
        const auto next = report.find(id, at);
        REQUIRE(next != std::string::npos);
        at = next;
    }
    CHECK(report.find("boost.unreachable") != std::string::npos);
    CHECK(report.find("el.peers.few") == std::string::npos);
}

TEST_CASE("a node of another network than the configured one is warned about, and conducted all the same",
          "[sequencing][start][profile]") {
    SequencingHost host{"other-network", {{"OP_CONDUCTOR_NETWORK", "base-mainnet"}}};
    REQUIRE(host.start_daemon());
    CHECK(host.logs("network=base-mainnet fact=chain_id configured=8453 node=901 method=eth_chainId"));
    CHECK(
        host.logs("network=base-mainnet fact=forks.canyon configured=1704992401 node=0 "
                  "method=optimism_rollupConfig"));
    CHECK(host.says("conductor_leader", "true"));
    CHECK(host.daemon().stop() == 0);
}

TEST_CASE("limits as large as Go's flags take them are taken", "[sequencing][start][1.2]") {
    const std::string most{"18446744073709551615"};
    SequencingHost host{"largest-limits",
                        {{"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", most},
                         {"OP_CONDUCTOR_HEALTHCHECK_SAFE_ENABLED", "true"},
                         {"OP_CONDUCTOR_HEALTHCHECK_SAFE_INTERVAL", most},
                         {"OP_CONDUCTOR_HEALTHCHECK_MIN_PEER_COUNT", most}}};
    REQUIRE(host.start_daemon());
    CHECK(host.logs("peer count is below minimum"));
    host.sicken(true);
    CHECK(host.says("conductor_sequencerHealthy", "false"));
    CHECK(host.logged("unsafe head is falling behind") == 0);
}

TEST_CASE("a check of the file stands beside those of the flags", "[sequencing][plugins][S-47]") {
    PluginHost host{"beside", "org.example.sample", "mode = \"healthy\""};
    REQUIRE(host->sequence(1));
    REQUIRE(host->logs("sequencer is healthy"));
    host->sicken(true);
    CHECK(host->says("conductor_sequencerHealthy", "false"));
    CHECK(host->logs("unsafe head is falling behind the unsafe interval"));
}

TEST_CASE("a check of the file decides as those of the flags do", "[sequencing][plugins]") {
    PluginHost host{"decides", "org.example.sample", "mode = \"unhealthy\""};
    REQUIRE(host->start_daemon());
    CHECK(host->says("conductor_sequencerHealthy", "false"));
    CHECK(host->logs("err=\"sequencer is not healthy\""));
    CHECK(host->logs("msg=\"health check holds something against the sequencer\" check=extra reason="));
}

TEST_CASE("a plugin that is not installed is named with where it was looked for", "[sequencing][plugins]") {
    PluginHost host{"missing", "org.example.smaple"};
    const auto said = host.refusal(1);
    CHECK(said.find("plugin \\\"org.example.smaple\\\" is not installed") != std::string::npos);
    CHECK(said.find(CONDUCTOR_TEST_PLUGINS) != std::string::npos);
    CHECK(said.find(".toml:6:10") != std::string::npos);
}

TEST_CASE("every wrong option of a plugin is named, with its place and what was meant",
          "[sequencing][plugins]") {
    PluginHost host{"bad-options", "org.example.sample", "mod = \"healthy\", min = 2000, patience = \"soon\""};
    const auto said = host.refusal(1);
    INFO(said);
    CHECK(said.find("did you mean \\\"mode\\\"?") != std::string::npos);
    CHECK(said.find("is out of range") != std::string::npos);

    CHECK(said.find("Application failed") != std::string::npos);
}

TEST_CASE("what can be no option at all is refused with its place", "[sequencing][plugins]") {
    PluginHost host{"no-option", "org.example.sample", "mode = 2026-01-01, paths = [[1]]"};
    const auto said = host.refusal(1);
    INFO(said);
    CHECK(said.find("mode: a date or time is no value of an option") != std::string::npos);
    CHECK(said.find("paths: an array is no value of an option") != std::string::npos);
}

TEST_CASE("a file that is no library is no plugin", "[sequencing][plugins]") {
    const TempDir plugins{"sequencing-no-library"};
    std::ofstream{plugins.path() / "sample.so"} << "#!/bin/sh\n";
    PluginHost host{"no-library", "org.example.sample", {}, plugins.path()};
    const auto said = host.refusal(1);
    CHECK(said.find("is not installed") != std::string::npos);
    CHECK(said.find("passed over: " + (plugins.path() / "sample.so").string() + ": not a shared library") !=
          std::string::npos);
}

TEST_CASE("a library that everybody may write is refused with the command that mends it",
          "[sequencing][plugins]") {
    const TempDir plugins{"sequencing-writable"};
    const bool linked = GENERATE(false, true);
    CAPTURE(linked);
    fs::copy_file(fixture("sample"), plugins.path() / "sample.so");
    fs::permissions(plugins.path() / "sample.so", fs::perms{0666});
    const TempDir links{"sequencing-linked"};
    fs::create_symlink(plugins.path() / "sample.so", links.path() / "link.so");
    PluginHost host{"writable", "org.example.sample", {}, linked ? links.path() : plugins.path()};
    CHECK(host.refusal(1).find("chmod go-w '" + (plugins.path() / "sample.so").string()) != std::string::npos);
}

TEST_CASE(
    "a library of another ABI, one that is not what it says, and one that cannot be linked are refused by id",
    "[sequencing][plugins]") {
    struct Wrong {
        const char* variant;
        const char* words;
    };
    const auto wrong = GENERATE(Wrong{"other_abi", "for ABI 2.0; this conductord speaks ABI 0.1"},
                                Wrong{"unlike_note", "is unlike its note"},
                                Wrong{"throws_in_create", "an exception left the plugin"},
                                Wrong{"short_entry", "its entry table has 8 bytes"},
                                Wrong{"short_descriptor", "its descriptor has 16 bytes"},
                                Wrong{"short_table", "is missing, too short or has empty members"},
                                Wrong{"no_symbol", "has no symbol conductor_plugin_v1"},
                                Wrong{"misses_symbol", "undefined symbol: conductor_test_no_such_function"},
                                Wrong{"needs_absent", "libabsent.so: cannot open shared object file"});
    PluginHost host{wrong.variant, std::string{"org.example.raw."} + wrong.variant};
    const auto said = host.refusal(1);
    INFO(said);
    CHECK(said.find(std::string{"org.example.raw."} + wrong.variant) != std::string::npos);
    CHECK(said.find(wrong.words) != std::string::npos);
    CHECK(said.find("failed to load plugins") != std::string::npos);
}

TEST_CASE("a plugin that hangs in its creation ends the daemon in bounded time", "[sequencing][plugins]") {
    PluginHost host{"hang-in-create", "org.example.sample",
                    "mode = \"hang-in-create\", release = \"/nowhere\""};
    CHECK(host.refusal(1).find("plugin \\\"extra\\\" (org.example.sample)") != std::string::npos);
}

TEST_CASE("a plugin that hangs in its judgement stops neither the node nor the daemon's end",
          "[sequencing][plugins]") {
    PluginHost host{"hang-in-judge", "org.example.sample", "mode = \"hang\", release = \"/nowhere\""};
    REQUIRE(host->sequence(1));
    CHECK(host->logged("stopping sequencer") == 0);
    CHECK(host->produces(5));
    CHECK(host->ask("conductor_leader") == "true");
    CHECK(host->daemon().stop(soon) == 0);
}

TEST_CASE("the last line of a daemon that a plugin's constructor brought down names the library",
          "[sequencing][plugins]") {
    PluginHost host{"falls", "org.example.unborn"};
    const auto said = host.refusal(128 + SIGABRT);
    CHECK(last_line(said).find(fixture("crash-in-constructor").string()) != std::string::npos);
    CHECK(said.find("the driver is mapped\n") != std::string::npos);  // what is ours comes first
    // The third start maps it no more.
    (void)host.refusal(128 + SIGABRT);
    REQUIRE(host->start_daemon());
    CHECK(host->logs("brought the daemon down twice within ten minutes and is left out"));
}

TEST_CASE("a plugin that brought the daemon down twice is left out the third time, which begins paused",
          "[sequencing][plugins]") {
    PluginHost host{"aborts", "org.example.sample", "mode = \"abort\""};
    for (int i = 0; i < 2; ++i)
        CHECK(last_line(host.refusal(128 + SIGABRT)).find("(org.example.sample, ") != std::string::npos);
    REQUIRE(host->start_daemon());
    CHECK(host->logs("brought the daemon down twice within ten minutes and is left out"));
    CHECK(host->logs("starting paused: a health check that decides is left out"));
    CHECK(host->says("conductor_paused", "true"));
    CHECK(host->ask("conductor_plugins").find("org.example.sample") == std::string::npos);
}

TEST_CASE("the plugins at work are listed with their state", "[sequencing][plugins][3.4.9]") {
    PluginHost host{"listed", "org.example.sample", "mode = \"degraded\""};
    REQUIRE(host->start_daemon());
    REQUIRE(host->logs("sequencer is healthy"));
    const auto list = host->ask("conductor_plugins");
    INFO(list);
    CHECK(list.find("{\"instance\":\"op-node-sync\",\"id\":\"io.conductord.op-node-sync\",\"kind\":\"conductor."
                    "health-check/1\",\"version\":\"0.1.0\",\"abi\":\"0.1\",") != std::string::npos);
    const std::string state{"sample.so\",\"state\":\"degraded, "};
    const auto at = list.find(state);
    REQUIRE(at != std::string::npos);
    const auto took = list.find_first_not_of("0123456789", at + state.size());
    CHECK(took > at + state.size());
    CHECK(list.compare(took, 5, " ms\"}") == 0);
    CHECK(list.find("driver-op-node.so\",\"state\":\"at work\"}") != std::string::npos);
    CHECK(list.find("\"io.conductord.health-aware\"") != std::string::npos);
}
