// Three real conductord beside three real simnodes, on loopback: what integration tests of a group and the demo
// share. With a network of faults between the hosts where the caller wants one. Blocking; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/commit_account.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/network.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::test {

struct Site {
    std::string id;
    SimnodeProcess node;
    ConductorDaemon daemon;
    bool runs{false};
    std::string node_peers{};  ///< what its node is told of the others
};

struct SitesSetup {
    std::filesystem::path conductord;
    std::filesystem::path simnode;
    std::string name;                           ///< of the temporary directory
    std::map<std::string, std::string> more{};  ///< variables of every conductor
    std::vector<std::string> node_flags{"--block-time-ms=100"};
    /// Hosts reach each other through network() alone, and every conductor is told where the others are.
    bool networked{false};
};

/// The exposition of its metrics port; empty: no answer.
[[nodiscard]] std::string metrics_of(ConductorDaemon& daemon);
/// The value of a series as the exposition names it; nothing where it is not served.
[[nodiscard]] std::optional<double> figure_of(ConductorDaemon& daemon, const std::string& series);

class Sites {
public:
    /// The nodes serve, know each other, and share a genesis. No conductor runs yet.
    explicit Sites(const SitesSetup& setup);

    /// Starts a conductor, again perhaps, and tells its node; false: it does not serve.
    [[nodiscard]] bool start(std::size_t which);
    /// SIGKILL, of the conductor alone or with its node.
    void kill(std::size_t which);
    void kill_with_node(std::size_t which);
    /// Starts a node again, with genesis as its head; false: it does not serve.
    [[nodiscard]] bool start_node(std::size_t which);
    /// SIGTERM; the exit code.
    [[nodiscard]] std::optional<int> stop(std::size_t which);
    /// Every conductor is told where the RPC of the others is, as `peers.rpc` has it. Before form(), and not
    /// where it is networked.
    [[nodiscard]] bool introduce();
    /// The first bootstraps, the others are added as voters by RPC. Empty, or what went wrong.
    [[nodiscard]] std::string form();
    /// Adds one that runs; empty, or the answer.
    [[nodiscard]] std::string add_voter(std::size_t leader, std::size_t which);
    /// Resumes all; with three empty logs the first then starts its node. Whether its blocks flow.
    [[nodiscard]] bool sequence();

    /// Who says that it leads, once somebody does; -1: nobody within ten seconds.
    [[nodiscard]] int leader();
    /// Whether `which` says so now.
    [[nodiscard]] bool leads(std::size_t which);
    /// Commits through whoever leads, until it is acknowledged; empty, or the last answer.
    [[nodiscard]] std::string commit(Account& account, const RecordedBlock& block);
    /// Whether all who run have applied a head of that number soon.
    [[nodiscard]] bool all_reach(std::uint64_t number);
    [[nodiscard]] std::string call(std::size_t which, const std::string& method,
                                   const std::string& params = "[]");

    [[nodiscard]] std::string metrics(std::size_t which) { return metrics_of(at(which).daemon); }
    [[nodiscard]] std::optional<double> figure(std::size_t which, const std::string& series) {
        return figure_of(at(which).daemon, series);
    }

    [[nodiscard]] Site& at(std::size_t which) { return *sites_.at(which); }
    [[nodiscard]] std::size_t size() const noexcept { return sites_.size(); }
    /// Where it is networked. Hosts are named by the ids.
    [[nodiscard]] Network& network() { return *network_; }
    [[nodiscard]] const std::filesystem::path& work() const noexcept { return work_.path(); }

private:
    void join_network();
    void join_directly();

    TempDir work_;
    std::optional<Network> network_;  // outlives whoever speaks through it
    std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace conductor::test
