// Three real conductord beside three real simnodes, on loopback: what the integration tests of a group share.
// Blocking; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/conductord.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::test {

struct Site {
    std::string id;
    SimnodeProcess node;
    ConductorDaemon daemon;
    bool runs{false};
};

class Sites {
public:
    /// The nodes serve, know each other, and share a genesis. No conductor runs yet.
    explicit Sites(const std::string& name);

    /// Starts a conductor, again perhaps, and tells its node; false: it does not serve.
    [[nodiscard]] bool start(std::size_t which);
    /// SIGKILL, of the conductor alone or with its node.
    void kill(std::size_t which);
    void kill_with_node(std::size_t which);
    /// Every conductor is told where the RPC of the others is, as `peers.rpc` has it. Before form().
    [[nodiscard]] bool introduce();
    /// The first bootstraps, the others are added as voters by RPC. Empty, or what went wrong.
    [[nodiscard]] std::string form();

    /// Who says that it leads, once somebody does; -1: nobody within ten seconds.
    [[nodiscard]] int leader();
    /// Commits through whoever leads, until it is acknowledged; empty, or the last answer.
    [[nodiscard]] std::string commit(Account& account, const RecordedBlock& block);
    /// Whether all who run have applied a head of that number soon.
    [[nodiscard]] bool all_reach(std::uint64_t number);
    [[nodiscard]] std::string call(std::size_t which, const std::string& method,
                                   const std::string& params = "[]");

    /// The exposition of its metrics port; empty: no answer.
    [[nodiscard]] std::string metrics(std::size_t which);

    [[nodiscard]] Site& at(std::size_t which) { return *sites_.at(which); }
    [[nodiscard]] std::size_t size() const noexcept { return sites_.size(); }

private:
    [[nodiscard]] std::uint64_t head_of(std::size_t which);

    TempDir work_;
    std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace conductor::test
