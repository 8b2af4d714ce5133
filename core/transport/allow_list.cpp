#include "core/transport/allow_list.hpp"

#include <algorithm>

namespace conductor::transport {

namespace ip = boost::asio::ip;
using boost::system::error_code;

namespace {

ip::address plain(const ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

bool holds(const ip::network_v4& network, const ip::address& address) {
    return address.is_v4() &&
           ip::network_v4{address.to_v4(), network.prefix_length()}.canonical() == network.canonical();
}
bool holds(const ip::network_v6& network, const ip::address& address) {
    return address.is_v6() &&
           ip::network_v6{address.to_v6(), network.prefix_length()}.canonical() == network.canonical();
}

}  // namespace

Result<AllowList, Complaint> AllowList::parse(const std::vector<std::string>& networks) {
    AllowList list;
    for (const auto& text : networks) {
        error_code failed;
        const auto single = ip::make_address(text, failed);
        if (!failed) {
            if (single.is_v4()) list.networks_.emplace_back(ip::network_v4{single.to_v4(), 32});
            if (single.is_v6()) list.networks_.emplace_back(ip::network_v6{single.to_v6(), 128});
            continue;
        }
        const auto four = ip::make_network_v4(text, failed);
        if (!failed) {
            list.networks_.emplace_back(four);
            continue;
        }
        const auto six = ip::make_network_v6(text, failed);
        if (failed) return Complaint{"'" + text + "' is no network, as 10.0.0.0/8 would be"};
        list.networks_.emplace_back(six);
    }
    return list;
}

bool AllowList::admits(const ip::address& address) const {
    if (networks_.empty()) return true;
    const auto from = plain(address);
    return std::ranges::any_of(networks_, [&](const Network& network) {
        return std::visit([&](const auto& net) { return holds(net, from); }, network);
    });
}

}  // namespace conductor::transport
