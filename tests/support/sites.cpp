#include "tests/support/sites.hpp"

#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

std::string local(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

bool good(const std::string& answer) {
    return answer.find("\"result\":null") != std::string::npos;
}

}  // namespace

std::string metrics_of(ConductorDaemon& daemon) {
    const auto line = daemon.process().line_with("started metrics server", 5s);
    if (!line) return {};
    const auto port = std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10);
    HttpClient client{"127.0.0.1", static_cast<std::uint16_t>(port), 5s};
    const auto answer = client.get("/metrics");
    return answer ? answer->body : std::string{};
}

std::optional<double> figure_of(ConductorDaemon& daemon, const std::string& series) {
    const auto text = metrics_of(daemon);
    const auto name = "\n" + series + " ";
    const auto place = text.find(name);
    if (place == std::string::npos) return std::nullopt;
    return std::strtod(text.c_str() + place + name.size(), nullptr);
}

Sites::Sites(const SitesSetup& setup) : work_{setup.name} {
    auto flags = setup.node_flags;
    flags.emplace_back("--genesis-seed=7");
    flags.push_back("--genesis-time=" + std::to_string(std::time(nullptr) - 10));
    for (const auto* id : {"seq-1", "seq-2", "seq-3"}) {
        const auto work = work_.path() / id;
        std::filesystem::create_directories(work);
        SimnodeProcess node{{setup.simnode, work, id, flags}};
        node.start();
        if (!node.serves()) throw std::runtime_error(std::string{id} + ": simnode does not serve");
        std::map<std::string, std::string> environment{
            {"OP_CONDUCTOR_RAFT_BOOTSTRAP", sites_.empty() ? "true" : "false"},
            {"OP_CONDUCTOR_PAUSED", "true"},
            {"OP_CONDUCTOR_NODE_RPC", node.cl_url()},
            {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()},
            {"OP_CONDUCTOR_METRICS_ENABLED", "true"},
            {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
            {"OP_CONDUCTOR_METRICS_PORT", "0"}};
        for (const auto& [name, value] : setup.more) environment[name] = value;
        DaemonSetup daemon{setup.conductord, work, id, environment, {}};
        sites_.push_back(std::make_unique<Site>(Site{id, std::move(node), ConductorDaemon{std::move(daemon)}}));
    }
    if (setup.networked) {
        network_.emplace();
        join_network();
    } else {
        join_directly();
    }
}

void Sites::join_directly() {
    for (const auto& site : sites_) {
        std::string others;
        for (const auto& other : sites_)
            if (other != site) others += (others.empty() ? "\"" : ",\"") + other->node.control_url() + "\"";
        site->node_peers = "[[" + others + "]]";
        site->node.sim("sim_peers", site->node_peers);
    }
}

// The ports must be known before anybody runs: the others are told of them.
void Sites::join_network() {
    std::map<std::string, std::uint16_t> rpc;
    for (const auto& site : sites_) {
        const auto raft = free_port();
        rpc[site->id] = free_port();
        site->daemon.set("OP_CONDUCTOR_CONSENSUS_PORT", std::to_string(raft));
        site->daemon.set("OP_CONDUCTOR_CONSENSUS_ADVERTISED",
                         "127.0.0.1:" + std::to_string(network_->raft_road(site->id, raft)));
        site->daemon.set("OP_CONDUCTOR_RPC_PORT", std::to_string(rpc[site->id]));
    }
    for (const auto& site : sites_) {
        std::string nodes;
        auto conductors = site->id + "=" + local(rpc[site->id]);
        for (const auto& other : sites_) {
            if (other == site) continue;
            const auto control = other->node.control_url();
            const auto control_port =
                static_cast<std::uint16_t>(std::strtoul(control.c_str() + control.rfind(':') + 1, nullptr, 10));
            nodes += (nodes.empty() ? "\"" : ",\"") + local(network_->road(site->id, other->id, control_port)) +
                     "\"";
            conductors += "," + other->id + "=" + local(network_->road(site->id, other->id, rpc[other->id]));
        }
        site->node_peers = "[[" + nodes + "]]";
        site->node.sim("sim_peers", site->node_peers);
        site->daemon.set("OP_CONDUCTOR_PEERS_RPC", conductors);
    }
}

bool Sites::start(std::size_t which) {
    auto& site = at(which);
    if (network_) network_->open(site.id, true);
    site.daemon.start();
    site.runs = site.daemon.serves(10s) && !site.daemon.raft_address(10s).empty();
    if (site.runs) site.node.sim("sim_conductor", "[\"" + local(site.daemon.port()) + "\"]");
    return site.runs;
}

void Sites::kill(std::size_t which) {
    at(which).runs = false;
    at(which).daemon.process().kill_hard();
    if (network_) network_->open(at(which).id, false);
}

void Sites::kill_with_node(std::size_t which) {
    at(which).node.kill();
    kill(which);
}

bool Sites::start_node(std::size_t which) {
    auto& site = at(which);
    site.node.start();
    if (!site.node.serves()) return false;
    site.node.sim("sim_peers", site.node_peers);
    return true;
}

std::optional<int> Sites::stop(std::size_t which) {
    at(which).runs = false;
    return at(which).daemon.stop();
}

// Ports are the system's choice, and kept.
bool Sites::introduce() {
    std::string everybody;
    for (std::size_t i = 0; i < size(); ++i) {
        if (!start(i)) return false;
        everybody += (i == 0 ? "" : ",") + at(i).id + "=" + local(at(i).daemon.port());
    }
    for (std::size_t i = 0; i < size(); ++i) {
        if (stop(i) != 0) return false;
        at(i).daemon.set("OP_CONDUCTOR_PEERS_RPC", everybody);
    }
    return true;
}

std::string Sites::add_voter(std::size_t leader, std::size_t which) {
    const auto answer = call(leader, "conductor_addServerAsVoter",
                             "[\"" + at(which).id + "\",\"" + at(which).daemon.raft_address(1s) + "\",0]");
    return good(answer) ? std::string{} : answer;
}

std::string Sites::form() {
    for (std::size_t i = 0; i < size(); ++i)
        if (!start(i)) return at(i).id + " does not start: " + at(i).daemon.process().output();
    if (leader() != 0) return "seq-1 does not lead: " + at(0).daemon.process().output();
    for (std::size_t i = 1; i < size(); ++i)
        if (auto answer = add_voter(0, i); !answer.empty()) return answer;
    return {};
}

bool Sites::sequence() {
    auto& first = at(0).node;
    if (result_of(first.cl("admin_startSequencer", "[\"" + first.head_hash() + "\"]")) != "null") return false;
    for (std::size_t i = 0; i < size(); ++i)
        if (!good(call(i, "conductor_resume"))) return false;
    return eventually(20s, [&] { return first.head_number() >= 5; });
}

std::string Sites::call(std::size_t which, const std::string& method, const std::string& params) {
    return rpc_call(*at(which).daemon.client(), method, params);
}

bool Sites::leads(std::size_t which) {
    return call(which, "conductor_leader").find("\"result\":true") != std::string::npos;
}

int Sites::leader() {
    int found = -1;
    (void)eventually(10s, [&] {
        for (std::size_t i = 0; i < size() && found < 0; ++i)
            if (at(i).runs && leads(i)) found = static_cast<int>(i);
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

bool Sites::all_reach(std::uint64_t number) {
    return eventually(20s, [&] {
        for (std::size_t i = 0; i < size(); ++i)
            if (at(i).runs && figure(i, "op_conductor_unsafe_head_number{source=\"fsm\"}").value_or(0) <
                                  static_cast<double>(number))
                return false;
        return true;
    });
}

}  // namespace conductor::test
