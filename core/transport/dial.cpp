#include "core/transport/dial.hpp"

#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "core/runtime/deadline.hpp"
#include "core/runtime/resolver.hpp"

namespace conductor::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int keep_alive_s = 15;

struct Attempt {
    Attempt() = default;  // no aggregate: one could be made from an error, and Result could not tell them apart
    error_code error;
    std::optional<tcp::socket> socket;
};

asio::awaitable<Attempt> attempt(HostPort place) {
    const auto executor = co_await asio::this_coro::executor;
    const auto endpoints = co_await resolve(place.host, place.port);
    Attempt result;
    if (!endpoints) {
        result.error = endpoints.error();
        co_return result;
    }
    for (const auto& endpoint : *endpoints) {
        tcp::socket socket{executor};
        const auto [error] = co_await socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
        // Refused means refused everywhere: another failure says more, and less for certain.
        if (error && (!result.error || result.error == asio::error::connection_refused)) result.error = error;
        if (error) continue;
        tune(socket);
        result.socket = std::move(socket);
        co_return result;
    }
    co_return result;
}

}  // namespace

std::optional<HostPort> split_address(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = address.substr(0, colon);
    const auto digits = address.substr(colon + 1);
    const auto bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty() || (!bracketed && host.find_first_of(":[]") != std::string_view::npos))
        return std::nullopt;

    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return HostPort{std::string{host}, port};
}

void tune(tcp::socket& socket) {
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
    error_code ignored;  // a connection without them works too
    socket.set_option(tcp::no_delay{true}, ignored);
    socket.set_option(asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(Idle{keep_alive_s}, ignored);
    socket.set_option(Interval{keep_alive_s}, ignored);
}

asio::awaitable<Result<tcp::socket>> dial(std::string address, Duration limit) {
    auto place = split_address(address);
    if (!place) co_return error_code{asio::error::invalid_argument};
    auto attempted = co_await within(limit, attempt(std::move(*place)));
    if (!attempted) co_return attempted.error();
    if (!attempted->socket) co_return attempted->error;
    co_return std::move(*attempted->socket);
}

}  // namespace conductor::transport
