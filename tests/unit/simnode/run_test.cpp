// The real simnode as a process: how it sequences beside a conductor, gossips, and misbehaves on command.

#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/simnode_process.hpp"
#include "tests/unit/simnode/conductor_double.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using simnode::Fault;
using simnode::test::ConductorDouble;

namespace {

std::filesystem::path program() {
    return std::filesystem::canonical("/proc/self/exe").parent_path() / "simnode";
}

/// Fast blocks; started, and listening.
struct Running : SimnodeProcess {
    explicit Running(const TempDir& work, const std::string& id = "a", std::vector<std::string> more = {})
        : SimnodeProcess{{program(), work.path(), id, with_pace(std::move(more))}} {
        start();
        REQUIRE(serves());
    }
    static std::vector<std::string> with_pace(std::vector<std::string> more) {
        more.insert(more.begin(), "--block-time-ms=100");
        return more;
    }
    void use(const ConductorDouble& conductor) { sim("sim_conductor", "[\"" + conductor.url() + "\"]"); }
    /// So that it sequences without a conductor.
    void override_leader() const { REQUIRE(result_of(cl("admin_overrideLeader")) == "null"); }
    /// Starts sequencing on its head.
    [[nodiscard]] std::string sequence() const {
        return cl("admin_startSequencer", "[\"" + head_hash() + "\"]");
    }
    [[nodiscard]] bool reaches(std::uint64_t number) const {
        return eventually(30s, [&] { return head_number() >= number; });
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void befriend(const Running& from, const Running& to) {
    from.sim("sim_peers", "[[\"" + to.control_url() + "\"]]");
}

Fault hanging(const std::string& method, std::chrono::milliseconds time) {
    Fault fault;
    fault.method = method;
    fault.delay = time;
    return fault;
}

}  // namespace

TEST_CASE("each block is committed before it is anybody's head, in order and with its true hash",
          "[simnode][sequence]") {
    const TempDir work{"simnode-sequence"};
    const bool binary = GENERATE(false, true);
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work, "a", {std::string{"--binary-commit="} + (binary ? "true" : "false")}};
    Running peer{work, "b"};
    befriend(node, peer);
    node.use(conductor);
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(peer.reaches(4));
    CHECK(node.flag("active"));
    CHECK_FALSE(peer.flag("active"));

    const auto head = node.head_number();
    const auto committed = conductor.committed();
    REQUIRE(committed.size() >= head);
    std::uint64_t number = 0;
    for (const auto& block : committed) {
        CHECK(block.number.value() == ++number);
        CHECK(payload::check_block_hash(block).has_value());
        if (number > 1) CHECK(block.parent == committed[number - 2].hash);
    }
    const auto payload = payload::envelope_from_json(peer.sim("sim_payload", "[3]"));
    REQUIRE(payload.has_value());
    CHECK(payload->ssz == committed[2].ssz);
    CHECK(has(node.sim("sim_produced", "[2]"), to_hex(committed[2].hash)));
    CHECK_FALSE(has(node.sim("sim_produced", "[2]"), to_hex(committed[1].hash)));
    CHECK((conductor.calls("conductor_commitUnsafePayload") == 0) == binary);
}

TEST_CASE("a block that its conductor refuses is nobody's head, and the same block is tried again",
          "[simnode][sequence]") {
    const TempDir work{"simnode-refused"};
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work, "a"};
    Running peer{work, "b"};
    befriend(node, peer);
    node.use(conductor);
    conductor.refuse_commits("node is not the leader");
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(eventually(5s, [&] { return node.count("commits_failed") >= 1; }));
    CHECK(has(node.sim("sim_status"),
              "failed to commit unsafe payload to conductor: operation failed permanently after 2 attempts: "
              "node is not the leader"));
    CHECK(node.head_number() == 0);
    CHECK(peer.head_number() == 0);
    node.sim("sim_stopSequencing");  // each failure was two tries
    CHECK(eventually(5s, [&] { return conductor.refused().size() == 2 * node.count("commits_failed"); }));

    conductor.refuse_commits({});
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(peer.reaches(1));
    CHECK(conductor.committed().front().hash == conductor.refused().front().hash);
}

TEST_CASE("a conductor that does not answer costs a commit its second, both tries included",
          "[simnode][sequence]") {
    const TempDir work{"simnode-hanging"};
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work};
    node.use(conductor);
    conductor.set_fault(hanging("conductor_commitUnsafePayload", 20s));
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(eventually(5s, [&] { return node.count("commits_failed") >= 1; }));
    CHECK(has(node.sim("sim_status"), "context deadline exceeded"));
    CHECK(conductor.calls("conductor_commitUnsafePayload") == 1);
    CHECK(node.head_number() == 0);

    conductor.clear_faults();
    CHECK(node.reaches(1));
}

