#include "core/config/load.hpp"

#include <catch2/catch.hpp>

#include "core/base/json_scan.hpp"
#include "tests/support/checkout.hpp"
#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::config;
using namespace conductor::config::test;
using namespace std::chrono_literals;

namespace {

constexpr auto main_file = "/etc/conductord/conductord.toml";

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the required variables are enough, all else has its default", "[config][load]") {
    const auto s = Start{}.required().settings();
    CHECK(s.raft.server_id == "seq-1");
    CHECK(s.raft.heartbeat_timeout == 1s);
    CHECK(s.raft.election_timeout == 1s);
    CHECK(s.raft.snapshot_interval == 2min);
    CHECK(s.health.interval == 1s);
    CHECK(s.health.unsafe_interval == 12s);
    CHECK(s.health.execution_p2p_url == "http://127.0.0.1:8545");
    CHECK(s.control.startup_grace == 3s);
    CHECK(s.control.catchup_timeout == 36s);
    CHECK(s.control.recovery_grace == 36s);
    CHECK(s.control.unsafe_repair_depth == 32);
    CHECK(s.rpc.json_body_limit == 32U * 1024 * 1024);
    CHECK(s.rpc.binary_body_limit == 16U * 1024 * 1024);
    CHECK(s.rpc.port == 8545);
    CHECK(s.rpc.proxy_methods.size() == 6);
    CHECK(s.storage.retain_bytes == 1U << 30U);
    CHECK(s.commit.check_hash == CheckHash::async);
    CHECK_FALSE(s.commit.go_on_sibling);
    CHECK(s.network.overrides.empty());
    CHECK_FALSE(s.compat_go);
}

TEST_CASE("flag beats variable beats file beats profile beats default", "[config][load]") {
    Start start;
    start.required().without("RAFT_STORAGE_DIR");
    start.around.profile = [](const std::string&) -> Result<Profile, Complaint> {
        return Profile{{"raft.trailing-logs", "1"},
                       {"rpc.addr", "profile"},
                       {"metrics.addr", "profile"},
                       {"pprof.addr", "profile"}};
    };
    start.variable("NETWORK", "n").variable("RAFT_TRAILING_LOGS", "3").variable("RPC_ADDR", "variable");
    start.words({"--raft.trailing-logs=4"});
    start.file(main_file,
               "[raft]\ntrailing-logs = 2\nstorage.dir = \"/from-file\"\n[rpc]\naddr = \"file\"\n"
               "[metrics]\naddr = \"file\"\n");
    const auto s = start.settings();
    CHECK(s.raft.trailing_logs == 4);
    CHECK(s.rpc.addr == "variable");
    CHECK(s.metrics.addr == "file");
    CHECK(s.raft.storage_dir == "/from-file");
    CHECK(contains(start.load().effective, R"("pprof.addr":{"value":"profile","from":"profile"})"));
    CHECK(contains(start.load().effective, R"("rpc.port":{"value":"8545","from":"default"})"));
}

TEST_CASE("files of conf.d follow in the order of their octets", "[config][load]") {
    Start start;
    start.required().file(main_file, "[rpc]\naddr = \"main\"\n");
    start.file("/etc/conductord/conf.d/B.toml", "[rpc]\naddr = \"B\"\nport = 2\n");
    start.file("/etc/conductord/conf.d/a.toml", "[rpc]\naddr = \"a\"\n");
    start.file("/etc/conductord/conf.d/z.txt", "no toml");
    CHECK(start.settings().rpc.addr == "a");
    CHECK(start.settings().rpc.port == 2);
}

