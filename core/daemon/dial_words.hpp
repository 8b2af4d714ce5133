// What Go's net package says of an address or a connection that will not do, because clients and operators
// match on it. Pure.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

namespace conductor::daemon {

/// Why `address` is no `host:port`; empty: it is one.
[[nodiscard]] std::string fault_of(const std::string& address);
/// Why `address` was not reached: `lookup host: no such host`, or the address and what failed there.
[[nodiscard]] std::string words_for(const std::string& address, const boost::system::error_code& error);

}  // namespace conductor::daemon
