// The protocol's way to the other members over hashicorp/raft's wire: one port that they reach, and one link to
// each of them, made when the latest configuration names a member and dropped a while after it no longer does.
// Addresses are those of the configuration, resolved at every dial. All on the core thread, so a heartbeat is
// answered between two steps; neither disk nor a body on another connection stands in its way.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/replica/leader_watch.hpp"
#include "core/replica/links.hpp"
#include "core/runtime/task_group.hpp"
#include "core/transport/acceptor.hpp"
#include "core/transport/peer_link.hpp"

namespace conductor::replica {

class Replica;

class RaftLinks final : public Links {
public:
    struct Options {
        transport::AcceptorOptions inbound;
        transport::LaneOptions lanes;
        /// A member that was removed has this long to take the entry that says so.
        std::chrono::milliseconds farewell{1000};
        /// Whether the protocol is told of a leader whose host refuses connections (`raft.fast-failover`).
        bool fast_failover{true};
    };
    RaftLinks(boost::asio::io_context& core, ServerId self, Options options);
    ~RaftLinks() override;

    /// Opens the port; 0: any. Until open() requests are hung up on.
    ///   errors  as Acceptor::listen
    [[nodiscard]] Result<void> listen(const std::string& host, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const { return acceptor_.port(); }
    /// The address in all our headers. Once, in the same turn of the core thread as listen().
    void introduce(std::string address);
    /// From now on the protocol is asked; `replica` outlives every later turn of the core thread.
    void open(Replica& replica) { replica_ = &replica; }
    /// Closes port and links; before this object goes. What is posted from now on is dropped.
    boost::asio::awaitable<void> stop();

    void set_members(const consensus::Configuration& members) override;
    void post(consensus::Envelope envelope, Freight freight) override;
    void hang_up(consensus::Exchange exchange) override { acceptor_.hang_up(exchange); }
    void reopen_bulk(const ServerId& member) override;

    [[nodiscard]] const transport::Acceptor& acceptor() const noexcept { return acceptor_; }

private:
    struct Peer {
        std::unique_ptr<transport::PeerLink> link;
        std::optional<std::uint64_t> farewell;  ///< it is no member any more; which farewell is under way
        bool silent{false};                     ///< its last request had no answer
    };
    [[nodiscard]] transport::AcceptorEvents acceptor_events();
    [[nodiscard]] transport::LinkEvents link_events(const ServerId& peer);
    [[nodiscard]] bool knows(const std::string& id, const std::string& address) const;
    void lost(const ServerId& peer, consensus::Exchange exchange, const std::string& why);
    void answered(const ServerId& peer);
    [[nodiscard]] LeaderWatch::Surroundings watch_surroundings();
    [[nodiscard]] std::optional<Suspect> suspect(const ServerId& id) const;
    boost::asio::awaitable<void> say_farewell(ServerId peer, std::uint64_t farewell);

    boost::asio::io_context& core_;
    consensus::Sender self_;
    Options options_;
    Replica* replica_{nullptr};
    consensus::Configuration members_;
    std::map<ServerId, Peer> peers_;
    std::uint64_t last_farewell_{0};
    bool stopped_{false};
    LeaderWatch watch_;
    transport::Acceptor acceptor_;
    TaskGroup tasks_;
};

}  // namespace conductor::replica
