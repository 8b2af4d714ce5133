// Everything we say to one peer. Three lanes: heartbeats on a connection of their own, because what waits
// behind a payload comes too late; elections; appends, and the order to take over, which no later entry
// may overtake. A snapshot has a connection for itself, which is closed behind it (raft-wire 1.5). Payloads are
// never copied: the pieces of an entry go to the socket as they are.
//
// Executor: one thread or a strand; all members there, callbacks too, never from inside a call.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <span>
#include <string>

#include "core/consensus/message.hpp"
#include "core/runtime/task_group.hpp"
#include "core/transport/lane.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::transport {

class PeerLink {
public:
    /// `self` is the constant header of all our requests; `address` is dialled, and resolved at every dial.
    PeerLink(boost::asio::any_io_executor executor, consensus::Sender self, std::string address,
             LaneOptions options, LinkEvents events);

    /// Each request ends in one on_reply or on_unanswered, unless stop() comes first.
    ///   before  `request` is a request; `entries` are an append's, `payload` is a snapshot's
    void send(consensus::Exchange exchange, const consensus::Message& request,
              std::span<const wire::EncodedEntry> entries = {}, Bytes payload = {});
    /// For the next dial; what is open stays (raft-wire 5.12).
    void set_address(std::string address) { address_ = std::move(address); }
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    /// Closes the connection that carries appends (raft-wire 5.17.1).
    void reopen_bulk() { bulk_.reopen(); }

    /// Ends all connections. Nothing may be sent any more.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    boost::asio::awaitable<void> carry_snapshot(Question question);
    void ask(Lane& lane, Question question);
    void give_up_soon(consensus::Exchange exchange, std::string why);

    boost::asio::any_io_executor executor_;
    consensus::Sender self_;
    std::string address_;
    LaneOptions options_;
    LinkEvents events_;
    std::size_t snapshots_under_way_{0};
    TaskGroup tasks_;
    Lane heartbeats_;
    Lane elections_;
    Lane bulk_;
};

}  // namespace conductor::transport
