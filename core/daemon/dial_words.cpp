#include "core/daemon/dial_words.hpp"

#include <boost/asio/error.hpp>

#include "core/runtime/errno_words.hpp"
#include "core/transport/dial.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;

std::string fault_of(const std::string& address) {
    if (address.empty()) return "missing address";
    const auto faulty = [&](const char* why) { return "address " + address + ": " + why; };
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) return faulty("missing port in address");
    std::size_t rest = 0;
    if (address.front() == '[') {
        const auto bracket = address.find(']');
        if (bracket == std::string::npos) return faulty("missing ']' in address");
        if (bracket + 1 == address.size()) return faulty("missing port in address");
        if (bracket + 1 != colon)
            return faulty(address[bracket + 1] == ':' ? "too many colons in address"
                                                      : "missing port in address");
        rest = bracket + 1;
    } else if (address.find(':') != colon) {
        return faulty("too many colons in address");
    }
    if (address.find('[', rest == 0 ? 0 : 1) != std::string::npos) return faulty("unexpected '[' in address");
    if (address.find(']', rest) != std::string::npos) return faulty("unexpected ']' in address");
    if (colon == 0 || address.starts_with("[]")) return faulty("missing host in address");

    const auto port = address.substr(colon + 1);
    if (port.find_first_not_of("+-0123456789") != std::string::npos)
        return "lookup tcp/" + port + ": unknown port";
    if (port.empty() || port.find_first_not_of('0') == std::string::npos)
        return faulty("no port to connect to");
    if (!transport::split_address(address)) return "address " + port + ": invalid port";
    return {};
}

std::string words_for(const std::string& address, const boost::system::error_code& error) {
    if (error.category() == asio::error::get_netdb_category() ||
        error.category() == asio::error::get_addrinfo_category()) {
        const auto place = transport::split_address(address);
        return "lookup " + (place ? place->host : address.substr(0, address.rfind(':'))) + ": no such host";
    }
    if (error == boost::system::errc::timed_out || error == asio::error::timed_out)
        return address + ": i/o timeout";
    return address + ": connect: " + errno_words(error);
}

}  // namespace conductor::daemon