TEST_CASE("without a conductor nothing starts, and once overridden nobody is asked", "[simnode][override]") {
    const TempDir work{"simnode-override"};
    ConductorDouble conductor{ConductorDouble::Role::follower};
    Running node{work, "a", {"--conductor=http://127.0.0.1:1"}};
    CHECK(has(node.sequence(),
              "sequencer leader check failed: operation failed permanently after 2 attempts: "
              "Post \\\"http://127.0.0.1:1\\\": dial tcp 127.0.0.1:1: connect: connection "
              "refused"));
    node.use(conductor);
    CHECK(has(node.sequence(), "sequencer is not the leader, aborting"));
    const auto asked = conductor.calls("conductor_leader");
    CHECK(asked == 1);

    node.override_leader();
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(3));
    CHECK(conductor.calls("conductor_leader") == asked);
    CHECK(conductor.committed().empty());

    node.sim("sim_restart", "[10]");  // the only way to clear it
    CHECK_FALSE(node.flag("overridden"));
    CHECK_FALSE(node.flag("active"));
    CHECK(node.head_number() >= 3);
    CHECK(has(node.sequence(), "sequencer is not the leader, aborting"));
}

TEST_CASE("a stop waits for the block in flight and answers with the head", "[simnode][stop]") {
    const TempDir work{"simnode-stop"};
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work};
    node.use(conductor);
    auto slow = hanging("conductor_commitUnsafePayload", 300ms);
    slow.takes_effect = true;
    conductor.set_fault(slow);
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(1));
    REQUIRE(eventually(5s, [&] { return conductor.committed().size() >= 2; }));  // and its answer is due
    const auto head = result_of(node.cl("admin_stopSequencer"));
    CHECK(head == '"' + to_hex(conductor.committed().back().hash) + '"');
    CHECK(node.head_hash() == head.substr(1, 66));
    CHECK(has(node.cl("admin_stopSequencer"), "sequencer not running"));
    CHECK(conductor.calls("conductor_leader") == 2);  // one for the start, one for the stop
}

TEST_CASE("a stop does not wait for a block that could not be committed", "[simnode][stop]") {
    const TempDir work{"simnode-stop-failed"};
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work};
    node.use(conductor);
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(1));
    conductor.refuse_commits("conflicting payload at head");
    const auto failed = node.count("commits_failed");
    REQUIRE(eventually(5s, [&] { return node.count("commits_failed") > failed; }));
    CHECK(result_of(node.cl("admin_stopSequencer")) == '"' + node.head_hash() + '"');
    CHECK_FALSE(node.flag("active"));
}

TEST_CASE("blocks of hundreds of kilobytes are committed and gossiped in either form", "[simnode][size]") {
    const TempDir work{"simnode-size"};
    const auto* const form = GENERATE("--binary-commit=false", "--binary-commit=true");
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work, "a", {form, "--payload-bytes=400000"}};
    Running peer{work, "b"};
    befriend(node, peer);
    node.use(conductor);
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(peer.reaches(2));
    CHECK(conductor.committed().front().ssz.size() > 400'000);
    CHECK(payload::check_block_hash(conductor.committed().front()).has_value());
}

TEST_CASE("a real conductord stores what simnode seals, in either form", "[simnode][conductord]") {
    const TempDir work{"simnode-conductord"};
    const auto* const form = GENERATE("--binary-commit=false", "--binary-commit=true");
    ConductorDaemon conductor{{program().parent_path() / "conductord", work.path(), "seq-1", {}, {}}};
    conductor.start();
    REQUIRE(conductor.leads(10s));
    Running node{work, "a", {form, "--payload-bytes=50000"}};
    node.sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(conductor.port()) + "\"]");
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(5));
    CHECK(node.sim("sim_status").find("commits_failed\":0,") != std::string::npos);
    CHECK(result_of(node.cl("admin_stopSequencer")) == '"' + node.head_hash() + '"');
    CHECK(conductor.stop() == 0);
}

TEST_CASE("a node that lags takes no gossip, and asks for what it missed afterwards", "[simnode][gossip]") {
    const TempDir work{"simnode-lag"};
    Running node{work, "a"};
    Running peer{work, "b"};
    befriend(node, peer);
    befriend(peer, node);
    node.override_leader();
    peer.sim("sim_lag", "[true]");
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(4));
    CHECK(peer.head_number() == 0);
    CHECK(peer.count("gossip_ignored") >= 1);

    SECTION("by itself") {
        peer.sim("sim_lag", "[false]");
        CHECK(eventually(10s, [&] { return peer.head_number() + 1 >= node.head_number(); }));
    }
    SECTION("unless it may not") {
        peer.sim("sim_sync", "[false]");
        peer.sim("sim_lag", "[false]");
        REQUIRE(eventually(10s, [&] { return peer.count("queued") >= 2; }));
        CHECK(peer.head_number() == 0);
    }
}

