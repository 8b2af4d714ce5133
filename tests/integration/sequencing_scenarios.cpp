// The scenarios of one node (conductor.md 12.4, 12.6): the real daemon steers a simulated node. What needs
// other voters is not here.

#include <catch2/catch.hpp>
#include <thread>

#include "core/storage/log_store.hpp"
#include "core/storage/posix_files.hpp"
#include "tests/integration/sequencing.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* start_call = "admin_startSequencer";
constexpr const char* stop_call = "admin_stopSequencer";
constexpr const char* post_call = "admin_postUnsafePayload";

/// Longer than some health rounds and several retries: something forbidden would have happened.
constexpr auto some_rounds = 800ms;

/// The daemon runs, and finds itself unhealthy while another holds its log: so it is F-F-F when it gains
/// leadership.
void start_sick(SequencingHost& host) {
    storage::PosixFiles files;
    storage::StoreOptions options;
    options.directory = host.daemon().store().string();
    const auto held = storage::LogStore::open(files, options);
    REQUIRE(held.has_value());
    host.sicken(true);
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_sequencerHealthy", "false"));
    CHECK(host.says("conductor_leader", "false"));
}

/// A leader whose node rests at the replicated head, and whose daemon has ended.
void leave_chain(SequencingHost& host, std::uint64_t blocks = 2) {
    REQUIRE(host.sequence(blocks));
    REQUIRE(host.rest());
    REQUIRE(host.daemon().stop() == 0);
}

}  // namespace

TEST_CASE("a sole voter that is resumed before the first commit starts from its own head",
          "[sequencing][S-5]") {
    SequencingHost host{"empty"};
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_leader", "true"));
    REQUIRE(host.says("conductor_paused", "true"));
    CHECK(host.calls(start_call) == 0);
    CHECK(host.ask("conductor_resume") == "null");
    CHECK(host.produces(3));
    CHECK(host.says("conductor_active", "true"));
    CHECK(host.calls(start_call) == 1);
    CHECK(host.logged("no unsafe head") == 0);
    CHECK(host.status("/readyz") == 200);
}

TEST_CASE("a leader two blocks behind without repair starts nothing, and stalled it asks for another leader",
          "[sequencing][S-35]") {
    SequencingHost host{"behind-2", {{"OP_CONDUCTOR_UNSAFE_REPAIR_DEPTH", "1"}}};
    leave_chain(host, 3);
    (void)host.node().sim("sim_fork", "[2,0]");
    const auto starts = host.calls(start_call);
    start_sick(host);
    CHECK(host.logs("failed to start sequencer, transferring leadership instead"));
    CHECK(host.logs("unsafe head mismatch"));
    CHECK(host.logs("cannot find peer"));
    CHECK(host.calls(start_call) == starts);
    CHECK(host.calls(post_call) == 0);
}

TEST_CASE("a follower starts, stops and transfers nothing while its health comes and goes",
          "[sequencing][S-36]") {
    SequencingHost host{"follower", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}}};
    host.sicken(true);
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_sequencerHealthy", "false"));
    host.sicken(false);
    REQUIRE(host.says("conductor_sequencerHealthy", "true"));
    host.sicken(true);
    REQUIRE(host.says("conductor_sequencerHealthy", "false"));
    CHECK(host.calls(start_call) == 0);
    CHECK(host.calls(stop_call) == 0);
    CHECK(host.logged("transferring leadership") == 0);
    CHECK(host.says("conductor_leader", "false"));
}

TEST_CASE("a new leader at the replicated head starts exactly once, with that hash", "[sequencing][S-37]") {
    SequencingHost host{"equal"};
    leave_chain(host);
    const auto starts = host.calls(start_call);
    const auto head = host.node().head_hash();
    REQUIRE(host.start_daemon());
    CHECK(host.says("conductor_active", "true"));
    CHECK(host.produces(2));
    CHECK(host.calls(start_call) == starts + 1);
    CHECK(host.logs("head=" + head));
}

TEST_CASE("a leader one block behind whose post fails posts again, and starts once", "[sequencing][S-37]") {
    SequencingHost host{"post-fails"};
    leave_chain(host);
    (void)host.node().sim("sim_fork", "[1,0]");
    host.fault("cl", R"({"method":"admin_postUnsafePayload","kind":"error","text":"not now","times":1})");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    CHECK(host.produces(2));
    CHECK(host.logs("failed to post unsafe head payload envelope to op-node"));
    CHECK(host.calls(post_call) == 2);
    CHECK(host.calls(start_call) == starts + 1);
}

