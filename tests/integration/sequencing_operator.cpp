// What an operator, a page in a browser and a client with a big body ask of a daemon that sequences.

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "tests/integration/recorded_stage.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A call with more header lines.
std::string with_header(SequencingHost& host, const std::string& line, const std::string& method,
                        const std::string& params = "[]") {
    const auto body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
    const auto answer = host.daemon().client()->exchange(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + line +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n",
        body);
    return answer ? answer->body : std::string{};
}

}  // namespace

TEST_CASE("a stop is answered at once, and the process ends with code 0", "[sequencing][S-12][P-33]") {
    SequencingHost host{"stop"};
    REQUIRE(host.sequence(1));
    CHECK(host.ask("conductor_stop") == "null");
    CHECK(host.daemon().process().wait(soon) == 0);
    CHECK_FALSE(host.daemon().client()->get("/healthz").has_value());
}

TEST_CASE("an override changes answers and proxies of a node that does not lead, and its end takes them back",
          "[sequencing][S-30][S-31]") {
    SequencingHost host{"override", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}}};
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_leader", "false"));
    CHECK(host.ask("conductor_overrideLeader", "[true]") == "null");
    CHECK(host.ask("conductor_leader") == "true");
    CHECK(host.ask("conductor_leaderOverridden") == "true");
    CHECK(has(host.ask("conductor_leaderWithID"), "N/A (Leader overridden)"));
    CHECK(host.status("/leaderz") == 200);
    CHECK(host.ask("admin_sequencerActive") == "false");
    CHECK(has(host.ask("optimism_syncStatus"), "unsafe_l2"));
    CHECK(has(host.ask("eth_getBlockByNumber", R"(["latest",false])"), "parentHash"));
    CHECK(host.calls("admin_startSequencer") == 0);

    CHECK(host.ask("conductor_overrideLeader", "[false]") == "null");
    for (const auto* method : {"admin_sequencerActive", "optimism_syncStatus", "optimism_rollupConfig"})
        CHECK(has(host.ask(method), "refusing to proxy request to non-leader sequencer"));
    CHECK(host.ask("miner_setMaxDASize", R"(["0x0","0x0"])") == "true");
}

TEST_CASE("an override with a time to live ends by itself, whether the daemon is up then or not",
          "[sequencing][P-43][S-65]") {
    SequencingHost host{"override-lasts", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}}};
    REQUIRE(host.start_daemon());
    CHECK(host.ask("conductor_overrideLeader", "[true,1]") == "null");
    CHECK(host.ask("conductor_leaderOverridden") == "true");
    CHECK(host.says("conductor_leaderOverridden", "false"));
    CHECK(host.ask("conductor_leader") == "false");
    CHECK(host.logged("override of leadership has run out") == 1);

    const auto mark = host.daemon().store() / "override";
    CHECK(host.ask("conductor_overrideLeader", "[true,3600]") == "null");
    CHECK(std::filesystem::exists(mark));
    host.daemon().process().kill_hard();
    REQUIRE(host.start_daemon());
    CHECK(host.ask("conductor_leaderOverridden") == "true");
    CHECK(host.logs("leadership is still overridden by an operator"));
    CHECK(host.logs("by=127.0.0.1:"));

    CHECK(host.ask("conductor_overrideLeader", "[true,1]") == "null");
    host.daemon().process().kill_hard();
    std::this_thread::sleep_for(1100ms);
    REQUIRE(host.start_daemon());
    CHECK(host.says("conductor_leaderOverridden", "false"));
    CHECK(eventually(soon, [&] { return !std::filesystem::exists(mark); }));
}

TEST_CASE("a page may read, changes nothing unless its origin is listed, and a big body is asked for",
          "[sequencing][S-69][P-55]") {
    SequencingHost host{"origin", {{"OP_CONDUCTOR_RPC_CORS_ORIGINS", "https://ours.example"}}};
    REQUIRE(host.sequence(1));
    const std::string page{"Origin: https://else.example"};
    CHECK(has(with_header(host, page, "conductor_leader"), "\"result\":true"));
    for (const auto* method : {"conductor_overrideLeader", "conductor_pause", "conductor_commitUnsafePayload"})
        CHECK(has(with_header(host, page, method), "origin not allowed"));
    CHECK(host.ask("conductor_paused") == "false");
    CHECK(has(with_header(host, "Origin: https://ours.example", "conductor_pause"), "\"result\":null"));
    CHECK(host.ask("conductor_paused") == "true");

    const auto client = host.daemon().client();
    const auto told = client->exchange(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
        "Expect: 100-continue\r\n\r\n",
        {});
    REQUIRE(told.has_value());
    CHECK(told->status == 100);
    const auto refused = host.daemon().client()->exchange(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n"
        "Expect: 100-continue\r\n\r\n",
        {});
    REQUIRE(refused.has_value());
    CHECK(refused->status == 413);
}

TEST_CASE("a voter that answers no raft is not taken in, and costs a sole voter no block",
          "[sequencing][S-73]") {
    SequencingHost host{"silent-voter"};
    REQUIRE(host.sequence());
    const auto before = host.ask("conductor_clusterMembership");
    const SilentPort silent;
    const auto sealed = host.node().count("sealed");
    const auto since = std::chrono::steady_clock::now();
    const auto answer = host.ask("conductor_addServerAsVoter", "[\"seq-9\",\"" + silent.address() + "\",0]");
    CHECK(std::chrono::steady_clock::now() - since < 7s);
    INFO(answer);
    CHECK(has(answer, "\"error\""));
    CHECK(host.node().count("sealed") > sealed);
    CHECK(eventually(soon, [&] { return !has(host.ask("conductor_clusterMembership"), "seq-9"); }));
    CHECK(has(before, "\"seq-1\""));
    CHECK(host.ask("conductor_leader") == "true");
    CHECK(host.produces(2));
}
