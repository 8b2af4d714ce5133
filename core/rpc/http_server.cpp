#include "core/rpc/http_server.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "core/base/check.hpp"
#include "core/rpc/http_connection.hpp"
#include "core/runtime/errno_words.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Duration accept_pause = std::chrono::milliseconds{50};
constexpr Duration stop_look = std::chrono::milliseconds{10};

}  // namespace

// Connections live on several threads; what they share is this set, hence the mutex.
struct HttpServer::Shared {
    Shared(NextThread threads, HttpHandler& handles, Observer& observes, HttpServerOptions given)
        : next{std::move(threads)},
          handler{handles},
          observer{observes},
          options{std::move(given)},
          bodies{options.bodies},
          acceptor{next()} {}

    const NextThread next;
    HttpHandler& handler;
    Observer& observer;
    const HttpServerOptions options;
    BodyPool bodies;
    tcp::acceptor acceptor;
    TaskGroup listening;
    TaskGroup serving;

    std::mutex mutex;
    bool stopping{false};
    std::unordered_set<std::shared_ptr<HttpConnection>> connections;

    std::vector<std::shared_ptr<HttpConnection>> all() {
        const std::lock_guard lock{mutex};
        return {connections.begin(), connections.end()};
    }

    // A place for one more: where all are taken, the connection that waited longest for a request goes. Go
    // has no limit; without one, clients that only connect would use up the descriptors of the raft ports.
    bool make_room() {
        std::shared_ptr<HttpConnection> oldest;
        {
            const std::lock_guard lock{mutex};
            if (connections.size() < options.max_connections) return true;
            std::optional<Instant> since;
            for (const auto& connection : connections) {
                const auto idle = connection->idle_since();
                if (!idle || (since && *since <= *idle)) continue;
                since = idle;
                oldest = connection;
            }
            if (oldest) connections.erase(oldest);  // it ends soon, and must not be chosen twice
        }
        observer.connection_refused();
        if (oldest) oldest->wind_down();
        return oldest != nullptr;
    }
};

namespace {

Result<tcp::endpoint, Complaint> resolve(const asio::any_io_executor& executor,
                                         const HttpServerOptions& options) {
    if (options.address.empty()) return tcp::endpoint{tcp::v6(), options.port};
    tcp::resolver resolver{executor};
    error_code error;
    const auto found = resolver.resolve(options.address, std::to_string(options.port),
                                        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error || found.empty())
        return Complaint{"cannot resolve rpc address " + options.address + ": " + error.message()};
    return found.begin()->endpoint();
}

}  // namespace

HttpServer::HttpServer(NextThread next, HttpHandler& handler, Observer& observer, HttpServerOptions options)
    : shared_{std::make_shared<Shared>(std::move(next), handler, observer, std::move(options))} {}

HttpServer::~HttpServer() {
    CONDUCTOR_CHECK(shared_->listening.size() == 0);
    CONDUCTOR_CHECK(shared_->serving.size() == 0);
}

std::size_t HttpServer::connections() const {
    return shared_->serving.size();
}

namespace {

asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection, std::function<void()> ended) {
    try {
        co_await connection->run();
    } catch (...) {
        ended();
        throw;
    }
    ended();
}

template <class Shared>
asio::awaitable<void> accept_all(std::shared_ptr<Shared> shared) {
    asio::steady_timer pause{shared->acceptor.get_executor()};
    while (shared->acceptor.is_open()) {
        const auto thread = shared->next();
        auto [error, socket] =
            co_await shared->acceptor.async_accept(thread, asio::as_tuple(asio::use_awaitable));
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            // Out of descriptors, most likely, which spinning does not help.
            pause.expires_after(accept_pause);
            (void)co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        if (!shared->make_room()) continue;
        auto connection = std::make_shared<HttpConnection>(std::move(socket), shared->handler, shared->observer,
                                                           shared->options, shared->bodies);
        {
            const std::lock_guard lock{shared->mutex};
            if (shared->stopping) co_return;
            shared->connections.insert(connection);
        }
        auto ended = [shared, connection] {
            const std::lock_guard lock{shared->mutex};
            shared->connections.erase(connection);
        };
        shared->serving.spawn(thread, serve(connection, std::move(ended)));
    }
}

}  // namespace

Result<std::uint16_t, Complaint> HttpServer::listen() {
    const auto endpoint = resolve(shared_->acceptor.get_executor(), shared_->options);
    if (!endpoint) return endpoint.error();
    auto& acceptor = shared_->acceptor;
    const auto failed = [&](const error_code& error) {
        error_code ignored;
        acceptor.close(ignored);
        const auto wanted = shared_->options.address + ":" + std::to_string(shared_->options.port);
        return Complaint{"failed to bind to address \"" + wanted + "\": listen tcp " + wanted +
                         ": bind: " + errno_words(error)};
    };
    error_code error;
    acceptor.open(endpoint->protocol(), error);
    if (error) return failed(error);
    acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (endpoint->protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only{false}, error);
    acceptor.bind(*endpoint, error);
    if (error) return failed(error);
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed(error);
    const auto bound = acceptor.local_endpoint(error).port();
    if (error) return failed(error);
    shared_->listening.spawn(shared_->acceptor.get_executor(), accept_all(shared_));
    return bound;
}

asio::awaitable<void> HttpServer::stop() {
    const auto shared = shared_;
    {
        const std::lock_guard lock{shared->mutex};
        shared->stopping = true;
    }
    auto close = [shared] {
        error_code ignored;
        shared->acceptor.close(ignored);
    };
    asio::post(shared->acceptor.get_executor(), std::move(close));
    co_await shared->listening.stop();

    for (const auto& connection : shared->all()) connection->wind_down();
    asio::steady_timer look{co_await asio::this_coro::executor};
    for (Duration waited{0}; waited < shared->options.stop_grace && shared->serving.size() > 0;
         waited += stop_look) {
        look.expires_after(stop_look);
        const auto [error] = co_await look.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) break;
    }
    co_await shared->serving.stop();
}

}  // namespace conductor::rpc
