#include "tests/support/conductor_daemon.hpp"

#include <signal.h>

#include <thread>

namespace conductor::test {

using namespace std::chrono_literals;

ConductorDaemon::ConductorDaemon(DaemonSetup setup) : setup_{std::move(setup)} {}

void ConductorDaemon::start() {
    std::map<std::string, std::string> environment{
        {"OP_CONDUCTOR_CONSENSUS_ADDR", "127.0.0.1"},
        {"OP_CONDUCTOR_CONSENSUS_PORT", "0"},
        {"OP_CONDUCTOR_RPC_ADDR", "127.0.0.1"},
        {"OP_CONDUCTOR_RPC_PORT", std::to_string(port_)},
        {"OP_CONDUCTOR_RAFT_SERVER_ID", setup_.id},
        {"OP_CONDUCTOR_RAFT_STORAGE_DIR", (setup_.work / "data").string()},
        {"OP_CONDUCTOR_RAFT_BOOTSTRAP", "true"},
        {"OP_CONDUCTOR_NODE_RPC", "http://127.0.0.1:1"},
        {"OP_CONDUCTOR_EXECUTION_RPC", "http://127.0.0.1:1"},
        {"OP_CONDUCTOR_HEALTHCHECK_INTERVAL", "1"},
        {"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", "600"},
        {"OP_CONDUCTOR_HEALTHCHECK_MIN_PEER_COUNT", "1"},
        {"OP_CONDUCTOR_LOG_FORMAT", "logfmt"},
    };
    for (const auto& [name, value] : setup_.environment) environment[name] = value;
    if (!raft_address_.empty() && !setup_.environment.contains("OP_CONDUCTOR_CONSENSUS_PORT"))
        environment["OP_CONDUCTOR_CONSENSUS_PORT"] = raft_address_.substr(raft_address_.rfind(':') + 1);

    process_.reset();
    process_.emplace(Launch{setup_.program, setup_.arguments, environment, setup_.work / "conductord.log"});
}

bool ConductorDaemon::serves(std::chrono::milliseconds limit) {
    const auto line = process_->line_with("Started RPC server", limit);
    if (!line) return false;
    const auto colon = line->rfind(':');
    port_ = static_cast<std::uint16_t>(std::strtoul(line->c_str() + colon + 1, nullptr, 10));
    return port_ != 0;
}

std::string ConductorDaemon::raft_address(std::chrono::milliseconds limit) {
    const auto line = process_->line_with("Raft server network transport is up", limit);
    if (!line) return {};
    raft_address_ = line->substr(line->rfind("addr=") + 5);
    return raft_address_;
}

bool ConductorDaemon::leads(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    if (!serves(limit)) return false;
    const auto connection = client(1s);
    while (std::chrono::steady_clock::now() < until) {
        if (rpc_call(*connection, "conductor_leader").find("\"result\":true") != std::string::npos) return true;
        if (!process_->running()) return false;
        std::this_thread::sleep_for(2ms);
    }
    return false;
}

std::unique_ptr<HttpClient> ConductorDaemon::client(std::chrono::milliseconds limit) const {
    return std::make_unique<HttpClient>("127.0.0.1", port_, limit);
}

std::optional<int> ConductorDaemon::stop(std::chrono::milliseconds limit) {
    process_->signal(SIGTERM);
    return process_->wait(limit);
}

}  // namespace conductor::test