TEST_CASE("the file may be elsewhere, absent or unwanted", "[config][load]") {
    Start start;
    start.required().file(main_file, "[rpc]\nport = 1\n").file("/x/y.toml", "[rpc]\nport = 2\n");
    start.file("/x/conf.d/1.toml", "[rpc]\naddr = \"x\"\n");
    CHECK(start.settings().rpc.port == 1);
    CHECK(Start{start}.variable("CONFIG", "").settings().rpc.port == 8545);
    CHECK(Start{start}.words({"--config=/x/y.toml"}).settings().rpc.port == 2);
    CHECK(Start{start}.words({"--config=/x/y.toml"}).settings().rpc.addr == "x");
    CHECK(contains(Start{start}.words({"--config", "/none"}).refusal(),
                   "failed to setup: failed to read config: open /none: no such file or directory"));
}

TEST_CASE("all problems are told at once", "[config][load]") {
    Start start;
    start.required().variable("CONSENSUS_PORT", "70000").variable("RPC_PORT", "-1").variable("NODE_RPC", "");
    start.variable("HEALTHCHECK_SAFE_INTERVAL", "0")
        .variable("RAFT_LEASE_TIMEOUT", "2s")
        .without("RAFT_SERVER_ID");
    start.variable("RPC_HTTP_BODY_LIMIT_MB", "4")
        .variable("PEERS_RPC", "a")
        .variable("RAFT_ALLOW_CIDR", "10.0.0.0/33");
    start.file(main_file, "[raft]\nx = 1\n");
    const auto text = start.refusal();
    for (const auto* part : {
             "failed to setup: failed to read config: /etc/conductord/conductord.toml:2:1: unknown key "
             "\"raft.x\"",
             "missing required flags: flag raft.server.id is required",
             "invalid config: invalid RPC port (consensus.port: 70000)",
             "missing node RPC (node.rpc)",
             "invalid health check config: missing safe interval (healthcheck.safe-interval)",
             "invalid rpc config: invalid RPC port (rpc.port: -1)",
             "HTTP body limit must be between 5MB and 256MB, got 4MB",
             "LeaderLeaseTimeout (2s) cannot be larger than heartbeat timeout (1s)",
             "invalid peers rpc: \"a\"",
             "\"10.0.0.0/33\" is not a network",
         }) {
        CAPTURE(part);
        CHECK(contains(text, part));
    }
}

TEST_CASE("each limit is refused by its name", "[config][load]") {
    const auto [name, value, part] = GENERATE(table<std::string, std::string, std::string>({
        {"CONSENSUS_ADDR", "", "missing consensus address"},
        {"CONSENSUS_PORT", "-1", "invalid RPC port (consensus.port: -1)"},
        {"EXECUTION_RPC", "", "missing geth RPC"},
        {"HEALTHCHECK_MIN_PEER_COUNT", "0", "invalid health check config: missing minimum peer count"},
        {"RAFT_SNAPSHOT_INTERVAL", "1ms", "failed to create raft: SnapshotInterval is too low"},
        {"RAFT_HEARTBEAT_TIMEOUT", "4ms", "failed to create raft: HeartbeatTimeout is too low"},
        {"RAFT_LEASE_TIMEOUT", "1ms", "failed to create raft: LeaderLeaseTimeout is too low"},
        {"RAFT_ELECTION_TIMEOUT", "1ms", "failed to create raft: ElectionTimeout is too low"},
        {"RAFT_ELECTION_TIMEOUT", "900ms",
         "ElectionTimeout (900ms) must be equal or greater than Heartbeat Timeout (1s)"},
        {"RAFT_STORAGE_BACKEND", "x", "invalid raft storage backend \"x\""},
        {"RAFT_BACKEND", "x", "invalid raft backend \"x\""},
        {"RAFT_MDB_MAX_SIZE", "0", "invalid raft mdb max size: must be greater than zero"},
        {"REORG_RECOVERY_ENABLED", "1",
         "reorg-recovery enabled but missing execution WS URL (--execution.ws-url)"},
        {"HEALTHCHECK_FAILURES_TO_UNHEALTHY", "0", "must be 1 or more (healthcheck.failures-to-unhealthy)"},
        {"NODE_RPC_TIMEOUT", "0", "must be a duration above 0 (node.rpc-timeout)"},
        {"CONTROL_STARTUP_GRACE", "-1s", "must not be negative (control.startup-grace)"},
        {"STORAGE_LOCK_WAIT", "-1s", "must not be negative (storage.lock-wait)"},
        {"CONTROL_RETRY_MIN", "3s", "is larger than control.retry-max (control.retry-min)"},
        {"PEERS_RPC", "a=http://a,a=http://b", "id \"a\" is listed twice (peers.rpc)"},
        {"RPC_BINARY_BODY_LIMIT_MB", "257", "binary body limit must be between 5MB and 256MB, got 257MB"},
    }));
    CAPTURE(name, value);
    CHECK(contains(Start{}.required().variable(name, value).refusal(), part));
}

