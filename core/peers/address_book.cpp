#include "core/peers/address_book.hpp"

#include <algorithm>

namespace conductor::peers {

namespace {

// Of `host:port`, without the brackets of IPv6; empty where there is none.
std::string host_of(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) return {};
    auto host = address.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    return host;
}

}  // namespace

std::vector<Contact> AddressBook::contacts(const std::vector<consensus::Server>& servers) const {
    const auto own = std::ranges::find(servers, self_, &consensus::Server::id);
    const auto own_host = own == servers.end() ? std::string{} : host_of(own->address);
    std::vector<Contact> out;
    for (const auto& server : servers)
        if (server.id != self_) out.push_back(contact(server, own_host));
    return out;
}

std::vector<Contact> AddressBook::listed() const {
    std::vector<Contact> out;
    for (const auto& entry : listed_)
        if (entry.id != self_) out.push_back({{entry.id, true, Reach::configured}, entry.url, entry.token});
    return out;
}

std::optional<Contact> AddressBook::guess(const consensus::Server& server,
                                          const std::string& own_address) const {
    auto out = contact(server, host_of(own_address));
    if (server.id == self_ || out.member.reach == Reach::none) return std::nullopt;
    return out;
}

Contact AddressBook::contact(const consensus::Server& server, const std::string& own_host) const {
    Contact out;
    out.member = {server.id, server.suffrage == consensus::Suffrage::voter, Reach::none};
    const auto named = std::ranges::find(listed_, server.id, &Listed::id);
    if (named != listed_.end()) {
        out.member.reach = Reach::configured;
        out.url = named->url;
        out.token = named->token;
        return out;
    }
    const auto host = host_of(server.address);
    if (rpc_port_ == 0 || host.empty() || host == own_host) return out;
    // As text it goes through the one parser that says what can be dialled.
    const bool bare_ipv6 = host.find(':') != std::string::npos;
    const auto url =
        http::read_url("http://" + (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(rpc_port_));
    if (!url) return out;
    out.member.reach = Reach::guessed;
    out.url = *url;
    return out;
}

}  // namespace conductor::peers
