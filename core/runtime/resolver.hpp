// Names to addresses. getaddrinfo cannot be cancelled, so every lookup has a worker of its own that may be
// abandoned; who waits can be cancelled or bounded at any time. Literal addresses need no worker. Any thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace conductor {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Workers that may hang at once in the whole process; a lookup beyond them fails at once.
inline constexpr std::size_t max_lookups = 16;

/// Resumes on the caller's executor, which must outlive the call.
///   errors  of getaddrinfo; `try_again` when max_lookups are under way
[[nodiscard]] boost::asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port);

}  // namespace conductor
