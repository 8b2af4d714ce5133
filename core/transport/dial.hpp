// A TCP connection to an address as configurations hold it, `host:port` or `[v6]:port`: resolved at every dial,
// with TCP_NODELAY and a keep-alive of 15 s, as Go does (raft-wire 1.5).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace conductor::transport {

struct HostPort {
    std::string host;  ///< without brackets
    std::uint16_t port{0};
};
/// Nothing unless there are a host and a port of 1 to 65535.
[[nodiscard]] std::optional<HostPort> split_address(std::string_view address);

void tune(boost::asio::ip::tcp::socket& socket);

/// Tries what the name resolves to in turn, at most `limit` altogether.
///   errors  invalid_argument: no address; what the resolver said; connection_refused where every address of
///           the name refused, else what another connect said; timed_out
[[nodiscard]] boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> dial(std::string address,
                                                                                Duration limit);

}  // namespace conductor::transport
