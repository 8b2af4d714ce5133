#include "core/replica/raft_links.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "core/replica/replica.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::replica {

namespace asio = boost::asio;

namespace {

bool is_reply(const consensus::Message& message) {
    return std::holds_alternative<consensus::AppendReply>(message) ||
           std::holds_alternative<consensus::VoteReply>(message) ||
           std::holds_alternative<consensus::SnapshotReply>(message) ||
           std::holds_alternative<consensus::TimeoutNowReply>(message) ||
           std::holds_alternative<consensus::ErrorReply>(message);
}

}  // namespace

RaftLinks::RaftLinks(asio::io_context& core, ServerId self, Options options)
    : core_{core},
      self_{std::move(self), {}},
      options_{std::move(options)},
      watch_{core_, watch_surroundings()},
      acceptor_{core_.get_executor(), self_, options_.inbound, acceptor_events()} {}

RaftLinks::~RaftLinks() = default;

Result<void> RaftLinks::listen(const std::string& host, std::uint16_t port) {
    return acceptor_.listen(host, port);
}

void RaftLinks::introduce(std::string address) {
    self_.address = std::move(address);
    acceptor_.introduce(self_);
}

asio::awaitable<void> RaftLinks::stop() {
    stopped_ = true;
    co_await acceptor_.stop();
    co_await watch_.stop();
    co_await tasks_.stop();
    for (auto& [id, peer] : peers_) co_await peer.link->stop();
    peers_.clear();
}

// ---- what others ask ------------------------------------------------------------------------------------

transport::AcceptorEvents RaftLinks::acceptor_events() {
    transport::AcceptorEvents events;
    events.on_request = [this](consensus::Connection connection, consensus::Exchange exchange,
                               const consensus::Sender& from, consensus::Message message) {
        if (replica_ == nullptr || stopped_) return acceptor_.hang_up(exchange);
        replica_->receive({exchange, from, std::move(message), connection});
    };
    events.on_left = [this](const ServerId& who) {
        if (options_.fast_failover && !stopped_) watch_.left(who);
    };
    events.knows = [this](const std::string& id, const std::string& address) { return knows(id, address); };
    return events;
}

// Go's header puts the address in front of everything large, so it is what is known of a long request first. It
// need not be the one of the configuration: that may be a name.
bool RaftLinks::knows(const std::string& id, const std::string& address) const {
    if (members_.servers.empty()) return true;  // nobody could feed a node without a configuration
    const auto named = [&](const consensus::Server& server) {
        return (!id.empty() && server.id.text() == id) || (!address.empty() && server.address == address);
    };
    if (std::ranges::any_of(members_.servers, named)) return true;
    if (replica_ == nullptr) return false;
    const auto leader = replica_->leader();
    return (!id.empty() && leader.id.text() == id) || (!address.empty() && leader.address == address);
}

// Dialled where we dial it ourselves: the address in its header is a name, and need not be one to dial.
std::optional<Suspect> RaftLinks::suspect(const ServerId& id) const {
    const auto peer = peers_.find(id);
    if (stopped_ || replica_ == nullptr || peer == peers_.end()) return std::nullopt;
    const auto followed = replica_->followed();
    if (!followed || followed->leader != id) return std::nullopt;
    return Suspect{peer->second.link->address(), followed->term, followed->heard};
}

LeaderWatch::Surroundings RaftLinks::watch_surroundings() {
    return {[this](const ServerId& id) { return suspect(id); }, &refuses_connections,
            [this](const ServerId& id, const Suspect& gone) {
                logging::info("the leader's host refuses connections, its time is shortened",
                              {{"leader", id}, {"addr", gone.address}, {"event", "leader_gone"}});
                replica_->leader_gone(id);
            }};
}

// ---- what we ask ----------------------------------------------------------------------------------------

void RaftLinks::set_members(const consensus::Configuration& members) {
    if (stopped_) return;
    members_ = members;
    for (const auto& server : members.servers) {
        if (server.id == self_.id) continue;
        auto& peer = peers_[server.id];
        peer.farewell.reset();
        if (peer.link) {
            peer.link->set_address(server.address);
        } else {
            peer.link = std::make_unique<transport::PeerLink>(core_.get_executor(), self_, server.address,
                                                              options_.lanes, link_events(server.id));
        }
    }
    for (auto& [id, peer] : peers_) {
        const bool member =
            std::ranges::find(members.servers, id, &consensus::Server::id) != members.servers.end();
        if (member || peer.farewell) continue;
        peer.farewell = ++last_farewell_;
        tasks_.spawn(core_.get_executor(), say_farewell(id, *peer.farewell));
    }
}

asio::awaitable<void> RaftLinks::say_farewell(ServerId id, std::uint64_t farewell) {
    asio::steady_timer timer{core_, options_.farewell};
    const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto place = peers_.find(id);
    if (cancelled || place == peers_.end() || place->second.farewell != farewell) co_return;
    const auto link = std::move(place->second.link);
    peers_.erase(place);
    co_await link->stop();
}

void RaftLinks::post(consensus::Envelope envelope, Freight freight) {
    if (stopped_) return;
    if (is_reply(envelope.message)) return acceptor_.reply(envelope.exchange, envelope.message);
    const auto peer = peers_.find(envelope.to);
    if (peer != peers_.end())
        return peer->second.link->send(envelope.exchange, envelope.message, freight.entries,
                                       std::move(freight.payload));
    asio::post(core_, [this, id = envelope.to, exchange = envelope.exchange] {
        if (!stopped_) replica_->unanswered({id, exchange, "it is no member"});
    });
}

void RaftLinks::reopen_bulk(const ServerId& member) {
    if (const auto peer = peers_.find(member); peer != peers_.end()) peer->second.link->reopen_bulk();
}

transport::LinkEvents RaftLinks::link_events(const ServerId& peer) {
    transport::LinkEvents events;
    events.on_reply = [this, peer](consensus::Exchange exchange, const consensus::Message& message) {
        answered(peer);
        if (!stopped_) replica_->receive({exchange, {peer, {}}, message, {}});
    };
    events.on_unanswered = [this, peer](consensus::Exchange exchange, const std::string& why) {
        lost(peer, exchange, why);
    };
    return events;
}

// One line when a member falls silent and one when it is back, whatever the number of requests between.
void RaftLinks::lost(const ServerId& id, consensus::Exchange exchange, const std::string& why) {
    if (stopped_) return;
    if (const auto peer = peers_.find(id); peer != peers_.end() && !std::exchange(peer->second.silent, true))
        logging::warn("raft member does not answer",
                      {{"id", id}, {"addr", peer->second.link->address()}, {"err", why}});
    replica_->unanswered({id, exchange, why});
}

void RaftLinks::answered(const ServerId& id) {
    if (const auto peer = peers_.find(id); peer != peers_.end() && std::exchange(peer->second.silent, false))
        logging::info("raft member answers again", {{"id", id}, {"addr", peer->second.link->address()}});
}

}  // namespace conductor::replica
