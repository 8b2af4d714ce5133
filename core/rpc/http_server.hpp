// HTTP/1.1 over TCP, with the limits and habits of Go's net/http: keep-alive, pipelining, chunked bodies,
// 100-continue, read, write and idle timeouts. Knows no route. Every wait and every buffer has a bound.
//
// Each connection lives on one of the threads it is given; its members may be called from any thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/rpc/body_pool.hpp"
#include "core/rpc/http_handler.hpp"
#include "core/rpc/observer.hpp"

namespace conductor::rpc {

/// Timeouts as in conductor 3.1.6.
struct HttpServerOptions {
    std::string address{"0.0.0.0"};  ///< name or literal; empty: every interface, both families
    std::uint16_t port{8545};        ///< 0: any free one
    Duration read_timeout{std::chrono::seconds{30}};   ///< a request, head and body
    Duration write_timeout{std::chrono::seconds{30}};  ///< from the end of the head to the end of the answer
    Duration idle_timeout{std::chrono::seconds{120}};  ///< between requests
    Duration answer_reserve{std::chrono::milliseconds{100}};  ///< of write_timeout, kept for sending
    Duration linger{std::chrono::milliseconds{500}};          ///< for a client to take the last answer
    Duration stop_grace{std::chrono::seconds{5}};             ///< for requests at work when the server stops
    std::size_t head_limit{(std::size_t{1} << 20U) + 4096};
    std::size_t max_connections{1024};
    BodyPoolLimits bodies;
};

class HttpServer {
public:
    /// Where the next connection is to live: a thread of its own (runtime/io_threads), or a strand. From any
    /// thread.
    using NextThread = std::function<boost::asio::any_io_executor()>;
    /// Threads, handler and observer outlive the server.
    HttpServer(NextThread next, HttpHandler& handler, Observer& observer, HttpServerOptions options);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    /// stop() has ended, or listen() was never called.
    ~HttpServer();

    /// Binds and starts to accept; the port that was bound. Resolves names: for start-up only.
    ///   errors  a sentence that names address and cause
    [[nodiscard]] Result<std::uint16_t, Complaint> listen();

    /// Accepts no more, closes idle connections, lets requests at work end within `stop_grace`, then cancels
    /// them. From any thread or strand.
    boost::asio::awaitable<void> stop();

    [[nodiscard]] std::size_t connections() const;

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace conductor::rpc
