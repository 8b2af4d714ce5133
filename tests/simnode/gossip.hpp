// Blocks on their way to other nodes: one bounded queue and one task for each peer. One thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/runtime/task_group.hpp"
#include "tests/simnode/block.hpp"
#include "tests/simnode/http_post.hpp"

namespace conductor::simnode {

class Gossip {
public:
    static constexpr std::size_t max_queued = 32;

    explicit Gossip(boost::asio::any_io_executor executor) : executor_{std::move(executor)} {}

    void set_tasks(TaskGroup& tasks) noexcept { tasks_ = &tasks; }
    /// Their control listeners; replaces the peers before.
    void set_peers(const std::vector<Endpoint>& peers);
    [[nodiscard]] std::size_t peer_count() const noexcept { return peers_.size(); }
    /// Drops the oldest where a peer is too slow.
    void publish(const Envelope& block);
    /// The block of that number from the first peer that has it.
    boost::asio::awaitable<std::optional<Envelope>> ask(std::uint64_t number) const;

    std::uint64_t sent{0};
    std::uint64_t dropped{0};

private:
    struct Peer;
    boost::asio::awaitable<void> feed(std::shared_ptr<Peer> peer);

    boost::asio::any_io_executor executor_;
    TaskGroup* tasks_{nullptr};
    std::vector<std::shared_ptr<Peer>> peers_;
};

}  // namespace conductor::simnode
