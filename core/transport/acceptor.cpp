#include "core/transport/acceptor.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/runtime/logging.hpp"
#include "core/transport/dial.hpp"

namespace conductor::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using consensus::Connection;
using consensus::Exchange;
using consensus::Message;

namespace {

// Until descriptors are free again.
constexpr std::chrono::milliseconds accept_pause{100};
// How long a peer that has sent its last octet may still wait for answers.
constexpr std::chrono::milliseconds farewell{10000};
// A sender's address stands at the very beginning of what Go sends; later it is not searched for.
constexpr std::size_t address_comes_within = 4096;

}  // namespace

Acceptor::Acceptor(asio::any_io_executor executor, consensus::Sender self, AcceptorOptions options,
                   AcceptorEvents events)
    : executor_{std::move(executor)},
      self_{std::move(self)},
      options_{std::move(options)},
      events_{std::move(events)},
      listener_{executor_},
      strangers_{options_.strangers} {}

Result<void> Acceptor::listen(const std::string& host, std::uint16_t port) {
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return error;
    const tcp::endpoint place{address, port};
    listener_.open(place.protocol(), error);
    if (error) return error;
    listener_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (error) return error;
    listener_.bind(place, error);
    if (error) return error;
    listener_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return error;
    tasks_.spawn(executor_, accept());
    return {};
}

std::uint16_t Acceptor::port() const {
    error_code ignored;
    return listener_.local_endpoint(ignored).port();
}

asio::awaitable<void> Acceptor::stop() {
    error_code ignored;
    listener_.close(ignored);
    // A copy: closing lets connections leave the map.
    const auto all = inbound_;
    for (const auto& [id, peer] : all) peer->close("this node stops");
    co_await tasks_.stop();
    inbound_.clear();
    asked_.clear();
}

