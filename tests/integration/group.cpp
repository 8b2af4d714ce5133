#include "tests/integration/group.hpp"

#include <cstdlib>
#include <ctime>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

std::filesystem::path simnode_program() {
    return conductord_program().parent_path() / "simnode";
}

}  // namespace

Sites::Sites(const std::string& name) : work_{name} {
    const std::vector<std::string> flags{"--block-time-ms=100", "--genesis-seed=7",
                                         "--genesis-time=" + std::to_string(std::time(nullptr) - 10)};
    for (const auto* id : {"seq-1", "seq-2", "seq-3"}) {
        const auto work = work_.path() / id;
        std::filesystem::create_directories(work);
        SimnodeProcess node{{simnode_program(), work, id, flags}};
        node.start();
        if (!node.serves()) throw std::runtime_error(std::string{id} + ": simnode does not serve");
        const std::map<std::string, std::string> environment{
            {"OP_CONDUCTOR_RAFT_BOOTSTRAP", sites_.empty() ? "true" : "false"},
            {"OP_CONDUCTOR_PAUSED", "true"},
            {"OP_CONDUCTOR_NODE_RPC", node.cl_url()},
            {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()},
            {"OP_CONDUCTOR_METRICS_ENABLED", "true"},
            {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
            {"OP_CONDUCTOR_METRICS_PORT", "0"}};
        DaemonSetup setup{conductord_program(), work, id, environment, {}};
        sites_.push_back(std::make_unique<Site>(Site{id, std::move(node), ConductorDaemon{std::move(setup)}}));
    }
    for (const auto& site : sites_) {
        std::string others;
        for (const auto& other : sites_)
            if (other != site) others += (others.empty() ? "\"" : ",\"") + other->node.control_url() + "\"";
        site->node.sim("sim_peers", "[[" + others + "]]");
    }
}

bool Sites::start(std::size_t which) {
    auto& site = at(which);
    site.daemon.start();
    site.runs = site.daemon.serves(10s) && !site.daemon.raft_address(10s).empty();
    if (site.runs)
        site.node.sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(site.daemon.port()) + "\"]");
    return site.runs;
}

void Sites::kill(std::size_t which) {
    at(which).runs = false;
    at(which).daemon.process().kill_hard();
}

void Sites::kill_with_node(std::size_t which) {
    at(which).node.kill();
    kill(which);
}

// Ports are the system's choice, and kept.
bool Sites::introduce() {
    std::string everybody;
    for (std::size_t i = 0; i < size(); ++i) {
        if (!start(i)) return false;
        everybody +=
            (i == 0 ? "" : ",") + at(i).id + "=http://127.0.0.1:" + std::to_string(at(i).daemon.port());
    }
    for (const auto& site : sites_) {
        site->runs = false;
        if (site->daemon.stop() != 0) return false;
        site->daemon.set("OP_CONDUCTOR_PEERS_RPC", everybody);
    }
    return true;
}

std::string Sites::form() {
    for (std::size_t i = 0; i < size(); ++i)
        if (!start(i)) return at(i).id + " does not start: " + at(i).daemon.process().output();
    if (leader() != 0) return "seq-1 does not lead: " + at(0).daemon.process().output();
    for (std::size_t i = 1; i < size(); ++i) {
        const auto answer = call(0, "conductor_addServerAsVoter",
                                 "[\"" + at(i).id + "\",\"" + at(i).daemon.raft_address(1s) + "\",0]");
        if (answer.find("\"result\":null") == std::string::npos) return answer;
    }
    return {};
}

std::string Sites::call(std::size_t which, const std::string& method, const std::string& params) {
    return rpc_call(*at(which).daemon.client(), method, params);
}

int Sites::leader() {
    int found = -1;
    (void)eventually(10s, [&] {
        for (std::size_t i = 0; i < size() && found < 0; ++i)
            if (at(i).runs && call(i, "conductor_leader").find("\"result\":true") != std::string::npos)
                found = static_cast<int>(i);
        return found >= 0;
    });
    return found;
}

std::string Sites::commit(Account& account, const RecordedBlock& block) {
    std::string answer{"nobody leads"};
    (void)eventually(20s, [&] {
        const auto leads = leader();
        if (leads < 0) return false;
        answer = account.commit(*at(static_cast<std::size_t>(leads)).daemon.client(), block);
        return answer.empty();
    });
    return answer;
}

std::string Sites::metrics(std::size_t which) {
    const auto line = at(which).daemon.process().line_with("started metrics server", 5s);
    if (!line) return {};
    const auto port = std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10);
    HttpClient client{"127.0.0.1", static_cast<std::uint16_t>(port), 5s};
    const auto answer = client.get("/metrics");
    return answer ? answer->body : std::string{};
}

std::uint64_t Sites::head_of(std::size_t which) {
    const auto text = metrics(which);
    const std::string name{"\nop_conductor_unsafe_head_number{source=\"fsm\"} "};
    const auto place = text.find(name);
    if (place == std::string::npos) return 0;
    return static_cast<std::uint64_t>(std::strtod(text.c_str() + place + name.size(), nullptr));
}

bool Sites::all_reach(std::uint64_t number) {
    return eventually(20s, [&] {
        for (std::size_t i = 0; i < size(); ++i)
            if (at(i).runs && head_of(i) < number) return false;
        return true;
    });
}

}  // namespace conductor::test
