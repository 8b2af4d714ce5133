#include "core/transport/inbound.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

namespace conductor::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using consensus::Exchange;

Inbound::Inbound(consensus::Connection id, tcp::socket socket)
    : id_{id},
      socket_{std::move(socket)},
      patience_{socket_.get_executor()},
      answers_{socket_.get_executor()},
      room_{socket_.get_executor()} {}

void Inbound::close(std::string why) {
    if (closed_) return;
    closed_ = true;
    why_ = std::move(why);
    error_code ignored;
    patience_.cancel();
    answers_.cancel();
    room_.cancel();
    socket_.close(ignored);
}

void Inbound::expect_octets_within(std::chrono::milliseconds limit) {
    patience_.expires_after(limit);
    patience_.async_wait([weak = weak_from_this()](const error_code& error) {
        if (error) return;
        if (const auto self = weak.lock()) self->close("silent inside a message");
    });
}

asio::awaitable<bool> Inbound::read_more() {
    if (closed_) co_return false;
    const auto room = received.room();
    const auto [error, octets] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                                  asio::as_tuple(asio::use_awaitable));
    if (closed_) co_return false;
    if (!error) {
        received.grew(octets);
        co_return true;
    }
    ended = error == asio::error::eof;
    if (!ended) close(error.message());
    co_return false;
}

bool Inbound::left() {
    pollfd state{socket_.native_handle(), POLLRDHUP, 0};
    return closed_ || (::poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

asio::awaitable<void> Inbound::sleep(asio::steady_timer& timer) {
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<bool> Inbound::owes_less(std::size_t requests, std::size_t octets) {
    const auto much = [&] { return owed_.size() >= requests || owed_octets_ >= octets; };
    while (!closed_ && !owed_.empty() && much()) co_await sleep(room_);
    co_return !closed_;
}

asio::awaitable<void> Inbound::send_answers() {
    const auto self = shared_from_this();
    while (!closed_) {
        std::vector<Bytes> due;
        std::vector<asio::const_buffer> buffers;
        while (!owed_.empty() && owed_.front().answer) {
            due.push_back(std::move(*owed_.front().answer));
            buffers.emplace_back(due.back().data(), due.back().size());
            owed_octets_ -= owed_.front().octets;
            owed_.pop_front();
        }
        if (due.empty()) {
            co_await sleep(answers_);
            continue;
        }
        const auto [error, written] =
            co_await asio::async_write(socket_, buffers, asio::as_tuple(asio::use_awaitable));
        static_cast<void>(written);
        if (error) close(error.message());
        room_.cancel();
    }
}

void Inbound::owe(Owed owed) {
    owed_octets_ += owed.octets;
    owed_.push_back(std::move(owed));
}

const Inbound::Owed* Inbound::find(Exchange exchange) const {
    const auto place = std::ranges::find(owed_, exchange, &Owed::exchange);
    return place == owed_.end() ? nullptr : &*place;
}

void Inbound::answer(Exchange exchange, Bytes octets) {
    const auto place = std::ranges::find(owed_, exchange, &Owed::exchange);
    if (place == owed_.end() || place->answer) return;
    place->answer = std::move(octets);
    answers_.cancel();
}

}  // namespace conductor::transport
