#include <signal.h>

#include <cstdlib>
#include <map>

#include "core/payload/transcode.hpp"
#include "tests/demo/acts.hpp"
#include "tests/demo/story.hpp"
#include "tests/support/commit_account.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::demo {

using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

std::string now_s() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

/// The result of a call on conductord, as JSON.
std::string ask(const ConductorDaemon& daemon, const char* method) {
    const auto answer = rpc_call(*daemon.client(), method);
    auto result = result_of(answer);
    if (result.empty()) throw Failed{std::string{method} + ": " + (answer.empty() ? "no answer" : answer)};
    return result;
}

void expect(const ConductorDaemon& daemon, const char* method, const char* wanted) {
    const auto got = ask(daemon, method);
    if (got != wanted) throw Failed{std::string{method} + " says " + got + " instead of " + wanted};
}

/// Blocks that the node has made its head, each acknowledged by conductord before.
void watch_blocks(const SimnodeProcess& node, std::uint64_t more) {
    const Stopwatch watch;
    const auto from = node.head_number();
    await("new blocks", [&] { return node.head_number() >= from + more; });
    const auto to = node.head_number();
    say("blocks flow: %llu to %llu in %.1f s, each stored by conductord before the node made it its head",
        printable(from + 1), printable(to), watch.seconds());
}

void quote_metrics(std::uint16_t port, std::initializer_list<const char*> series) {
    HttpClient client{"127.0.0.1", port, 5s};
    const auto scrape = client.get("/metrics");
    if (!scrape) throw Failed{"the metrics port does not answer"};
    for (const auto* name : series) {
        const auto at = scrape->body.find("\n" + std::string{name});
        if (at == std::string::npos) throw Failed{std::string{"not served: "} + name};
        quote(scrape->body.substr(at + 1, scrape->body.find('\n', at + 1) - at - 1));
    }
}

std::uint16_t metrics_port(ConductorDaemon& daemon) {
    const auto line = daemon.process().line_with("started metrics server", 5s);
    if (!line) throw Failed{"conductord serves no metrics"};
    return static_cast<std::uint16_t>(std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10));
}

void kill_and_restart(ConductorDaemon& daemon, SimnodeProcess& node) {
    const auto failed_before = node.count("commits_failed");
    daemon.process().kill_hard();
    const Stopwatch halted;
    say("conductord gets SIGKILL while the node seals 20 blocks a second");
    await("the node to notice", [&] { return node.count("commits_failed") > failed_before; });
    const auto head = node.head_number();
    say("block %llu is the last acknowledged one; the node cannot have the next one stored, so it stays "
        "unpublished",
        printable(head));

    start(daemon, "conductord starts again");
    await("sequencing to go on", [&] { return node.head_number() > head; });
    const auto stopped = daemon.process().output().find("stopping sequencer") != std::string::npos;
    say("block %llu is stored on top: the chain goes on %.1f s after the SIGKILL%s", printable(head + 1),
        halted.seconds(), stopped ? "" : ", without a stop of the node");
    watch_blocks(node, 20);
}

void engine_stops_and_returns(ConductorDaemon& daemon, SimnodeProcess& node, std::uint16_t metrics) {
    node.sim("sim_listener", R"(["el",false])");
    node.sim("sim_stall", "[true]");
    const Stopwatch ill;
    say("the node's execution engine stops: no block is sealed any more");
    await("the verdict", [&] { return ask(daemon, "conductor_sequencerHealthy") == "false"; });
    say("conductor_sequencerHealthy: false, %.1f s later (newest block older than 2 s, asked every second):",
        ill.seconds());
    quote_log(daemon, "Sequencer is unhealthy", 5s);
    await("the node to be stopped", [&] { return !node.flag("active"); });
    say("conductord has told the node to stop, and would hand over; in a group of one there is nobody to:");
    quote_log(daemon, "failed to transfer leadership", 5s);
    quote_metrics(metrics, {R"(op_conductor_healthchecks_count{error="sequencer is not healthy")"});

    node.sim("sim_listener", R"(["el",true])");
    node.sim("sim_stall", "[false]");
    const Stopwatch well;
    const auto head = node.head_number();
    await("health again",
          [&] { return node.head_number() > head && ask(daemon, "conductor_sequencerHealthy") == "true"; });
    say("the engine is back: %.1f s later conductord has started the node again and calls it healthy",
        well.seconds());
}

