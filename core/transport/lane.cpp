#include "core/transport/lane.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "core/transport/dial.hpp"
#include "core/transport/receive_buffer.hpp"
#include "core/transport/wire_protocol.hpp"

namespace conductor::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// No answer comes near this; who sends more speaks something else.
constexpr std::size_t max_pipelined_answer_octets = 1 << 20;

}  // namespace

struct Lane::Connection : std::enable_shared_from_this<Connection> {
    explicit Connection(tcp::socket opened) : socket{std::move(opened)}, deadline{socket.get_executor()} {}

    void close(const std::string& reason) {
        if (closed) return;
        closed = true;
        why = reason;
        error_code ignored;
        deadline.cancel();
        socket.close(ignored);
    }

    // Closes the connection unless told otherwise in time.
    void expect_answer_within(std::chrono::milliseconds limit) {
        deadline.expires_after(limit);
        deadline.async_wait([weak = weak_from_this()](const error_code& error) {
            if (error) return;
            if (const auto self = weak.lock()) self->time_out();
        });
    }
    void time_out() {
        close("no answer in time");
        worn = false;
    }

    tcp::socket socket;
    asio::steady_timer deadline;
    ReceiveBuffer received;
    wire::ReplyDecoder decoder;
    std::deque<Question> in_flight;
    bool closed{false};
    bool worn{false};  // has answered before, so that its end may be a restart of the peer and nothing worse
    std::string why;
};

Lane::Lane(asio::any_io_executor executor, TaskGroup& tasks, Address address, LaneOptions options,
           LinkEvents events)
    : executor_{std::move(executor)},
      tasks_{tasks},
      address_{std::move(address)},
      options_{options},
      events_{std::move(events)},
      wake_{executor_} {
    tasks_.spawn(executor_, work());
}

bool Lane::ask(Question question) {
    if (!queue_.empty() && queued_octets_ + question.size > options_.queued_octets) return false;
    queued_octets_ += question.size;
    queue_.push_back(std::move(question));
    wake_.cancel();
    return true;
}

void Lane::reopen() {
    if (!connection_) return;
    connection_->close("closed to be opened again");
    connection_->worn = false;
    wake_.cancel();
}

void Lane::distrust() {
    if (!connection_ || !connection_->in_flight.empty()) return;
    connection_->close("another connection to this peer ended");
    wake_.cancel();
}

asio::awaitable<void> Lane::sleep() {
    wake_.expires_at(std::chrono::steady_clock::time_point::max());
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Lane::work() {
    while (true) {
        while (queue_.empty()) co_await sleep();

        auto socket = co_await dial(address_(), options_.dial_limit);
        if (!socket) {
            const auto why = "dial " + address_() + ": " + socket.error().message();
            queued_octets_ = 0;
            for (const auto& question : std::exchange(queue_, {})) give_up(question, why);
            continue;
        }
        connection_ = std::make_shared<Connection>(std::move(*socket));
        tasks_.spawn(executor_, read(connection_));
        co_await write(connection_);
        settle(*std::exchange(connection_, nullptr));
    }
}

// Returns when the connection is no longer of use.
asio::awaitable<void> Lane::write(std::shared_ptr<Connection> connection) {
    while (!connection->closed) {
        if (queue_.empty() || connection->in_flight.size() >= options_.in_flight) {
            co_await sleep();
            continue;
        }
        auto& question = connection->in_flight.emplace_back(std::move(queue_.front()));
        queue_.pop_front();
        queued_octets_ -= question.size;
        if (connection->in_flight.size() == 1) connection->expect_answer_within(options_.answer_limit);

        std::vector<asio::const_buffer> buffers;
        buffers.reserve(question.octets.size());
        for (const auto& piece : question.octets) buffers.emplace_back(piece.data(), piece.size());
        // An early answer may end the question while it is still being written.
        const auto kept = question.octets;
        const auto [error, written] =
            co_await asio::async_write(connection->socket, buffers, asio::as_tuple(asio::use_awaitable));
        static_cast<void>(written);
        if (error) connection->close(error.message());
    }
}

asio::awaitable<void> Lane::read(std::shared_ptr<Connection> connection) {
    while (!connection->closed) {
        const auto room = connection->received.room();
        const auto [error, octets] = co_await connection->socket.async_read_some(
            asio::buffer(room.data(), room.size()), asio::as_tuple(asio::use_awaitable));
        if (connection->closed) break;
        if (error) {
            connection->close(error == asio::error::eof ? "closed by the peer" : error.message());
            if (broke_) broke_();
            break;
        }
        connection->received.grew(octets);
        if (!take_answers(*connection)) connection->worn = false;
    }
    wake_.cancel();
}

// False: what came is no answer, and the connection is closed.
bool Lane::take_answers(Connection& connection) {
    while (connection.received.size() != 0) {
        if (connection.in_flight.empty()) {
            connection.close("an answer that nobody asked for");
            return false;
        }
        const auto rpc = connection.in_flight.front().rpc;
        const auto framed = connection.decoder.advance(rpc, Bytes{nullptr, connection.received.span()});
        if (!framed) {
            connection.close("answer: " + framed.error().text);
            return false;
        }
        if (!*framed) {
            if (connection.received.size() <= max_pipelined_answer_octets) return true;
            connection.close("answer: longer than a mebibyte");
            return false;
        }
        const auto message = wire::understand(rpc, (*framed)->message);
        connection.received.drop((*framed)->consumed);
        const auto exchange = connection.in_flight.front().exchange;
        connection.in_flight.pop_front();
        connection.worn = true;
        if (connection.in_flight.empty()) {
            connection.deadline.cancel();
        } else {
            connection.expect_answer_within(options_.answer_limit);
        }
        wake_.cancel();
        events_.on_reply(exchange, message);
        if (connection.closed) return true;
    }
    return true;
}

// What the connection still owed is asked once more, or given up.
void Lane::settle(Connection& connection) {
    const auto again = connection.worn && connection.received.size() == 0;
    std::deque<Question> owed = std::exchange(connection.in_flight, {});
    std::deque<Question> lost;
    for (auto question = owed.rbegin(); question != owed.rend(); ++question) {
        if (!again || !question->repeatable) {
            lost.push_front(std::move(*question));
            continue;
        }
        question->repeatable = false;
        queued_octets_ += question->size;
        queue_.push_front(std::move(*question));
    }
    for (const auto& question : lost) give_up(question, connection.why);
}

void Lane::give_up(const Question& question, const std::string& why) {
    events_.on_unanswered(question.exchange, why);
}

}  // namespace conductor::transport