TEST_CASE("killed, it comes back on its ports with genesis and gets the chain from its peers",
          "[simnode][process]") {
    const TempDir work{"simnode-kill"};
    Running node{work, "a"};
    Running peer{work, "b"};
    befriend(node, peer);
    node.override_leader();
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(peer.reaches(2));
    const auto url = peer.cl_url();
    peer.kill();
    CHECK(peer.cl("admin_sequencerActive").empty());
    peer.start();
    REQUIRE(peer.serves());
    CHECK(peer.cl_url() == url);
    befriend(peer, node);
    CHECK(peer.reaches(3));
    CHECK(peer.stop() == 0);
    node.process().signal(SIGINT);
    CHECK(node.process().wait(5s) == 0);
}

TEST_CASE("faults spoil answers as told, whether or not the call is obeyed", "[simnode][fault]") {
    const TempDir work{"simnode-faults"};
    Running node{work};
    node.override_leader();

    node.sim("sim_fault",
             R"(["cl",{"method":"admin_sequencerActive","kind":"error","text":"out of order","times":1}])");
    CHECK(has(node.cl("admin_sequencerActive"), R"("error":{"code":-32000,"message":"out of order"})"));
    CHECK(result_of(node.cl("admin_sequencerActive")) == "false");

    node.sim("sim_fault", R"(["el",{"kind":"nonsense","status":502,"text":"<html>"}])");
    HttpClient el{"127.0.0.1", node.el_port(), 5s};
    const auto nonsense =
        el.post("/", "application/json", R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId"})");
    REQUIRE(nonsense.has_value());
    CHECK(nonsense->status == 502);
    CHECK(nonsense->body == "<html>");
    node.sim("sim_clearFaults");
    CHECK(result_of(node.el("eth_chainId")) == R"("0x385")");

    node.sim("sim_fault", R"(["cl",{"method":"admin_startSequencer","kind":"hang","ms":20000,"effect":true}])");
    HttpClient impatient{"127.0.0.1", node.cl_port(), 200ms};
    CHECK(rpc_call(impatient, "admin_startSequencer", "[\"" + node.head_hash() + "\"]").empty());
    CHECK(node.flag("active"));  // obeyed, though nobody was told
    node.sim("sim_stopSequencing");
    node.sim("sim_refuseStart", R"(["no prestate, cannot determine if sequencer start at 0x00 is safe"])");
    CHECK(has(node.sequence(), "no prestate"));
    CHECK_FALSE(node.flag("active"));
    node.sim("sim_refuseStart", R"([""])");
    CHECK(result_of(node.sequence()) == "null");

    CHECK(has(node.control("sim_fault", R"(["xl",{}])"), "no surface: xl"));
    CHECK(has(node.control("sim_fault", R"(["cl",{"kind":"flood"}])"), "no kind of fault: flood"));
}

TEST_CASE("a closed listener refuses, and is found on its port again", "[simnode][fault]") {
    const TempDir work{"simnode-listener"};
    Running node{work};
    node.sim("sim_listener", R"(["cl",false])");
    CHECK(node.cl("admin_sequencerActive").empty());
    CHECK(result_of(node.el("net_peerCount")) == R"("0x0")");
    CHECK_FALSE(node.flag("cl_open"));
    node.sim("sim_listener", R"(["cl",true])");
    CHECK(result_of(node.cl("admin_sequencerActive")) == "false");
}

TEST_CASE("it lies about age, peers, conductor and state when told to", "[simnode][lie]") {
    const TempDir work{"simnode-lies"};
    Running node{work, "a", {"--genesis-time=1700000000"}};
    node.sim("sim_skew", "[60,0]");
    CHECK(has(node.cl("optimism_syncStatus"), R"("timestamp":1699999940,"l1origin")"));
    node.sim("sim_peerCount", "[25]");
    CHECK(result_of(node.el("net_peerCount")) == R"("0x19")");
    CHECK(has(node.cl("opp2p_peerStats"), R"({"connected":25,)"));
    node.sim("sim_peerCount", "[null]");
    CHECK(result_of(node.el("net_peerCount")) == R"("0x0")");
    node.sim("sim_conductorEnabled", "[false]");
    CHECK(result_of(node.cl("admin_conductorEnabled")) == "false");
    const auto truth = node.el("eth_getBlockByNumber", R"(["latest",false])");
    node.sim("sim_falseBlocks", "[true]");
    CHECK(node.el("eth_getBlockByNumber", R"(["latest",false])") != truth);
    node.sim("sim_clearFaults");
    CHECK(node.el("eth_getBlockByNumber", R"(["latest",false])") == truth);
    CHECK(result_of(node.cl("admin_conductorEnabled")) == "true");
}

