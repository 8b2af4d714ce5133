// A group of real conductord on loopback for benchmarks: formed as an operator forms one, with peers.rpc, and
// beside simulated nodes where production matters. Blocking; one thread, but for clients, which are anybody's
// own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::bench {

/// A block of about so many octets of SSZ, whose JSON is about twice as long.
[[nodiscard]] test::RecordedBlock block_of(std::size_t ssz);

/// Above every number that the generator of blocks draws; counts up for the whole program.
[[nodiscard]] std::uint64_t next_number();

struct StagePlan {
    std::size_t size{3};
    std::vector<std::string> node_flags;  ///< with any, each conductor has a simnode
    std::map<std::string, std::string> environment;
    /// Where a member is reached by the others, if not at its own port: given its place and raft address.
    std::function<std::string(std::size_t, const std::string&)> advertise{};
};

class Stage {
public:
    Stage(const std::string& name, StagePlan plan);

    [[nodiscard]] std::size_t size() const noexcept { return sites_.size(); }
    [[nodiscard]] test::ConductorDaemon& daemon(std::size_t which) { return sites_[which]->daemon; }
    [[nodiscard]] test::SimnodeProcess& node(std::size_t which) { return *sites_[which]->node; }
    [[nodiscard]] pid_t pid(std::size_t which) { return daemon(which).process().pid(); }

    /// On a connection that is kept.
    [[nodiscard]] std::string call(std::size_t which, const std::string& method,
                                   const std::string& params = "[]");
    [[nodiscard]] bool says_it_leads(std::size_t which);
    /// Waits for one; whoever is `dead` is not asked.
    [[nodiscard]] std::size_t leader(std::size_t dead = ~std::size_t{0});
    [[nodiscard]] std::uint64_t term(std::size_t which);

    /// SIGKILL; start() brings it back and waits until it follows somebody.
    void kill(std::size_t which);
    void start(std::size_t which);
    /// Milliseconds until the block at the next height was acknowledged; negative: it was not.
    double commit(std::size_t which, const test::RecordedBlock& block);
    double commit_binary(std::size_t which, const test::RecordedBlock& block);
    /// The first node produces, and every conductor is at work, from now on also after a start.
    void sequence();
    /// Whether it may soon be elected like any other: nobody waits for a paused one, or one without its node.
    [[nodiscard]] bool ready(std::size_t which);

private:
    struct Site {
        std::optional<test::SimnodeProcess> node;
        test::ConductorDaemon daemon;
        std::unique_ptr<test::HttpClient> client;
    };
    void serve(std::size_t which);
    void introduce();
    void form();

    test::TempDir work_;
    StagePlan plan_;
    std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace conductor::bench
