#include "tests/bench/group_stage.hpp"

#include <signal.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace conductor::bench {

using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

double timed_post(HttpClient& client, const std::string& path, const std::string& type, const std::string& body,
                  const char* success) {
    const auto start = Clock::now();
    const auto answer = client.post(path, type, body);
    const auto took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    const bool good = answer && answer->status == 200 && answer->body.find(success) != std::string::npos;
    return good ? took : -1;
}

std::string id_of(std::size_t which) {
    return "seq-" + std::to_string(which + 1);
}

}  // namespace

RecordedBlock block_of(std::size_t ssz) {
    const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = ssz});
    return {std::to_string(ssz), true, {}, *payload::envelope_from_json(json)};
}

std::uint64_t next_number() {
    static std::uint64_t number = 0x1'0000'0000;
    return ++number;
}

Stage::Stage(const std::string& name, StagePlan plan) : work_{"bench-" + name}, plan_{std::move(plan)} {
    const auto simnode = std::filesystem::path{daemon_program()}.parent_path() / "simnode";
    auto flags = plan_.node_flags;
    flags.push_back("--genesis-seed=7");
    flags.push_back("--genesis-time=" + std::to_string(std::time(nullptr) - 10));
    for (std::size_t i = 0; i < plan_.size; ++i) {
        const auto work = work_.path() / id_of(i);
        std::filesystem::create_directories(work);
        auto environment = plan_.environment;
        environment["OP_CONDUCTOR_RAFT_BOOTSTRAP"] = i == 0 ? "true" : "false";
        environment["OP_CONDUCTOR_PAUSED"] = "true";
        std::optional<SimnodeProcess> node;
        if (!plan_.node_flags.empty()) {
            node.emplace(SimnodeSetup{simnode, work, id_of(i), flags});
            node->start();
            if (!node->serves()) fail("simnode does not serve");
            environment["OP_CONDUCTOR_NODE_RPC"] = node->cl_url();
            environment["OP_CONDUCTOR_EXECUTION_RPC"] = node->el_url();
        }
        DaemonSetup setup{daemon_program(), work, id_of(i), environment, {}};
        sites_.push_back(
            std::make_unique<Site>(Site{std::move(node), ConductorDaemon{std::move(setup)}, nullptr}));
    }
    introduce();
    form();
}

void Stage::serve(std::size_t which) {
    auto& site = *sites_[which];
    site.daemon.start();
    if (!site.daemon.serves(20s) || site.daemon.raft_address(20s).empty())
        fail(id_of(which) + " does not serve:\n" + site.daemon.process().output());
    site.client = site.daemon.client();
    if (site.node)
        site.node->sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(site.daemon.port()) + "\"]");
}

// Ports are the system's choice, and kept.
void Stage::introduce() {
    std::string everybody;
    for (std::size_t i = 0; i < size(); ++i) {
        serve(i);
        everybody += (i == 0 ? "" : ",") + id_of(i) + "=http://127.0.0.1:" + std::to_string(daemon(i).port());
    }
    for (std::size_t i = 0; i < size(); ++i) {
        if (daemon(i).stop() != 0) fail("a daemon does not stop");
        daemon(i).set("OP_CONDUCTOR_PEERS_RPC", everybody);
        if (plan_.advertise)
            daemon(i).set("OP_CONDUCTOR_CONSENSUS_ADVERTISED", plan_.advertise(i, daemon(i).raft_address(1s)));
        std::string others;
        for (std::size_t other = 0; other < size(); ++other)
            if (other != i && sites_[i]->node)
                others += (others.empty() ? "\"" : ",\"") + sites_[other]->node->control_url() + "\"";
        if (sites_[i]->node) sites_[i]->node->sim("sim_peers", "[[" + others + "]]");
    }
}

void Stage::form() {
    for (std::size_t i = 0; i < size(); ++i) serve(i);
    if (leader() != 0) fail("the first does not lead");
    for (std::size_t i = 1; i < size(); ++i) {
        auto address = daemon(i).raft_address(1s);
        if (plan_.advertise) address = plan_.advertise(i, address);
        const auto answer =
            call(0, "conductor_addServerAsVoter", "[\"" + id_of(i) + "\",\"" + address + "\",0]");
        if (answer.find("\"result\":null") == std::string::npos) fail("no voter: " + answer);
    }
}

std::string Stage::call(std::size_t which, const std::string& method, const std::string& params) {
    return rpc_call(*sites_[which]->client, method, params);
}

bool Stage::says_it_leads(std::size_t which) {
    return call(which, "conductor_leader").find("\"result\":true") != std::string::npos;
}

std::size_t Stage::leader(std::size_t dead) {
    for (const auto until = Clock::now() + 30s; Clock::now() < until; std::this_thread::sleep_for(2ms))
        for (std::size_t i = 0; i < size(); ++i)
            if (i != dead && says_it_leads(i)) return i;
    fail("nobody leads");
}

std::uint64_t Stage::term(std::size_t which) {
    const auto line = daemon(which).process().line_with("started metrics server", 5s);
    if (!line) fail("no metrics");
    HttpClient client{
        "127.0.0.1",
        static_cast<std::uint16_t>(std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10)), 5s};
    const auto answer = client.get("/metrics");
    const std::string name{"\nop_conductor_raft_term "};
    const auto at = answer ? answer->body.find(name) : std::string::npos;
    if (at == std::string::npos) fail("no term among the metrics");
    return static_cast<std::uint64_t>(std::strtod(answer->body.c_str() + at + name.size(), nullptr));
}

void Stage::kill(std::size_t which) {
    daemon(which).process().signal(SIGKILL);
}

void Stage::start(std::size_t which) {
    (void)daemon(which).process().wait(5s);
    serve(which);
    const bool follows = eventually(
        20s, [&] { return call(which, "conductor_leaderWithID").find("\"id\":\"seq-") != std::string::npos; });
    if (!follows) fail(id_of(which) + " follows nobody");
}

double Stage::commit(std::size_t which, const RecordedBlock& block) {
    const auto next = at_height(block, next_number());
    return timed_post(*sites_[which]->client, "/", "application/json", next.body, "\"result\":null");
}

double Stage::commit_binary(std::size_t which, const RecordedBlock& block) {
    const auto next = at_height(block, next_number());
    const std::string body{as_text(next.envelope.ssz.span())};
    return timed_post(*sites_[which]->client, "/commit-unsafe-payload", "application/octet-stream", body, "");
}

void Stage::sequence() {
    auto& first = node(0);
    if (result_of(first.cl("admin_startSequencer", "[\"" + first.head_hash() + "\"]")) != "null")
        fail("the first node does not start");
    if (!eventually(20s, [&] { return first.head_number() >= 3; })) fail("the first node does not produce");
    for (std::size_t i = 0; i < size(); ++i)
        if (call(i, "conductor_resume").find("\"result\":null") == std::string::npos) fail("no resume");
    for (std::size_t i = 0; i < size(); ++i) daemon(i).set("OP_CONDUCTOR_PAUSED", "false");
    for (std::size_t i = 0; i < size(); ++i)
        if (!ready(i)) fail(id_of(i) + " does not become ready");
}

bool Stage::ready(std::size_t which) {
    return eventually(20s, [&] {
        const auto answer = sites_[which]->client->get("/readyz");
        return answer && answer->status == 200;
    });
}

}  // namespace conductor::bench
