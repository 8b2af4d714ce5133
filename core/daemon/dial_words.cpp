#include "core/daemon/dial_words.hpp"

#include <boost/asio/error.hpp>

#include "core/runtime/errno_words.hpp"
#include "core/transport/dial.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;

std::string fault_of(const std::string& address) {
    if (address.empty()) return "missing address";
    const auto named = "address " + address + ": ";
    const auto bracket = address.front() == '[' ? address.find(']') : std::string::npos;
    const auto first = address.find(':', bracket == std::string::npos ? 0 : bracket);
    if (first == std::string::npos) return named + "missing port in address";
    if (address.find(':', first + 1) != std::string::npos) return named + "too many colons in address";
    if (!transport::split_address(address)) return "address " + address.substr(first + 1) + ": invalid port";
    return {};
}

std::string words_for(const std::string& address, const boost::system::error_code& error) {
    if (error.category() == asio::error::get_netdb_category() ||
        error.category() == asio::error::get_addrinfo_category())
        return "lookup " + address.substr(0, address.rfind(':')) + ": no such host";
    if (error == boost::system::errc::timed_out || error == asio::error::timed_out)
        return address + ": i/o timeout";
    return address + ": connect: " + errno_words(error);
}

}  // namespace conductor::daemon
