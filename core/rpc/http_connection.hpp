// One client of the HTTP server, from accept to close, as one coroutine: wait for a request, read its head,
// ask the handler, read the body straight into its final buffer, answer, again. One watchdog timer bounds
// every wait of the socket. All of it on the connection's strand, except where a member says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/rpc/http_server.hpp"
#include "core/rpc/input_buffer.hpp"

namespace conductor::rpc {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(boost::asio::ip::tcp::socket socket, HttpHandler& handler, Observer& observer,
                   const HttpServerOptions& options, BodyPool& bodies);

    /// The whole story. The connection lives as long as it runs.
    boost::asio::awaitable<void> run();

    /// Ends now if it waits for a request, otherwise with the answer at work. From any thread.
    void wind_down();
    /// Since when it waits for a request; nothing while one is at work. From any thread.
    [[nodiscard]] std::optional<Instant> idle_since() const noexcept;
    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }

private:
    enum class Next : std::uint8_t { request, good_bye, nothing };

    boost::asio::awaitable<Next> serve_one();
    boost::asio::awaitable<Next> read_head(std::size_t& length);
    boost::asio::awaitable<Next> answer(const RequestHead& head);
    boost::asio::awaitable<BodyEnd> read_body(const RequestHead& head, Body& body, std::size_t limit);
    boost::asio::awaitable<BodyEnd> read_sized(Body& body, std::size_t length);
    boost::asio::awaitable<BodyEnd> read_chunked(Body& body, std::size_t limit);
    /// Whether the body is gone and the connection can go on.
    boost::asio::awaitable<bool> discard_body(const RequestHead& head);
    boost::asio::awaitable<Next> write(const RequestHead& head, HttpResponse response, bool close);

    boost::asio::awaitable<bool> write_text(std::string text);
    boost::asio::awaitable<void> say_good_bye();

    boost::asio::awaitable<Result<std::size_t>> read_some(std::span<char> into);
    boost::asio::awaitable<Result<std::size_t>> read_more(std::size_t step);

    /// From now on every wait of the socket ends at `when`.
    void watch_until(Instant when);

    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer watchdog_;
    HttpHandler& handler_;
    Observer& observer_;
    const HttpServerOptions& options_;
    BodyPool& bodies_;
    const std::string peer_;  ///< `host:port` of the client

    InputBuffer input_;
    std::uint64_t watch_{0};  ///< which call of watch_until() counts
    bool expired_{false};
    bool winding_down_{false};
    bool after_post_{false};
    bool peer_ended_{false};                      ///< the client has closed his half
    std::atomic<std::int64_t> idle_since_ns_{0};  ///< 0: at work
    Instant read_by_;
    Instant write_by_;
};

}  // namespace conductor::rpc
