// One connection to a peer and what queues for it. Requests leave in order, a bounded number of them ahead of
// their answers, and answers are matched by order alone, because the wire has nothing else
// (raft-wire 1.5, 1.7). A connection that breaks under requests it had carried before is replaced once, without
// the protocol noticing: all requests that pass here are idempotent, and a pooled connection dies at every
// restart of a peer.
//
// All members on the one executor; callbacks come there, never from inside a call.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "core/consensus/message.hpp"
#include "core/runtime/task_group.hpp"
#include "core/transport/wire_message.hpp"

namespace conductor::transport {

struct LinkEvents {
    /// An answer, also one that is an error string.
    std::function<void(consensus::Exchange, const consensus::Message&)> on_reply;
    std::function<void(consensus::Exchange, const std::string& why)> on_unanswered;
};

struct LaneOptions {
    std::chrono::milliseconds dial_limit{5000};
    std::chrono::milliseconds answer_limit{5000};  ///< from sending, or from the answer before (raft-wire 1.6)
    std::size_t in_flight{2};                      ///< more turns into latency at a Go peer (raft #541)
    std::size_t queued_octets{64 << 20};           ///< one request is always taken
};

struct Question {
    consensus::Exchange exchange;
    wire::Rpc rpc{};
    wire::Pieces octets;
    std::size_t size{0};
    bool repeatable{true};
};

class Lane {
public:
    using Address = std::function<std::string()>;

    Lane(boost::asio::any_io_executor executor, TaskGroup& tasks, Address address, LaneOptions options,
         LinkEvents events);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// False: the queue is full.
    [[nodiscard]] bool ask(Question question);
    /// Closes the connection; what it carried counts as unanswered.
    void reopen();
    /// Closes it if nothing is under way: another connection to this peer has just died.
    void distrust();
    /// `broke` runs when a connection of this lane ends by itself.
    void on_broken(std::function<void()> broke) { broke_ = std::move(broke); }

private:
    struct Connection;
    boost::asio::awaitable<void> work();
    boost::asio::awaitable<void> write(std::shared_ptr<Connection> connection);
    boost::asio::awaitable<void> read(std::shared_ptr<Connection> connection);
    boost::asio::awaitable<void> sleep();
    [[nodiscard]] bool take_answers(Connection& connection);
    void settle(Connection& connection);
    void give_up(const Question& question, const std::string& why);

    boost::asio::any_io_executor executor_;
    TaskGroup& tasks_;
    Address address_;
    LaneOptions options_;
    LinkEvents events_;
    std::function<void()> broke_;
    std::deque<Question> queue_;
    std::size_t queued_octets_{0};
    std::shared_ptr<Connection> connection_;
    boost::asio::steady_timer wake_;
};

}  // namespace conductor::transport
