#include "core/transport/peer_link.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/check.hpp"
#include "core/runtime/deadline.hpp"
#include "core/transport/dial.hpp"
#include "core/transport/receive_buffer.hpp"
#include "core/transport/wire_protocol.hpp"

namespace conductor::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using consensus::Exchange;
using consensus::Message;

namespace {

// One that goes and one for a leader that was elected again meanwhile.
constexpr std::size_t max_snapshots = 2;
constexpr std::size_t snapshot_time_scale = 262144;  // octets for which Go grants one time-out (raft-wire 1.6)
constexpr std::size_t max_answer_octets = 1 << 20;

struct Outcome {
    Outcome() = default;  // no aggregate: GCC 12 destroys those twice in coroutines
    std::optional<Message> reply;
    std::string why;
};

asio::awaitable<Outcome> exchange_once(tcp::socket& socket, const Question& question) {
    Outcome outcome;
    std::vector<asio::const_buffer> buffers;
    for (const auto& piece : question.octets) buffers.emplace_back(piece.data(), piece.size());
    const auto [error, written] =
        co_await asio::async_write(socket, buffers, asio::as_tuple(asio::use_awaitable));
    static_cast<void>(written);
    if (error) outcome.why = error.message();

    ReceiveBuffer received;
    wire::ReplyDecoder decoder;
    // A peer that refuses may answer and close before it has read everything.
    while (received.size() <= max_answer_octets) {
        const auto room = received.room();
        const auto [failure, octets] = co_await socket.async_read_some(asio::buffer(room.data(), room.size()),
                                                                       asio::as_tuple(asio::use_awaitable));
        if (failure) {
            if (outcome.why.empty()) outcome.why = failure.message();
            co_return outcome;
        }
        received.grew(octets);
        const auto framed = decoder.advance(question.rpc, Bytes{nullptr, received.span()});
        if (!framed) {
            outcome.why = "answer: " + framed.error().text;
            co_return outcome;
        }
        if (!*framed) continue;
        outcome.reply = wire::understand(question.rpc, (*framed)->message);
        co_return outcome;
    }
    outcome.why = "answer: longer than a mebibyte";
    co_return outcome;
}

}  // namespace

PeerLink::PeerLink(asio::any_io_executor executor, consensus::Sender self, std::string address,
                   LaneOptions options, LinkEvents events)
    : executor_{std::move(executor)},
      self_{std::move(self)},
      address_{std::move(address)},
      options_{options},
      events_{std::move(events)},
      heartbeats_{executor_, tasks_, [this] { return address_; }, options_, events_},
      elections_{executor_, tasks_, [this] { return address_; }, options_, events_},
      bulk_{executor_, tasks_, [this] { return address_; }, options_, events_} {
    // The first end of a connection means that the peer's process has ended: the others are dead too, and would
    // cost a failed request each to find out.
    const auto distrust_all = [this] {
        heartbeats_.distrust();
        elections_.distrust();
        bulk_.distrust();
    };
    heartbeats_.on_broken(distrust_all);
    elections_.on_broken(distrust_all);
    bulk_.on_broken(distrust_all);
}

void PeerLink::send(Exchange exchange, const Message& request, std::span<const wire::EncodedEntry> entries,
                    Bytes payload) {
    if (const auto* append = std::get_if<consensus::AppendRequest>(&request)) {
        // An acknowledged append without its entries would count as a copy that nobody has.
        CONDUCTOR_CHECK(append->count == entries.size());
        CONDUCTOR_CHECK(entries.empty() || entries.front().facts.position.index == append->first);
    }
    const auto fields = wire::request_of(self_, request, payload.size());
    Question question;
    question.exchange = exchange;
    question.rpc = wire::rpc_of(fields);
    const auto* append = std::get_if<wire::AppendEntries>(&fields);
    question.octets =
        append != nullptr && !entries.empty() ? wire::encode(*append, entries) : wire::encode(fields);
    if (!payload.empty()) question.octets.push_back(std::move(payload));
    question.size = wire::size_of(question.octets);

    if (append != nullptr) return ask(append->entries_are_nil ? heartbeats_ : bulk_, std::move(question));
    if (question.rpc == wire::Rpc::timeout_now) {
        question.repeatable = false;             // would start two elections
        return ask(bulk_, std::move(question));  // in front of the entries that come after it
    }
    if (question.rpc != wire::Rpc::install_snapshot) return ask(elections_, std::move(question));

    if (snapshots_under_way_ >= max_snapshots) return give_up_soon(exchange, "snapshots are under way already");
    ++snapshots_under_way_;
    if (!tasks_.spawn(executor_, carry_snapshot(std::move(question)))) --snapshots_under_way_;
}

void PeerLink::ask(Lane& lane, Question question) {
    const auto exchange = question.exchange;
    if (!lane.ask(std::move(question))) give_up_soon(exchange, "the queue to this peer is full");
}

// Not from inside send(): whoever sends is in the middle of something.
void PeerLink::give_up_soon(Exchange exchange, std::string why) {
    const auto tell = [](LinkEvents events, Exchange lost, std::string reason) -> asio::awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
        events.on_unanswered(lost, reason);
    };
    tasks_.spawn(executor_, tell(events_, exchange, std::move(why)));
}

asio::awaitable<void> PeerLink::carry_snapshot(Question question) {
    Outcome outcome;
    auto socket = co_await dial(address_, options_.dial_limit);
    if (!socket) {
        outcome.why = "dial " + address_ + ": " + socket.error().message();
    } else {
        const auto scale = static_cast<int>(std::max<std::size_t>(1, question.size / snapshot_time_scale));
        auto finished = co_await within(options_.answer_limit * scale, exchange_once(*socket, question));
        if (finished) outcome = std::move(*finished);
        if (!finished) outcome.why = "no answer in time";
    }
    --snapshots_under_way_;
    if (outcome.reply) {
        events_.on_reply(question.exchange, *outcome.reply);
    } else {
        events_.on_unanswered(question.exchange, outcome.why);
    }
}

}  // namespace conductor::transport
