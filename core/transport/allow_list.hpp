// `raft.allow-cidr`: whose connections are looked at at all. Values; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"

namespace conductor::transport {

class AllowList {
public:
    /// Everybody.
    AllowList() = default;
    /// `10.0.0.0/8`, `fd00::/8`, or a single address; none: everybody.
    ///   errors  naming the text that is no network
    [[nodiscard]] static Result<AllowList, Complaint> parse(const std::vector<std::string>& networks);

    /// An IPv4 address that arrived on an IPv6 socket counts as IPv4.
    [[nodiscard]] bool admits(const boost::asio::ip::address& address) const;

private:
    using Network = std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>;
    std::vector<Network> networks_;
};

}  // namespace conductor::transport