TEST_CASE("a daemon that finds its node producing and no leader stops it once, after its grace",
          "[sequencing][S-38]") {
    SequencingHost host{
        "grace", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}, {"OP_CONDUCTOR_CONTROL_STARTUP_GRACE", "1s"}}};
    const auto head = host.node().head_hash();
    (void)host.node().cl("admin_overrideLeader");  // nobody leads who could let it start
    REQUIRE(result_of(host.node().cl(start_call, "[\"" + head + "\"]")) == "null");
    const auto since = Clock::now();
    REQUIRE(host.start_daemon());
    CHECK(eventually(soon, [&] { return host.calls(stop_call) > 0; }));
    CHECK(Clock::now() - since >= 1s);
    CHECK(host.logs("stopped sequencer"));
    std::this_thread::sleep_for(some_rounds);
    CHECK(host.calls(stop_call) == 1);
    CHECK_FALSE(host.node().flag("active"));
}

TEST_CASE("a restarted daemon that regains leadership leaves its producing node alone", "[sequencing][S-27]") {
    SequencingHost host{"regain", {{"OP_CONDUCTOR_SHUTDOWN_TRANSFER_LEADERSHIP", "false"}}};
    REQUIRE(host.sequence());
    const auto starts = host.calls(start_call);
    host.daemon().process().kill_hard();
    REQUIRE(host.start_daemon());
    CHECK(host.says("conductor_leader", "true"));
    CHECK(host.says("conductor_active", "true"));
    CHECK(host.produces(3));
    CHECK(host.calls(stop_call) == 0);
    CHECK(host.calls(start_call) == starts);
}

TEST_CASE("an unhealthy sole voter stops, finds nobody, and produces again once it is healthy",
          "[sequencing][S-24][S-39]") {
    SequencingHost host{"unhealthy"};
    REQUIRE(host.sequence());
    host.sicken(true);
    CHECK(host.logs("Sequencer is unhealthy"));
    CHECK(host.logs("stopped sequencer"));
    CHECK(host.logs("cannot find peer"));
    CHECK(host.calls(stop_call) == 1);
    CHECK(host.says("conductor_leader", "true"));
    host.sicken(false);
    CHECK(host.produces(2));
    CHECK(host.says("conductor_active", "true"));
    CHECK(host.says("conductor_sequencerHealthy", "true"));
}

TEST_CASE("a stop that fails is tried until the node obeys", "[sequencing][S-39]") {
    SequencingHost host{"stop-fails"};
    REQUIRE(host.sequence());
    host.fault("cl", R"({"method":"admin_stopSequencer","kind":"error","text":"not now","times":2})");
    host.sicken(true);
    CHECK(host.logs("failed to stop sequencer: "));
    CHECK(host.logs("stopped sequencer"));
    CHECK(host.calls(stop_call) >= 3);
    CHECK_FALSE(host.node().flag("active"));
}

TEST_CASE("on a stalled chain a new leader starts although it is not healthy, and then waits for health",
          "[sequencing][S-40]") {
    SequencingHost host{"stalled"};
    leave_chain(host);
    const auto stops = host.calls(stop_call);
    start_sick(host);
    CHECK(host.logs("started sequencer"));
    CHECK(host.logs("waiting for sequencing to become healthy by itself"));
    CHECK(host.produces(2));
    CHECK(host.calls(stop_call) == stops);
    CHECK(host.logged("transferring leadership") == 0);
    host.sicken(false);
    CHECK(host.says("conductor_sequencerHealthy", "true"));
    CHECK(host.produces(2));
    CHECK(host.calls(stop_call) == stops);
}

TEST_CASE("a new leader that cannot reach its node starts nothing and asks for another leader",
          "[sequencing][S-40]") {
    SequencingHost host{"node-down"};
    leave_chain(host);
    const auto starts = host.calls(start_call);
    host.fault("cl", R"({"method":"optimism_syncStatus","kind":"error","text":"down"})");
    host.fault("cl", R"({"method":"opp2p_peerStats","kind":"error","text":"down"})");
    REQUIRE(host.start_daemon());
    CHECK(host.logs("cannot find peer"));
    host.heal();
    CHECK(host.produces(1));
    CHECK(host.calls(start_call) > starts);
}

TEST_CASE("a pause during a start that hangs is acknowledged at once, and nothing more is called",
          "[sequencing][S-42]") {
    SequencingHost host{"pause"};
    leave_chain(host);
    host.fault("cl", R"({"method":"admin_startSequencer","kind":"hang","ms":10000})");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    REQUIRE(eventually(soon, [&] { return host.calls(start_call) == starts + 1; }));
    const auto asked = Clock::now();
    CHECK(host.ask("conductor_pause") == "null");
    CHECK(Clock::now() - asked < 1s);  // the promise is 50 ms; of a busy machine no test may ask that
    const auto stops = host.calls(stop_call);
    std::this_thread::sleep_for(some_rounds);
    CHECK(host.calls(start_call) == starts + 1);
    CHECK(host.calls(stop_call) == stops);
    host.heal();
    const auto looks = host.calls("admin_sequencerActive");
    CHECK(host.ask("conductor_resume") == "null");
    CHECK(host.calls("admin_sequencerActive") > looks);
    CHECK(host.produces(1));
}

