// What an operator, a page in a browser and a client with a big body ask of a daemon that sequences.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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

/// A POST with more header lines.
std::optional<HttpAnswer> posted(SequencingHost& host, const std::string& lines, const std::string& path,
                                 const std::string& type, const std::string& body = {}) {
    return host.daemon().client()->exchange(
        "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type + "\r\n" + lines + "\r\n\r\n",
        body);
}
std::string sized(const std::string& body) {
    return "\r\nContent-Length: " + std::to_string(body.size());
}
std::string with_header(SequencingHost& host, const std::string& line, const std::string& method,
                        const std::string& params = "[]") {
    const auto body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
    const auto answer = posted(host, line + sized(body), "/", "application/json", body);
    return answer ? answer->body : std::string{};
}

/// Whether who connects and says nothing is shown the door within `limit`.
bool closed_unread(const std::string& address, std::chrono::milliseconds limit) {
    const auto port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pollfd readable{socket, POLLIN, 0};
    char octet = 0;
    const bool closed = ::connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
                        ::poll(&readable, 1, static_cast<int>(limit.count())) == 1 &&
                        ::recv(socket, &octet, 1, 0) <= 0;
    ::close(socket);
    return closed;
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

    // Of a batch each call is judged alone; the binary way is no way round.
    const std::string batch{R"([{"jsonrpc":"2.0","id":1,"method":"conductor_overrideLeader","params":[true]},)"
                            R"({"jsonrpc":"2.0","id":2,"method":"conductor_leader"},)"
                            R"({"jsonrpc":"2.0","id":3,"method":"conductor_resume"}])"};
    const auto judged = posted(host, page + sized(batch), "/", "application/json", batch);
    REQUIRE(judged.has_value());
    CHECK(judged->body == R"([{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"origin not allowed"}},)"
                          R"({"jsonrpc":"2.0","id":2,"result":true},)"
                          R"({"jsonrpc":"2.0","id":3,"error":{"code":-32000,"message":"origin not allowed"}}])"
                          "\n");
    CHECK(host.ask("conductor_leaderOverridden") == "false");
    CHECK(host.ask("conductor_paused") == "true");
    const std::string octets{"application/octet-stream"};
    const auto binary = posted(host, page + sized("x"), "/commit-unsafe-payload", octets, "x");
    REQUIRE(binary.has_value());
    CHECK(binary->status == 403);
    CHECK(has(binary->body, "origin not allowed"));
    const auto listed =
        posted(host, "Origin: https://ours.example" + sized("x"), "/commit-unsafe-payload", octets, "x");
    REQUIRE(listed.has_value());
    CHECK(listed->status == 500);
    CHECK(has(listed->body, "invalid ssz payload"));

    for (const std::string path : {"/", "/commit-unsafe-payload"}) {
        CAPTURE(path);
        const auto asks_first = [&](const std::string& length) {
            const auto told = posted(host, "Expect: 100-continue\r\nContent-Length: " + length, path,
                                     path == "/" ? "application/json" : octets);
            return told ? told->status : 0;
        };
        CHECK(asks_first("9") == 100);
        CHECK(asks_first("99999999") == 413);
    }
}

TEST_CASE("a stranger's raft connection is closed before a word is read, and the group's work goes on",
          "[sequencing][S-69]") {
    SequencingHost host{"strangers", {{"OP_CONDUCTOR_RAFT_ALLOW_CIDR", "10.0.0.0/8"}}};
    REQUIRE(host.sequence(1));
    CHECK(closed_unread(host.daemon().raft_address(soon), soon));
    CHECK(host.ask("conductor_leader") == "true");
    CHECK(host.produces(1));

    SequencingHost open{"anybody"};
    REQUIRE(open.start_daemon());
    CHECK_FALSE(closed_unread(open.daemon().raft_address(soon), 300ms));
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
