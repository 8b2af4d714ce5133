#include "core/rpc/http_connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/rpc/request_head.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t head_step = 4096;

std::string peer_of(const asio::ip::tcp::socket& socket) {
    error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    if (gone) return {};
    const auto host = peer.address().to_string();
    return (peer.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(peer.port());
}

bool wants_close(const HttpResponse& response) {
    const HeaderField close{"Connection", "close"};
    return std::ranges::find(response.fields, close) != response.fields.end();
}

HttpResponse expectation_failed() {
    HttpResponse response;
    response.status = 417;
    response.fields = {{"Connection", "close"}};
    return response;
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, HttpHandler& handler, Observer& observer,
                               const HttpServerOptions& options, BodyPool& bodies)
    : socket_{std::move(socket)},
      watchdog_{socket_.get_executor()},
      handler_{handler},
      observer_{observer},
      options_{options},
      bodies_{bodies},
      peer_{peer_of(socket_)},
      idle_since_ns_{now().time_since_epoch().count()} {}

std::optional<Instant> HttpConnection::idle_since() const noexcept {
    const auto since = idle_since_ns_.load(std::memory_order_relaxed);
    if (since == 0) return std::nullopt;
    return Instant{Duration{since}};
}

void HttpConnection::wind_down() {
    auto close = [self = shared_from_this()] {
        self->winding_down_ = true;
        if (!self->idle_since()) return;
        error_code ignored;
        self->socket_.cancel(ignored);
    };
    asio::post(socket_.get_executor(), std::move(close));
}

// One timer instead of one per operation: most waits end long before it, and a body is many reads.
void HttpConnection::watch_until(Instant when) {
    expired_ = false;
    watchdog_.expires_after(std::max(when - now(), Duration{0}));
    auto expire = [self = weak_from_this(), watch = ++watch_](error_code error) {
        const auto alive = self.lock();
        if (error || !alive || alive->watch_ != watch) return;
        alive->expired_ = true;
        error_code ignored;
        alive->socket_.cancel(ignored);
    };
    watchdog_.async_wait(std::move(expire));
}

asio::awaitable<void> HttpConnection::run() {
    const auto self = shared_from_this();
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);

    auto next = Next::request;
    while (next == Next::request) next = co_await serve_one();
    if (next == Next::good_bye) co_await say_good_bye();
    watchdog_.cancel();
    socket_.close(ignored);
}

asio::awaitable<HttpConnection::Next> HttpConnection::serve_one() {
    std::size_t length = 0;
    const auto next = co_await read_head(length);
    if (next != Next::request) co_return next;

    auto head = parse_head(input_.text().substr(0, length));
    input_.use(length);
    write_by_ = now() + options_.write_timeout;
    if (!head) {
        watch_until(write_by_);
        co_await write_text(std::move(head.error().answer));
        co_return Next::good_bye;
    }
    after_post_ = head->method == "POST";
    co_return co_await answer(*head);
}

asio::awaitable<HttpConnection::Next> HttpConnection::read_head(std::size_t& length) {
    if (winding_down_) co_return Next::nothing;
    if (input_.empty()) {
        input_.shrink_if_empty(head_step);
        const auto since = now();
        idle_since_ns_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
        watch_until(since + options_.idle_timeout);
        const auto got = co_await read_more(head_step);
        if (!got) co_return Next::nothing;
    }
    idle_since_ns_.store(0, std::memory_order_relaxed);
    read_by_ = now() + options_.read_timeout;
    watch_until(read_by_);

    // Old clients send one line too much behind a POST.
    for (int spare = 4; after_post_ && spare > 0; --spare) {
        if (input_.empty() && !co_await read_more(head_step)) co_return Next::nothing;
        if (input_.text().front() != '\r' && input_.text().front() != '\n') break;
        input_.use(1);
    }
    for (std::size_t looked_at = 0; (length = head_length(input_.text(), looked_at)) == 0;) {
        looked_at = input_.size();
        if (looked_at > options_.head_limit) {
            co_await write_text(head_too_large().answer);
            co_return Next::good_bye;
        }
        const auto got = co_await read_more(head_step);
        if (got) continue;
        // As Go: silence for who says nothing or is too slow, an answer for who stopped in mid-head.
        if (got.error() != asio::error::eof || input_.text().find('\n') == std::string_view::npos)
            co_return Next::nothing;
        co_await write_text(bad_request().answer);
        co_return Next::good_bye;
    }
    co_return Next::request;
}