/// The chain of the node: what conductord has acknowledged, block for block, and nothing else.
Account account_of(const SimnodeProcess& node) {
    Account account;
    BlockHash parent;
    const auto head = node.head_number();
    for (std::uint64_t number = 1; number <= head; ++number) {
        const auto block =
            payload::envelope_from_json(node.sim("sim_payload", "[" + std::to_string(number) + "]"));
        if (!block) throw Failed{"the node's block does not decode: " + block.error().message};
        if (number > 1 && block->parent != parent)
            throw Failed{"block " + std::to_string(number) + " does not stand on the one before"};
        parent = block->hash;
        account.sent.emplace(block->hash, block->ssz);
        account.acknowledged.emplace(block->hash, block->ssz);
    }
    return account;
}

void end(ConductorDaemon& daemon, SimnodeProcess& node) {
    (void)ask(daemon, "conductor_pause");
    const auto stopped = result_of(node.cl("admin_stopSequencer"));
    if (stopped.empty()) throw Failed{"the node does not stop"};
    say("conductor_pause, and admin_stopSequencer on the node: as an operator does it before maintenance");
    const auto account = account_of(node);
    stop(daemon);
    const auto wrong = compare_log(daemon.store(), account);
    if (!wrong.empty()) throw Failed{wrong};
    say("its log, opened and read: all %zu blocks of the node's chain are there, octet for octet, and no "
        "others",
        account.acknowledged.size());
    if (node.stop() != 0) throw Failed{"the node did not end cleanly"};
}

}  // namespace

void sequencing_act(const std::filesystem::path& conductord, const std::filesystem::path& simnode) {
    title("Act one: conductord beside a sequencer (a simulated consensus node with its execution engine).");
    const TempDir work{"conductord-demo"};
    SimnodeProcess node{{simnode,
                         work.path(),
                         "node",
                         {"--block-time-ms=50", "--payload-bytes=50000", "--genesis-time=" + now_s()}}};
    node.start();
    if (!node.serves()) throw Failed{"the node does not start: " + node.process().output()};
    node.sim("sim_peerCount", "[1]");
    say("the node runs and does not sequence: consensus client %s, engine %s", node.cl_url().c_str(),
        node.el_url().c_str());

    const std::map<std::string, std::string> variables{
        {"OP_CONDUCTOR_NODE_RPC", node.cl_url()}, {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()},
        {"OP_CONDUCTOR_RAFT_BOOTSTRAP", "true"},  {"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", "2"},
        {"OP_CONDUCTOR_METRICS_ENABLED", "true"}, {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
        {"OP_CONDUCTOR_METRICS_PORT", "0"},
    };
    ConductorDaemon daemon{{conductord, work.path(), "seq-1", variables, {}}};
    start(daemon, "conductord starts on an empty directory with the runbook's variables");
    quote_log(daemon, "Raft cluster bootstrapped, pausing conductor.", 5s);
    node.sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(daemon.port()) + "\"]");
    expect(daemon, "conductor_leader", "true");
    expect(daemon, "conductor_paused", "true");
    if (node.flag("active")) throw Failed{"the node sequences although conductord is paused"};
    say("conductor_leader: true, conductor_paused: true; the node still does not sequence");

    (void)ask(daemon, "conductor_resume");
    await("the node to be started", [&] { return node.flag("active"); });
    say("conductor_resume: conductord starts the node");
    quote_log(daemon, "started sequencer", 5s);
    watch_blocks(node, 40);
    kill_and_restart(daemon, node);
    engine_stops_and_returns(daemon, node, metrics_port(daemon));
    end(daemon, node);
}

}  // namespace conductor::demo
