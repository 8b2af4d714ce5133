// A consensus node and its execution layer in one: keeps the chain, seals a block every block time while it
// sequences, commits each through its conductor before it becomes the head and is gossiped, and takes what
// others gossip (conductor 8.2). Knows no HTTP surface. One thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>

#include "core/rpc/methods.hpp"
#include "core/runtime/task_group.hpp"
#include "tests/simnode/chain.hpp"
#include "tests/simnode/conductor_client.hpp"
#include "tests/simnode/gossip.hpp"

namespace conductor::simnode {

struct NodeSettings {
    std::chrono::milliseconds block_time{1000};
    std::uint64_t seed{1};
    std::uint64_t genesis_time_s{1'700'000'000};
    std::size_t padding{0};
    std::uint64_t safe_distance{5};  ///< of the safe head from the unsafe one, in blocks
};

struct Produced {
    std::uint64_t sequence{0};
    std::uint64_t number{0};
    BlockHash hash;
    std::uint64_t unix_ms{0};  ///< when it became our head
};

class Node {
public:
    Node(boost::asio::any_io_executor executor, NodeSettings settings);

    ConductorClient conductor;
    Gossip gossip;
    /// Faults of the node itself; those of its answers are the surface's.
    struct Misbehaviour {
        bool lagging{false};  ///< imports no gossip
        bool stalled{false};  ///< active, but seals nothing
        bool syncs{true};     ///< asks peers for the blocks between its head and a gossiped one
        std::chrono::milliseconds insert_delay{0};  ///< between a posted payload's answer and its insertion
        std::uint64_t unsafe_skew_s{0};             ///< by which the unsafe head seems older
        std::uint64_t safe_skew_s{0};
        std::optional<std::uint64_t> peers;  ///< reported instead of the true number
        std::optional<bool> conductor_enabled;
        bool false_blocks{false};  ///< the execution layer's blocks do not hash to the hash they claim
    } misbehaviour;
    struct Counts {
        std::uint64_t sealed{0}, commits_failed{0}, imported{0}, refused{0}, ignored{0};
        std::string last_commit_error;
    } counts;

    void run(TaskGroup& tasks);

    [[nodiscard]] const Chain& chain() const noexcept { return chain_; }
    [[nodiscard]] const NodeSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] bool active() const noexcept { return active_; }
    [[nodiscard]] std::uint64_t peer_count() const { return misbehaviour.peers.value_or(gossip.peer_count()); }
    [[nodiscard]] const std::deque<Produced>& produced() const noexcept { return produced_; }

    // As op-node's admin namespace, with its texts.
    boost::asio::awaitable<rpc::Answer> start(BlockHash head);
    boost::asio::awaitable<rpc::Answer> stop();
    boost::asio::awaitable<rpc::Answer> post(Envelope block);
    /// A gossiped block; what became of it.
    [[nodiscard]] Result<Imported, Complaint> receive(const Envelope& block);

    // What the operator of the simulation does by hand.
    void stop_by_hand();
    void restarted();  ///< stopped, nothing overridden; the execution layer kept its chain
    /// `depth` blocks go and `count` others come, committed and gossiped nowhere.
    void fork(std::uint64_t depth, std::uint64_t count);

private:
    boost::asio::awaitable<void> sequence();
    boost::asio::awaitable<bool> produce();
    boost::asio::awaitable<void> catch_up(Instant until);
    boost::asio::awaitable<void> insert_later(Envelope block);
    [[nodiscard]] Envelope next_block(std::uint64_t salt) const;
    Imported import(const Envelope& block);

    boost::asio::any_io_executor executor_;
    NodeSettings settings_;
    Chain chain_;
    TaskGroup* tasks_{nullptr};
    boost::asio::steady_timer wake_;
    Instant head_since_;  ///< the head's arrival here: the next block is due one block time later
    Instant due_;
    std::optional<Envelope> sealed_;  ///< built, and not head yet
    bool committing_{false};          ///< and its commit is under way
    std::deque<Produced> produced_;
    std::uint64_t sequence_{0};
    std::uint64_t salt_{0};
    std::uint64_t life_{0};  ///< grows with every restart: what an earlier life began must not end in this one
    int stopping_{0};        ///< calls that wait for the block in flight; no other is begun meanwhile
    bool active_{false};
    bool catching_up_{false};
};

}  // namespace conductor::simnode