TEST_CASE("a paused leader calls nothing while its health comes and goes, and pauses twice as well as once",
          "[sequencing][S-43]") {
    SequencingHost host{"paused"};
    REQUIRE(host.sequence());
    CHECK(host.ask("conductor_pause") == "null");
    CHECK(host.ask("conductor_pause") == "null");
    const auto starts = host.calls(start_call);
    for (int i = 0; i < 2; ++i) {
        host.sicken(true);
        REQUIRE(host.says("conductor_sequencerHealthy", "false"));
        host.sicken(false);
        REQUIRE(host.says("conductor_sequencerHealthy", "true"));
    }
    CHECK(host.calls(start_call) == starts);
    CHECK(host.calls(stop_call) == 0);
    CHECK(host.logged("transferring leadership") == 0);
    CHECK(host.logged("msg=\"operator's call\" method=conductor_pause params=[] peer=127.0.0.1:") == 2);
    CHECK(host.node().flag("active"));
    CHECK(host.ask("conductor_resume") == "null");
    CHECK(host.ask("conductor_resume") == "null");
    CHECK(host.produces(1));
    CHECK(host.ask("conductor_pause") == "null");
    CHECK(host.ask("conductor_stop") == "null");
    CHECK(host.daemon().process().wait(soon) == 0);
}

TEST_CASE("a node that is restarted under a leader produces again without a change of leadership",
          "[sequencing][S-44][P-4]") {
    SequencingHost host{"restarted"};
    REQUIRE(host.sequence());
    const auto terms = host.logged("Leadership status changed");
    (void)host.node().sim("sim_restart", "[300]");
    CHECK(host.produces(2));
    CHECK(host.logged("Leadership status changed") == terms);
    CHECK(host.logs("sequencer active status updated"));
}

TEST_CASE("a node that somebody stopped by hand is started again by the leader", "[sequencing][P-4]") {
    SequencingHost host{"by-hand"};
    REQUIRE(host.sequence());
    (void)host.node().sim("sim_stopSequencing");
    CHECK(host.produces(2));
    CHECK(host.says("conductor_active", "true"));
}

TEST_CASE("a leader whose node is blocks behind posts each in order and starts", "[sequencing][S-46][P-1]") {
    const auto gap = GENERATE(1U, 5U, 32U);
    SequencingHost host{"gap-" + std::to_string(gap), {}, {"--block-time-ms=20"}};
    leave_chain(host, gap + 1);
    (void)host.node().sim("sim_fork", "[" + std::to_string(gap) + ",0]");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    CHECK(host.produces(1, 10s));
    CHECK(host.calls(post_call) == gap);
    CHECK(host.calls(start_call) == starts + 1);
}

TEST_CASE("a leader whose node is further behind than the repair reaches waits for gossip",
          "[sequencing][P-1]") {
    SequencingHost host{"gap-too-large", {{"OP_CONDUCTOR_UNSAFE_REPAIR_DEPTH", "4"}}, {"--block-time-ms=20"}};
    leave_chain(host, 6);
    std::vector<std::string> missing;
    const auto head = host.node().head_number();
    for (auto number = head - 4; number <= head; ++number)
        missing.push_back(host.node().sim("sim_payload", "[" + std::to_string(number) + "]"));
    (void)host.node().sim("sim_fork", "[5,0]");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    REQUIRE(host.logs("unsafe head mismatch"));
    CHECK(host.calls(post_call) == 0);
    CHECK(host.calls(start_call) == starts);
    // As gossip would bring them.
    for (const auto& payload : missing) (void)host.node().cl(post_call, "[" + payload + "]");
    CHECK(host.produces(1));
}

TEST_CASE("a leader whose node is ahead commits the node's head before it starts on it", "[sequencing][S-65]") {
    const std::string raw_transaction{"eth_getRawTransactionByBlockHashAndIndex"};
    const bool batches = GENERATE(true, false);
    SequencingHost host{batches ? "ahead" : "ahead-one-by-one", {}, {"--payload-bytes=350000"}};
    leave_chain(host);
    (void)host.node().sim("sim_fork", "[0,3]");
    const auto head = host.node().head_hash();
    // An engine that answers no batch: it refuses the first request as one.
    if (!batches)
        host.fault("el", R"({"method":")" + raw_transaction + R"(","kind":"error","text":"no","times":1})");
    REQUIRE(host.start_daemon());
    CHECK(host.produces(1));
    CHECK(host.logs("head=" + head));
    // The deposit and four more: in one batch, or asked for again one by one.
    CHECK(host.calls(raw_transaction) == (batches ? 5 : 10));
}