asio::awaitable<HttpConnection::Next> HttpConnection::answer(const RequestHead& head) {
    if (head.expects_unknown) co_return co_await write(head, expectation_failed(), true);

    auto admission = handler_.admit(head);
    if (admission.at_once) {
        const bool goes_on = co_await discard_body(head);
        co_return co_await write(head, std::move(*admission.at_once), !goes_on);
    }
    auto body = bodies_.take();
    const auto end = co_await read_body(head, body, admission.body_limit);
    if (end == BodyEnd::no_room) {
        observer_.body_refused(head.content_length, 0);
        co_return co_await write(head, text_response(503, "too many requests at work"), true);
    }
    bool goes_on = end == BodyEnd::complete;
    HttpRequest request{head, body, end, write_by_ - options_.answer_reserve, peer_};
    auto response = co_await handler_.answer(request);
    co_return co_await write(head, std::move(response), !goes_on);
}

asio::awaitable<HttpConnection::Next> HttpConnection::write(const RequestHead& head, HttpResponse response,
                                                            bool close) {
    watch_until(std::max(write_by_, now() + options_.answer_reserve));
    close = close || winding_down_ || !head.keep_alive || response.last || wants_close(response);
    const bool keeps_10 = head.minor == 0 && head.keep_alive && !close;
    const Framing framing{head.minor, close, !peer_ended_, keeps_10};
    const auto date = http_date(std::chrono::system_clock::to_time_t(wall_clock()));
    const auto wire = to_wire(std::move(response), head, framing, date);
    const std::array buffers{asio::buffer(wire.head), asio::buffer(wire.body)};
    const auto [error, size] =
        co_await asio::async_write(socket_, buffers, asio::as_tuple(asio::use_awaitable));
    if (error) co_return Next::nothing;
    co_return close ? Next::good_bye : Next::request;
}

asio::awaitable<bool> HttpConnection::write_text(std::string text) {
    const auto buffer = asio::buffer(text);
    const auto [error, size] = co_await asio::async_write(socket_, buffer, asio::as_tuple(asio::use_awaitable));
    co_return !error;
}

// A close with octets unread makes the kernel send a reset, which may overtake the answer: so our half is
// closed first, and the client has a moment to take the answer and close his.
asio::awaitable<void> HttpConnection::say_good_bye() {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    watch_until(now() + options_.linger);
    constexpr std::size_t most = 256U << 20U;  // a client that only sends is left sooner
    for (std::size_t taken = 0; taken < most;) {
        input_.use(input_.size());
        const auto got = co_await read_more(64 * 1024);
        if (!got) co_return;
        taken += *got;
    }
}

asio::awaitable<Result<std::size_t>> HttpConnection::read_some(std::span<char> into) {
    const error_code timed_out{asio::error::timed_out};
    if (expired_) co_return timed_out;
    const auto buffer = asio::buffer(into.data(), into.size());
    const auto [error, size] = co_await socket_.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::eof) peer_ended_ = true;
    if (error) co_return expired_ ? timed_out : error;
    co_return size;
}

asio::awaitable<Result<std::size_t>> HttpConnection::read_more(std::size_t step) {
    const auto space = input_.prepare(step);
    const auto got = co_await read_some(space);
    if (got) input_.arrived(*got);
    co_return got;
}

}  // namespace conductor::rpc
