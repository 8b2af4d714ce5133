#include "core/config/file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::config;
using namespace std::chrono_literals;

namespace {

FileContents read(std::string_view text) {
    FileContents out;
    read_file(out, text, "c.toml");
    return out;
}

Value value(const FileContents& file, std::string_view name) {
    for (const auto& item : file.options)
        if (item.option->name == name) return item.value;
    FAIL(name << " was not set");
    return {};
}

std::string problem_in(std::string_view text) {
    const auto file = read(text);
    REQUIRE(file.problems.size() == 1);
    return file.problems[0];
}

}  // namespace

TEST_CASE("an option is a key of the table that its name begins with", "[config][file]") {
    const auto file = read(R"(
compat = "go"
raft.server.id = "seq-1"
[raft]
heartbeat-timeout = "1500ms"
trailing-logs = 48
storage.dir = "/data"
[network]
profile = "op-mainnet"
[paused]
at-start = true
persist = true
[healthcheck]
interval = 2
unsafe-interval = "1m30s"
[storage]
retain-bytes = "64MiB"
[proxy]
methods = ["a", "b"]
[override]
jovian = 1_700_000_000
)");
    // toml++ and TOML itself refuse to open [raft] after raft.server.id has defined it.
    REQUIRE(file.problems.size() == 1);
    const auto good = read(R"(
compat = "go"
[raft]
server.id = "seq-1"
heartbeat-timeout = "1500ms"
trailing-logs = 48
storage.dir = "/data"
[network]
profile = "op-mainnet"
[paused]
at-start = true
persist = true
[healthcheck]
interval = 2
unsafe-interval = "1m30s"
[storage]
retain-bytes = "64MiB"
[proxy]
methods = ["a", "b"]
[override]
jovian = 1_700_000_000
)");
    CHECK(good.problems.empty());
    CHECK(value(good, "compat") == Value{std::string{"go"}});
    CHECK(value(good, "raft.server.id") == Value{std::string{"seq-1"}});
    CHECK(value(good, "raft.heartbeat-timeout") == Value{std::chrono::nanoseconds{1500ms}});
    CHECK(value(good, "raft.trailing-logs") == Value{std::uint64_t{48}});
    CHECK(value(good, "network") == Value{std::string{"op-mainnet"}});
    CHECK(value(good, "paused") == Value{true});
    CHECK(value(good, "paused.persist") == Value{true});
    CHECK(value(good, "healthcheck.interval") == Value{std::chrono::nanoseconds{2s}});
    CHECK(value(good, "healthcheck.unsafe-interval") == Value{std::chrono::nanoseconds{90s}});
    CHECK(value(good, "storage.retain-bytes") == Value{std::uint64_t{64} << 20U});
    CHECK(value(good, "proxy.methods") == Value{std::vector<std::string>{"a", "b"}});
    CHECK(value(good, "override.jovian") == Value{std::uint64_t{1'700'000'000}});
}

TEST_CASE("an unknown key is an error that knows its place and a near name", "[config][file]") {
    CHECK(problem_in("[raft]\n  heartbeat-timeuot = \"1s\"\n") ==
          "c.toml:2:3: unknown key \"raft.heartbeat-timeuot\"; did you mean \"raft.heartbeat-timeout\"?");
    CHECK(problem_in("zzzzzzzzzzzz = 1\n") == "c.toml:1:1: unknown key \"zzzzzzzzzzzz\"");
    CHECK(problem_in("network = \"op-mainnet\"\n") ==
          "c.toml:1:1: unknown key \"network\"; in a file that is \"network.profile\"");
    CHECK(problem_in("paused = true\n") ==
          "c.toml:1:1: unknown key \"paused\"; in a file that is \"paused.at-start\"");
    CHECK(problem_in("[raft.server]\nname = 1\n").starts_with("c.toml:2:1: unknown key \"raft.server.name\""));
    CHECK(problem_in("config = \"x\"\n").starts_with("c.toml:1:1: unknown key \"config\""));
}

TEST_CASE("a value of the wrong type is an error that says what is wanted", "[config][file]") {
    CHECK(problem_in("[raft]\nbootstrap = 1\n") ==
          "c.toml:2:13: raft.bootstrap: wants true or false, has an integer");
    CHECK(problem_in("[raft]\nlease-timeout = 1\n") ==
          "c.toml:2:17: raft.lease-timeout: wants a duration in quotes, like \"500ms\", has an integer");
    CHECK(problem_in("[raft]\nlease-timeout = \"1\"\n") ==
          "c.toml:2:17: raft.lease-timeout: \"1\" is not a duration in quotes, like \"500ms\": time: missing "
          "unit in "
          "duration \"1\"");
    CHECK(problem_in("[rpc]\nport = \"8545\"\n") == "c.toml:2:8: rpc.port: wants an integer, has a string");
    CHECK(problem_in("[raft]\ntrailing-logs = -1\n")
              .starts_with("c.toml:2:17: raft.trailing-logs: \"-1\" is not"));
    CHECK(problem_in("[raft]\njoin = \"old\"\n") ==
          "c.toml:2:8: raft.join: unknown value \"old\", one of: auto new");
    CHECK(problem_in("[rpc]\ncors-origins = [\"a\", 1]\n") ==
          "c.toml:2:22: rpc.cors-origins: wants an array of strings, has an integer");
    CHECK(problem_in("[node]\nrpc = 2026-01-01\n") ==
          "c.toml:2:7: node.rpc: wants a string, has a date or time");
    CHECK(problem_in("raft = 1\n").starts_with("c.toml:1:1: unknown key \"raft\""));
}

TEST_CASE("text that is no TOML is refused with its place", "[config][file]") {
    CHECK(problem_in("[raft]\nx = \n").starts_with("c.toml:2:"));
    CHECK(problem_in("a = 1\na = 2\n").starts_with("c.toml:2:"));
    CHECK(problem_in("a = \"\xff\"\n").starts_with("c.toml:1:"));
    CHECK(problem_in("[raft]\n\n[\nz = = ~0\n").starts_with("c.toml:3:"));
    CHECK(problem_in("[raft]\n[").starts_with("c.toml:2:"));
    CHECK(problem_in("[[\n").starts_with("c.toml:1:"));
    CHECK(problem_in("a = { \n").starts_with("c.toml:1:"));
    CHECK(problem_in("[raft]\na\xc7\xa8 = 1\n").starts_with("c.toml:2:"));  // no white space, no letter
}

TEST_CASE("plugins keep their options as written, with places", "[config][file]") {
    const auto file = read(R"([[health]]
name = "data-disk"
plugin = "org.example.disk-space"
role = "advice"
interval = "5s"
on_unknown = "healthy"
options = { path = "/var/lib/op-geth", min_free = "50GiB" }
[driver]
plugin = "io.conductord.driver-kona"
[transfer]
plugin = "org.example.choice"
timeout = "1s"
[endpoints.node]
url = "http://u:p@127.0.0.1:1"
token_file = "/t"
)");
    CHECK(file.problems.empty());
    REQUIRE(file.health.size() == 1);
    const auto& disk = file.health[0];
    CHECK(disk.name == "data-disk");
    CHECK(disk.role == "advice");
    CHECK(disk.interval == Duration{5s});
    CHECK(disk.plugin_place == Place{"c.toml", 3, 10});
    const auto* option = disk.options.find("min_free");
    REQUIRE(option != nullptr);
    CHECK(*option->node.as<std::string>() == "50GiB");
    CHECK(option->node.place == Place{"c.toml", 7, 51});
    REQUIRE(file.driver);
    CHECK(file.driver->plugin == "io.conductord.driver-kona");
    CHECK(file.transfer->timeout == Duration{1s});
    REQUIRE(file.endpoints.size() == 1);
    CHECK(file.endpoints[0].name == "node");
    CHECK(file.endpoints[0].token_file == "/t");
}

TEST_CASE("each mistake in a plugin's table is found", "[config][file]") {
    const auto file = read(R"([[health]]
name = "Data disk"
plugin = ""
role = "boss"
interval = "0s"
pth = 1
sha256 = "12"
failures_to_unhealthy = 0
[[health]]
plugin = "p"
on_unknown = "healthy"
)");
    const std::vector<std::string> wanted{
        R"(c.toml:1:1: health "Data disk": a name has 1 to 63 of a-z, 0-9 and -)",
        R"(c.toml:3:10: health "Data disk": plugin: must not be empty)",
        R"(c.toml:4:8: health "Data disk": role: "boss" is none of "gate", "advice")",
        R"(c.toml:5:12: health "Data disk": interval: "0s" is not a duration above 0)",
        R"(c.toml:8:25: health "Data disk": failures_to_unhealthy: must be 1 or more)",
        R"(c.toml:7:10: health "Data disk": sha256: wants 64 digits 0-9, a-f)",
        R"(c.toml:6:1: health "Data disk": unknown option "pth"; it accepts: name, plugin, timeout, role, interval, )"
        R"(on_unknown, hold_for, fault_cooldown, failures_to_unhealthy, successes_to_healthy, sha256, options)",
        R"(c.toml:9:1: health: missing "name")",
        R"(c.toml:11:14: health "": on_unknown: "healthy" is for advice only)",
    };
    CHECK(file.problems == wanted);
    CHECK(problem_in("health = 1\n") == "c.toml:1:10: health: wants tables, [[health]], has an integer");
    CHECK(problem_in("[[driver]]\n") == "c.toml:1:1: driver: wants a table, [driver], has an array");
    CHECK(problem_in("[[health]]\nname=\"a\"\nplugin=\"p\"\n[[health]]\nname=\"a\"\nplugin=\"p\"\n") ==
          "c.toml:4:1: health \"a\": the name is taken, see c.toml:1:1");
    CHECK(problem_in("[endpoints.x]\nurl=\"u\"\nurll=\"u\"\n") ==
          "c.toml:3:1: endpoint \"x\": unknown option \"urll\"; did you mean \"url\"? it accepts: url, "
          "timeout, ca, "
          "token_file");
    CHECK(problem_in("[endpoints]\nx = 1\n") == "c.toml:2:5: endpoints.x: wants a table, has an integer");
}

TEST_CASE("peers are listed with their certificates and tokens", "[config][file]") {
    const auto file = read(R"([peers]
poll-interval = "2s"
[[peers.rpc]]
id = "seq-2"
url = "https://10.0.0.2:8545"
ca = "/ca"
token_file = "/t"
[[peers.rpc]]
id = "seq-3"
url = "http://10.0.0.3:8545"
)");
    CHECK(file.problems.empty());
    REQUIRE(file.peers.size() == 2);
    CHECK(file.peers[0] == PeerRpc{"seq-2", "https://10.0.0.2:8545", "/ca", "/t"});
    CHECK(problem_in("[[peers.rpc]]\nid=\"a\"\nurl=\"10.0.0.1\"\n") ==
          "c.toml:3:5: peers.rpc: invalid peers rpc: \"a=10.0.0.1\"");
    CHECK(problem_in("[[peers.rpc]]\nurl=\"http://a\"\n") == "c.toml:1:1: peers.rpc: missing \"id\"");
    CHECK(problem_in("[peers]\nrpc = \"a=http://a\"\n") ==
          "c.toml:2:7: peers.rpc: wants tables, [[peers.rpc]], has a string");
    CHECK(
        problem_in("[[peers.rpc]]\nid=\"a\"\nurl=\"http://a\"\n[[peers.rpc]]\nid=\"a\"\nurl=\"http://b\"\n") ==
        "c.toml:4:1: peers.rpc: id \"a\" is listed twice");
}

TEST_CASE("a peer on the command line is an id and a URL", "[config]") {
    CHECK(parse_peer("a=http://h:1").value() == PeerRpc{"a", "http://h:1", "", ""});
    CHECK(parse_peer("a=https://u:p@h").has_value());
    for (const std::string bad : {"", "a", "=http://h", "a=", "a=h:1", "a=ftp://h", "a=http://", "a=http://:1",
                                  "a=http:///p", "a=http://u@", "a=http://h h"}) {
        CAPTURE(bad);
        REQUIRE(parse_peer(bad).has_error());
        CHECK(parse_peer(bad).error().text == "invalid peers rpc: \"" + bad + "\"");
    }
}
