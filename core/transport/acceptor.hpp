// Where other members reach us: accepts, decodes, asks the protocol, and sends its answers back in the order of
// the requests. Takes any number of connections with any mix of requests, and closes none for being idle:
// pooled ones are silent for hours (raft-wire 1.4). What it cannot decode it closes without an answer.
//
// Executor: one thread or a strand; all members there, callbacks too.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/consensus/raft.hpp"
#include "core/runtime/task_group.hpp"
#include "core/transport/allow_list.hpp"
#include "core/transport/inbound.hpp"
#include "core/transport/strangers.hpp"
#include "core/transport/wire_protocol.hpp"

namespace conductor::transport {

struct AcceptorOptions {
    std::size_t max_message_octets{1 << 30};  ///< of one request or snapshot
    StrangerLimits strangers;
    AllowList allowed;
    std::chrono::milliseconds stranger_patience{30000};  ///< for one whole message
    std::chrono::milliseconds member_patience{30000};    ///< between two reads inside a message
    std::size_t max_owed_requests{64};                   ///< of a connection; it is read no further beyond
    std::size_t max_owed_octets{64 << 20};
};

struct AcceptorEvents {
    /// A request; a snapshot comes with its payload. Ends in reply() or hang_up(), or the connection dies.
    std::function<void(consensus::Connection, consensus::Exchange, const consensus::Sender&,
                       consensus::Message)>
        on_request;
    /// Whether a header names a member or the leader we follow; where there is no configuration, always. An id
    /// that has not come yet is empty.
    std::function<bool(const std::string& id, const std::string& address)> knows;
    /// The fast path (raft-wire 1.8): the answer to a heartbeat that changes nothing, or nothing, and it goes
    /// to on_request. May be empty.
    std::function<std::optional<consensus::AppendReply>(const consensus::Sender&, Term)> on_heartbeat;
    /// The last connection on which this server has asked something has ended; it may come back at any time.
    std::function<void(const ServerId&)> on_left;
};

struct AcceptorFigures {
    std::uint64_t accepted{0};
    std::uint64_t not_allowed{0};
    std::uint64_t strangers_closed{0};  ///< over their limits
    std::uint64_t undecodable{0};
};

class Acceptor {
public:
    Acceptor(boost::asio::any_io_executor executor, consensus::Sender self, AcceptorOptions options,
             AcceptorEvents events);

    /// Opens the port; 0: any. Connections are accepted from here on.
    ///   errors  of the system; invalid_argument: `host` is no address
    [[nodiscard]] Result<void> listen(const std::string& host, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const;
    /// Who answers, where the address follows from the port that listen() got. In the same turn of the
    /// executor: no connection has been served yet.
    void introduce(consensus::Sender self) { self_ = std::move(self); }

    /// The answer to a request; without effect where its connection has ended.
    void reply(consensus::Exchange exchange, const consensus::Message& message);
    /// Closes the request's connection, with everything it is still owed.
    void hang_up(consensus::Exchange exchange);

    [[nodiscard]] std::size_t connections() const noexcept { return inbound_.size(); }
    [[nodiscard]] const Strangers& strangers() const noexcept { return strangers_; }
    [[nodiscard]] const AcceptorFigures& figures() const noexcept { return figures_; }

    /// Closes port and connections.
    boost::asio::awaitable<void> stop();

private:
    using Peer = std::shared_ptr<Inbound>;
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(Peer peer);
    boost::asio::awaitable<std::optional<Bytes>> next_request(Peer peer);
    boost::asio::awaitable<std::optional<Bytes>> read_snapshot(Peer peer, std::uint64_t octets, bool keep);
    boost::asio::awaitable<bool> read_inside_message(Peer peer);
    [[nodiscard]] bool make_room(const Peer& peer);
    void judge(const Peer& peer, const std::string& id, const std::string& address);
    void deliver(const Peer& peer, wire::Rpc rpc, wire::Asked asked, std::size_t octets);
    void undecodable(const Peer& peer, const std::string& why);
    void evict(consensus::Connection who);
    void left(const Peer& peer);
    void forget(const Peer& peer);
    [[nodiscard]] Peer owner_of(consensus::Exchange exchange) const;

    boost::asio::any_io_executor executor_;
    consensus::Sender self_;
    AcceptorOptions options_;
    AcceptorEvents events_;
    boost::asio::ip::tcp::acceptor listener_;
    std::map<consensus::Connection, Peer> inbound_;
    std::map<consensus::Exchange, consensus::Connection> asked_;
    Strangers strangers_;
    AcceptorFigures figures_;
    std::uint64_t last_connection_{0};
    std::uint64_t last_exchange_{0};
    TaskGroup tasks_;
};

}  // namespace conductor::transport