TEST_CASE("what op-conductor accepts is accepted", "[config][load]") {
    Start start;
    start.required().variable("HEALTHCHECK_UNSAFE_INTERVAL", "0").variable("WEBSOCKET_SERVER_PORT", "-1");
    start.variable("METRICS_PORT", "70000").variable("PPROF_PORT", "70000").variable("NODE_RPC", "::::");
    start.variable("RAFT_SERVER_ID", "a/b").words({"extra", "--no.such.flag"});
    CHECK(start.settings().raft.server_id == "a/b");
}

TEST_CASE("a heartbeat above one second takes the election with it, unless Go's limit is wanted",
          "[config][load]") {
    Start start;
    start.required().variable("RAFT_HEARTBEAT_TIMEOUT", "1500ms");
    CHECK(start.settings().raft.election_timeout == 1500ms);
    CHECK(contains(Start{start}.variable("COMPAT", "go").refusal(),
                   "ElectionTimeout (1s) must be equal or greater than Heartbeat Timeout (1.5s)"));
}

TEST_CASE("compat=go turns our defaults off, and an explicit option still wins", "[config][load]") {
    Start start;
    start.required().variable("COMPAT", "go").variable("COMMIT_STRICT", "true");
    start.file(main_file, "unsafe-repair-depth = 7\n");
    const auto s = start.settings();
    CHECK(s.compat_go);
    CHECK(s.rpc.json_body_limit == 5U * 1024 * 1024);
    CHECK(s.commit.go_on_sibling);
    CHECK_FALSE(s.control.paused_yield_leadership);
    CHECK_FALSE(s.control.shutdown_transfer_leadership);
    CHECK_FALSE(s.health.rollup_boost_hold_partial);
    CHECK_FALSE(s.raft.fast_failover);
    CHECK(s.control.startup_grace == 0s);
    CHECK(s.control.catchup_timeout == 0s);
    CHECK(s.rpc.cors_origins == std::vector<std::string>{"*"});
    CHECK(s.commit.strict);
    CHECK(s.control.unsafe_repair_depth == 7);
    // What guards data stays.
    CHECK(s.storage.stall_timeout == 2s);
    CHECK(s.raft.join == Join::automatic);
}

TEST_CASE("the runbook's variables start the daemon", "[config][load][S-61]") {
    Start start;
    start.required().without("CONSENSUS_ADDR").without("RAFT_SERVER_ID");
    start.around.environment["RAFT_SERVER_ID_PREFIX"] = "sequencer-0";
    CHECK(start.settings().raft.server_id == "sequencer-0");
    CHECK(start.settings().consensus.addr == "127.0.0.1");
    const auto loaded = start.load();
    CHECK(has_line(loaded, "option is not set, its default serves", "consensus.addr"));
    CHECK(has_line(loaded, "OP_CONDUCTOR_RAFT_SERVER_ID is not set, RAFT_SERVER_ID_PREFIX serves as server id",
                   "sequencer-0"));
    start.variable("COMPAT", "go");
    CHECK(contains(start.refusal(), "flag consensus.addr is required"));
    CHECK(contains(start.refusal(), "flag raft.server.id is required"));
    // A set id wins, and nothing is said.
    const auto set = Start{}.required();
    auto other = set;
    other.around.environment["RAFT_SERVER_ID_PREFIX"] = "x";
    CHECK(other.settings().raft.server_id == "seq-1");
}