TEST_CASE("stalled, it stays active and seals nothing", "[simnode][fault]") {
    const TempDir work{"simnode-stall"};
    Running node{work};
    node.override_leader();
    node.sim("sim_stall", "[true]");
    CHECK(result_of(node.sequence()) == "null");
    std::this_thread::sleep_for(300ms);
    CHECK(node.head_number() == 0);
    CHECK(result_of(node.cl("admin_sequencerActive")) == "true");
    node.sim("sim_stall", "[false]");
    CHECK(node.reaches(1));
}

TEST_CASE("a posted payload is answered at once and the head by insert-delay later", "[simnode][post]") {
    const TempDir work{"simnode-post"};
    Running source{work, "a"};
    Running node{work, "b"};
    source.override_leader();
    CHECK(result_of(source.sequence()) == "null");
    REQUIRE(source.reaches(2));
    const auto first = source.sim("sim_payload", "[1]");
    const auto second = source.sim("sim_payload", "[2]");
    const auto hash = to_hex(payload::envelope_from_json(first)->hash);

    node.override_leader();
    node.sim("sim_insertDelay", "[1500]");
    CHECK(result_of(node.cl("admin_postUnsafePayload", "[" + second + "]")) == "null");  // waits for its parent
    CHECK(result_of(node.cl("admin_postUnsafePayload", "[" + first + "]")) == "null");
    CHECK(has(node.cl("admin_startSequencer", "[\"" + hash + "\"]"), "block hash does not match: head 0x"));
    REQUIRE(node.reaches(2));

    // Block by block, what op-geth tells is enough to build the payload again.
    const auto raw = node.el("eth_getRawTransactionByBlockHashAndIndex", "[\"" + hash + "\",\"0x0\"]");
    CHECK(has(first, result_of(raw)));
    CHECK(result_of(node.el("eth_getRawTransactionByBlockHashAndIndex", "[\"" + hash + "\",\"0x1\"]")) ==
          R"("0x")");
    CHECK(has(node.el("eth_getBlockByHash", "[\"" + hash + "\",true]"), R"("type":"0x7e")"));
    CHECK(result_of(node.el("eth_blockNumber")) == R"("0x2")");
}

TEST_CASE("a fork leaves the node on blocks that nobody committed", "[simnode][fork]") {
    const TempDir work{"simnode-fork"};
    ConductorDouble conductor{ConductorDouble::Role::leader};
    Running node{work};
    node.use(conductor);
    CHECK(result_of(node.sequence()) == "null");
    REQUIRE(node.reaches(3));
    CHECK_FALSE(result_of(node.cl("admin_stopSequencer")).empty());
    const auto head = node.head_number();
    const auto hash = node.head_hash();
    node.sim("sim_fork", "[1,2]");
    CHECK(node.head_number() == head + 1);
    std::set<std::string> committed;
    for (const auto& block : conductor.committed()) committed.insert(to_hex(block.hash));
    CHECK(committed.contains(hash));
    CHECK_FALSE(committed.contains(node.head_hash()));
}

TEST_CASE("a flag that makes no sense is refused by its name, and a taken port is told", "[simnode][flags]") {
    const TempDir work{"simnode-flags"};
    const auto refused = [&](const std::vector<std::string>& arguments, int code, const std::string& text) {
        DaemonProcess process{{program(), arguments, {}, work.path() / "refused.log"}};
        INFO(text);
        CHECK(process.wait(30s) == code);
        CHECK(has(process.output(), text));
    };
    refused({"--block-time-ms=0"}, 2, "--block-time-ms: not a number from 1 to 3600000: 0");
    refused({"--cl-port", "65536"}, 2, "--cl-port: not a number from 0 to 65535: 65536");
    refused({"--peer=127.0.0.1:1"}, 2, "--peer: not a URL of the form http://127.0.0.1:8547: 127.0.0.1:1");
    refused({"--binary-commit=yes"}, 2, "--binary-commit: neither true nor false: yes");
    refused({"--colour=1"}, 2, "unknown flag --colour");
    refused({"--peer"}, 2, "--peer lacks its value");
    const Running node{work};
    refused({"--el-port=" + std::to_string(node.el_port())}, 1, std::to_string(node.el_port()));
}