asio::awaitable<void> Acceptor::accept() {
    while (listener_.is_open()) {
        auto [error, socket] = co_await listener_.async_accept(asio::as_tuple(asio::use_awaitable));
        if (error) {
            asio::steady_timer pause{executor_, accept_pause};
            co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        error_code gone;
        const auto from = socket.remote_endpoint(gone);
        if (gone) continue;
        if (!options_.allowed.admits(from.address())) {
            ++figures_.not_allowed;
            continue;  // closed before an octet is read
        }
        ++figures_.accepted;
        tune(socket);
        auto peer = std::make_shared<Inbound>(Connection{++last_connection_}, std::move(socket));
        inbound_.emplace(peer->id(), peer);
        if (const auto oldest = strangers_.enter(peer->id())) evict(*oldest);
        judge(peer, {}, {});
        tasks_.spawn(executor_, peer->send_answers());
        tasks_.spawn(executor_, serve(peer));
    }
}

asio::awaitable<void> Acceptor::serve(Peer peer) {
    while (co_await peer->owes_less(options_.max_owed_requests, options_.max_owed_octets)) {
        const auto whole = co_await next_request(peer);
        if (!whole) break;
        auto request = wire::decode_request(*whole);
        if (!request) {
            undecodable(peer, request.error().text);
            break;
        }
        const auto rpc = wire::rpc_of(*request);
        auto asked = wire::understand(std::move(*request));
        if (!asked) {
            undecodable(peer, asked.error().text);
            break;
        }
        judge(peer, asked->from.id.text(), asked->from.address);
        peer->sender = asked->from.id;
        auto octets = whole->size();
        if (rpc == wire::Rpc::install_snapshot) {
            auto payload = co_await read_snapshot(peer, asked->snapshot_octets, !asked->refusal);
            if (!payload) break;
            octets += payload->size();
            if (auto* snapshot = std::get_if<consensus::SnapshotRequest>(&asked->message))
                snapshot->payload = std::move(*payload);
        }
        deliver(peer, rpc, std::move(*asked), octets);
    }
    left(peer);
    if (peer->ended && !peer->owed().empty()) {
        peer->expect_octets_within(farewell);
        static_cast<void>(co_await peer->owes_less(1, 1));
    }
    peer->close("closed by the peer");
    forget(peer);
}

// The octets of one whole request, or nothing: the connection has ended or must end.
asio::awaitable<std::optional<Bytes>> Acceptor::next_request(Peer peer) {
    wire::RequestDecoder decoder;
    bool begun = false;
    std::size_t looked_at = 0;
    while (true) {
        const auto end = decoder.find_end(peer->received.span());
        if (!end) {
            undecodable(peer, end.error().text);
            co_return std::nullopt;
        }
        if (*end) {
            peer->calm();
            co_return peer->received.take(**end);
        }
        if (peer->received.size() >= options_.max_message_octets) {
            undecodable(peer, "request larger than the limit");
            co_return std::nullopt;
        }
        if (peer->received.size() == 0) {  // between messages a connection may rest as long as it likes
            if (!co_await peer->read_more()) co_return std::nullopt;
            continue;
        }
        if (!std::exchange(begun, true)) peer->expect_octets_within(options_.stranger_patience);
        if (peer->stranger && looked_at < address_comes_within) {
            looked_at = std::min(peer->received.size(), address_comes_within);
            const auto sender = wire::sender_so_far(Bytes{nullptr, peer->received.span().first(looked_at)});
            judge(peer, sender.id, sender.address);
        }
        if (!co_await read_inside_message(peer)) co_return std::nullopt;
    }
}

// Members may take their time as long as something comes; a stranger has one span for the whole message.
asio::awaitable<bool> Acceptor::read_inside_message(Peer peer) {
    if (!make_room(peer)) co_return false;
    if (!peer->stranger) peer->expect_octets_within(options_.member_patience);
    co_return co_await peer->read_more();
}

// Whether the connection may take more memory; strangers share theirs.
bool Acceptor::make_room(const Peer& peer) {
    if (!peer->stranger) return true;
    const auto wanted = peer->received.capacity() + peer->received.growth();
    while (const auto biggest = strangers_.holds(peer->id(), wanted)) {
        evict(*biggest);
        if (peer->closed()) return false;
    }
    return true;
}

// Reads everything before any answer, kept or not, or the next request would begin inside the snapshot.
asio::awaitable<std::optional<Bytes>> Acceptor::read_snapshot(Peer peer, std::uint64_t octets, bool keep) {
    if (octets > options_.max_message_octets) {
        undecodable(peer, "snapshot larger than the limit");
        co_return std::nullopt;
    }
    if (peer->stranger) peer->expect_octets_within(options_.stranger_patience);
    auto missing = static_cast<std::size_t>(octets);
    while (!keep && missing > peer->received.size()) {
        missing -= peer->received.size();
        peer->received.drop(peer->received.size());
        if (!co_await read_inside_message(peer)) co_return std::nullopt;
    }
    while (missing > peer->received.size())
        if (!co_await read_inside_message(peer)) co_return std::nullopt;
    peer->calm();
    if (keep) co_return peer->received.take(missing);
    peer->received.drop(missing);
    co_return Bytes{};
}

void Acceptor::judge(const Peer& peer, const std::string& id, const std::string& address) {
    const auto known = events_.knows(id, address);
    if (known == !peer->stranger) return;
    peer->stranger = !known;
    if (known) return strangers_.leave(peer->id());
    if (const auto oldest = strangers_.enter(peer->id())) evict(*oldest);
}

void Acceptor::deliver(const Peer& peer, wire::Rpc rpc, wire::Asked asked, std::size_t octets) {
    const Exchange exchange{++last_exchange_};
    peer->owe({exchange, rpc, octets, std::nullopt});
    if (asked.refusal) return peer->answer(exchange, wire::encode(*asked.refusal));

    // Its sender has given the hand-over up: a process that was frozen finds such an order in its socket.
    if (std::holds_alternative<consensus::TimeoutNowRequest>(asked.message) && peer->left())
        return peer->close("an order to take over, and its sender has left");

    const auto* append = std::get_if<consensus::AppendRequest>(&asked.message);
    if (append != nullptr && append->heartbeat && events_.on_heartbeat) {
        if (const auto quick = events_.on_heartbeat(asked.from, append->term))
            return peer->answer(exchange, wire::encode(wire::reply_of(self_, rpc, *quick)));
    }
    asked_.emplace(exchange, peer->id());
    events_.on_request(peer->id(), exchange, asked.from, std::move(asked.message));
}

void Acceptor::reply(Exchange exchange, const Message& message) {
    const auto peer = owner_of(exchange);
    asked_.erase(exchange);
    if (!peer) return;
    const auto* owed = peer->find(exchange);
    if (owed != nullptr) peer->answer(exchange, wire::encode(wire::reply_of(self_, owed->rpc, message)));
}

void Acceptor::hang_up(Exchange exchange) {
    if (const auto peer = owner_of(exchange)) peer->close("the protocol hung up");
}

Acceptor::Peer Acceptor::owner_of(Exchange exchange) const {
    const auto asked = asked_.find(exchange);
    if (asked == asked_.end()) return nullptr;
    const auto place = inbound_.find(asked->second);
    return place == inbound_.end() ? nullptr : place->second;
}

void Acceptor::undecodable(const Peer& peer, const std::string& why) {
    if (peer->closed()) return;
    ++figures_.undecodable;
    logging::debug("raft connection closed", {{"why", why}});
    peer->close(why);
}

void Acceptor::evict(Connection who) {
    ++figures_.strangers_closed;
    strangers_.leave(who);
    if (const auto place = inbound_.find(who); place != inbound_.end())
        place->second->close("too many strangers");
}

void Acceptor::left(const Peer& peer) {
    const auto sender = std::exchange(peer->sender, {});
    const auto same = [&](const auto& other) {
        return other.second->sender == sender && !other.second->closed();
    };
    if (!sender.empty() && events_.on_left && std::ranges::none_of(inbound_, same)) events_.on_left(sender);
}

void Acceptor::forget(const Peer& peer) {
    strangers_.leave(peer->id());
    for (const auto& owed : peer->owed()) asked_.erase(owed.exchange);
    inbound_.erase(peer->id());
}

}  // namespace conductor::transport