TEST_CASE("a node ahead whose block does not hash to what it claims is neither committed nor started",
          "[sequencing][S-65]") {
    SequencingHost host{"false-blocks", measured()};
    leave_chain(host);
    const auto replicated = static_cast<double>(host.node().head_number());
    (void)host.node().sim("sim_fork", "[0,1]");
    (void)host.node().sim("sim_falseBlocks", "[true]");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    CHECK(host.logs("failed to execute step"));
    std::this_thread::sleep_for(some_rounds);
    CHECK(host.calls(start_call) == starts);
    CHECK(host.logged("started sequencer") == 0);
    CHECK(eventually(soon, [&] { return host.figure("start_wedged") == 1.0; }));
    CHECK(host.figure("unsafe_head_number{source=\"fsm\"}") == replicated);
    CHECK(host.figure("commit_total{result=\"success\"}").value_or(0) == 0.0);
}

TEST_CASE("a node on a fork at the replicated height is not started", "[sequencing][P-1]") {
    SequencingHost host{"fork"};
    leave_chain(host);
    (void)host.node().sim("sim_fork", "[1,1]");
    const auto starts = host.calls(start_call);
    REQUIRE(host.start_daemon());
    CHECK(host.logs("unsafe head mismatch"));
    std::this_thread::sleep_for(some_rounds);
    CHECK(host.calls(start_call) == starts);
    CHECK(host.calls(post_call) == 0);
}

TEST_CASE("an operator lets the group follow its node to another branch, and only to that node's newest block",
          "[sequencing][P-10][5.10.5]") {
    SequencingHost host{"reset", {{"OP_CONDUCTOR_RPC_ENABLE_ADMIN", "true"}}};
    leave_chain(host, 4);
    (void)host.node().sim("sim_fork", "[3,1]");  // two numbers below the replicated head
    REQUIRE(host.start_daemon());
    REQUIRE(host.logs("unsafe head mismatch"));
    const auto starts = host.calls(start_call);
    const auto elsewhere = host.ask("conductor_resetUnsafeHead", "[\"0x" + std::string(64, '1') + "\"]");
    CHECK(elsewhere.find("cannot reset: the newest block of the execution layer is 0x") != std::string::npos);
    CHECK(host.calls(start_call) == starts);

    const auto head = host.node().head_hash();
    CHECK(host.ask("conductor_resetUnsafeHead", "[\"" + head + "\"]") == "null");
    CHECK(host.logged("the unsafe head was reset by an operator") == 1);
    CHECK(host.produces(2));
    CHECK(host.logs("head=" + head));
    // The reset outlives a restart, as any entry does.
    REQUIRE(host.rest());
    REQUIRE(host.daemon().stop() == 0);
    REQUIRE(host.start_daemon());
    CHECK(host.produces(1));
}

TEST_CASE("a sibling of the replicated head is refused, and the node is set on the head again",
          "[sequencing][S-67]") {
    SequencingHost host{"sibling"};
    REQUIRE(host.sequence());
    const auto [head, sibling] = host.sibling_of_head();
    CHECK(host.ask("conductor_commitUnsafePayload", "[" + sibling + "]").find("conflicting payload at head") !=
          std::string::npos);
    (void)host.node().sim("sim_stall", "[false]");
    CHECK(host.logs("stopped sequencer"));
    CHECK(host.produces(1));
    CHECK(host.calls(post_call) == 1);
    CHECK(host.logs("head=" + head));
    CHECK(host.ask("conductor_leader") == "true");
}

TEST_CASE("under compat=go a leader that is resumed before the first commit has no unsafe head",
          "[sequencing][S-74][P-5]") {
    SequencingHost host{"go-empty", {{"OP_CONDUCTOR_COMPAT", "go"}}};
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_leader", "true"));
    REQUIRE(host.says("conductor_paused", "true"));
    CHECK(host.ask("conductor_resume") == "null");
    CHECK(host.logs("no unsafe head"));
    CHECK(host.calls(start_call) == 0);
}

TEST_CASE("under compat=go a gap of one block is posted, and a gap of two is left to gossip",
          "[sequencing][S-74][P-1]") {
    const auto gap = GENERATE(1U, 2U);
    SequencingHost host{"go-gap-" + std::to_string(gap)};
    leave_chain(host, 3);
    (void)host.node().sim("sim_fork", "[" + std::to_string(gap) + ",0]");
    const auto starts = host.calls(start_call);
    host.daemon().set("OP_CONDUCTOR_COMPAT", "go");
    REQUIRE(host.start_daemon());
    if (gap == 1) {
        CHECK(host.produces(1));
        CHECK(host.calls(post_call) == 1);
        return;
    }
    CHECK(host.logs("unsafe head mismatch"));
    std::this_thread::sleep_for(some_rounds);
    CHECK(host.calls(post_call) == 0);
    CHECK(host.calls(start_call) == starts);
}