TEST_CASE("strange variables and options without effect are told, and no value leaks", "[config][load]") {
    Start start;
    start.required()
        .variable("FOO", "s3cret")
        .variable("ROLLUPBOOST_WS_URL", "ws://x")
        .variable("PPROF_PORT", "6060");
    start.variable("RAFT_BACKEND", "pebble").variable("SUPERVISOR_RPC", "");
    const auto loaded = start.load();
    CHECK(has_line(loaded, "Unknown env var", "OP_CONDUCTOR_FOO"));
    CHECK(has_line(loaded, "option has no effect", "rollupboost.ws-url"));
    CHECK(has_line(loaded, "option has no effect", "raft.backend"));
    CHECK_FALSE(has_line(loaded, "option has no effect", "pprof.port"));  // set to its default
    CHECK_FALSE(has_line(loaded, "option has no effect", "supervisor.rpc"));
    for (const auto& line : loaded.lines)
        for (const auto& field : line.fields) CHECK_FALSE(contains(field.second, "s3cret"));
}

TEST_CASE("the effective configuration is JSON without credentials", "[config][load]") {
    Start start;
    start.required()
        .variable("NODE_RPC", "http://u:s3cret@h:1/?key=s3cret")
        .words({"--peers.rpc=a=http://u:s3cret@h"});
    start.file(main_file,
               "[endpoints.e]\nurl = \"http://u:s3cret@h\"\n[[health]]\nname = \"n\"\nplugin = \"p\"\n"
               "options = { password = \"s3cret\" }\n");
    const auto loaded = start.load();
    CHECK_FALSE(contains(loaded.effective, "s3cret"));
    CHECK(
        contains(loaded.effective, R"("node.rpc":{"value":"http://xxxxx@h:1/?key=xxxxx","from":"variable"})"));
    const auto value = json::first_value(loaded.effective);
    REQUIRE(value.has_value());
    CHECK(value->raw.size() == loaded.effective.size());
    CHECK(has_line(loaded, "effective configuration", loaded.effective));
    CHECK(std::get<Settings>(loaded.outcome).node.url == "http://u:s3cret@h:1/?key=s3cret");
}

TEST_CASE("peers come from the flag, the variable or the file, whole", "[config][load][S-63]") {
    Start start;
    start.required().file(main_file, "[[peers.rpc]]\nid = \"f\"\nurl = \"https://f\"\nca = \"/ca\"\n");
    CHECK(start.settings().peers.rpc == std::vector<PeerRpc>{{"f", "https://f", "/ca", ""}});
    start.variable("PEERS_RPC", "v=http://v, w=http://w");
    CHECK(start.settings().peers.rpc ==
          std::vector<PeerRpc>{{"v", "http://v", "", ""}, {"w", "http://w", "", ""}});
    start.words({"--peers.rpc", "x=http://x"});
    CHECK(start.settings().peers.rpc == std::vector<PeerRpc>{{"x", "http://x", "", ""}});
}

TEST_CASE("help and version end the program well", "[config][load]") {
    for (const auto* word : {"--help", "-h", "--version", "-v"}) {
        const auto loaded = Start{}.words({word}).load();
        const auto& exit = std::get<Exit>(loaded.outcome);
        CHECK(exit.code == 0);
        CHECK_FALSE(exit.crit);
        CHECK(contains(exit.output, "1.2.3-test"));
    }
    // A bad variable is met first, as in Go.
    CHECK(
        contains(Start{}.words({"--help"}).variable("PAUSED", "maybe").refusal(), "could not parse \"maybe\""));
}

TEST_CASE("a checked configuration is judged and not started", "[config][load]") {
    const auto good = Start{}.required().words({"--check-config"}).load();
    CHECK(std::get<Exit>(good.outcome).code == 0);
    CHECK(std::get<Exit>(good.outcome).output == "the configuration is valid\n");
    CHECK(good.checked.has_value());
    const auto bad =
        Start{}.required().variable("RPC_PORT", "-1").variable("NODE_RPC", "").words({"--check-config"}).load();
    CHECK(std::get<Exit>(bad.outcome).code == 1);
    CHECK(std::get<Exit>(bad.outcome).output ==
          "failed to create conductor: invalid config: missing node RPC (node.rpc)\n"
          "failed to create conductor: invalid config: invalid rpc config: invalid RPC port (rpc.port: -1)\n"
          "2 problems\n");
    CHECK_FALSE(std::get<Exit>(bad.outcome).crit);
}

TEST_CASE("a network that no provider knows is refused, one without provider passes", "[config][load]") {
    Start start;
    start.required().variable("NETWORK", "op-mainet");
    CHECK(start.settings().network.profile == "op-mainet");
    start.around.profile = [](const std::string&) -> Result<Profile, Complaint> {
        return Complaint{"did you mean \"op-mainnet\"?"};
    };
    CHECK(contains(start.refusal(),
                   "failed to load rollup config: invalid network: \"op-mainet\"; did you mean "
                   "\"op-mainnet\"?"));
    start.around.profile = [](const std::string&) -> Result<Profile, Complaint> {
        return Profile{{"no.such", "1"}, {"rpc.port", "x"}};
    };
    CHECK(contains(start.refusal(), "profile \"op-mainet\": no.such: no such option"));
    CHECK(contains(start.refusal(), "profile \"op-mainet\": rpc.port: strconv.ParseInt"));
}

TEST_CASE("a rollup config is read where it can be, and never stops a start", "[config][load]") {
    Start start;
    start.required().variable("ROLLUP_CONFIG", "/r.json").variable("OVERRIDE_JOVIAN", "17");
    CHECK(has_line(start.load(), "rollup config is not used",
                   "failed to read rollup config: open /r.json: no such file or directory"));
    start.file("/r.json", "[]");
    CHECK(has_line(start.load(), "rollup config is not used",
                   "failed to decode rollup config: not a JSON object"));
    start.file("/r.json", R"({"l2_chain_id":901})");
    CHECK(start.settings().network.rollup_config == R"({"l2_chain_id":901})");
    CHECK(start.settings().network.overrides == std::map<std::string, std::uint64_t>{{"jovian", 17}});
    start.variable("NETWORK", "n");
    CHECK(start.settings().network.rollup_config.empty());
}

TEST_CASE("colour follows the terminal unless it is set", "[config][load]") {
    Start start;
    start.required().around.output_is_terminal = true;
    CHECK(start.settings().log.color);
    CHECK_FALSE(Start{start}.variable("LOG_COLOR", "false").settings().log.color);
    start.around.output_is_terminal = false;
    CHECK_FALSE(start.settings().log.color);
    CHECK(Start{start}.words({"--log.color"}).settings().log.color);
}

TEST_CASE("centuries do not turn negative", "[config][load]") {
    Start start;
    start.required()
        .variable("HEALTHCHECK_UNSAFE_INTERVAL", "9000000000")
        .variable("RAFT_HEARTBEAT_TIMEOUT", "2000000h");
    CHECK(start.settings().control.catchup_timeout == Duration::max());
    CHECK(start.settings().control.startup_grace == Duration::max());
}

TEST_CASE("the real disk is read within a bound", "[config][load]") {
    const auto files = disk_files();
    CHECK(files.read("/no/such/file").error().text == "no such file or directory");
    CHECK(files.read("/").error().text == "is a directory");
    CHECK(files.read("/dev/zero").error().text == "larger than 16 MiB");
    CHECK(files.read(conductor::checkout::sources() + "/LICENSE").value().text.size() > 100);
    CHECK_FALSE(files.exists("/no/such/file"));
    CHECK(files.list("/no/such/directory").empty());
    CHECK_FALSE(files.list(conductor::checkout::sources() + "/config").empty());
    CHECK(process_environment().contains("PATH"));
}
