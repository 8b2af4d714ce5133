#include "core/consensus/membership.hpp"

#include <algorithm>
#include <set>

#include "core/consensus/describe.hpp"

namespace conductor::consensus {

const Server* find_server(const Configuration& configuration, const ServerId& id) {
    const auto found = std::find_if(configuration.servers.begin(), configuration.servers.end(),
                                    [&](const Server& server) { return server.id == id; });
    return found == configuration.servers.end() ? nullptr : &*found;
}

bool is_voter(const Configuration& configuration, const ServerId& id) {
    const auto* server = find_server(configuration, id);
    return server != nullptr && server->suffrage == Suffrage::voter;
}

std::size_t count_voters(const Configuration& configuration) {
    return static_cast<std::size_t>(
        std::count_if(configuration.servers.begin(), configuration.servers.end(),
                      [](const Server& server) { return server.suffrage == Suffrage::voter; }));
}

std::optional<std::string> fault_of(const Configuration& configuration) {
    std::set<ServerId> ids;
    std::set<std::string> addresses;
    for (const auto& server : configuration.servers) {
        if (server.id.empty()) return "empty ID in configuration: " + go_text(configuration);
        if (server.address.empty()) return "empty address in configuration: " + go_text(server);
        if (!ids.insert(server.id).second) return "found duplicate ID in configuration: " + server.id.text();
        if (!addresses.insert(server.address).second)
            return "found duplicate address in configuration: " + server.address;
    }
    if (count_voters(configuration) == 0)
        return "need at least one voter in configuration: " + go_text(configuration);
    return std::nullopt;
}

Configuration changed(Configuration from, Change change, const ServerId& id, const std::string& address) {
    const auto found = std::find_if(from.servers.begin(), from.servers.end(),
                                    [&](const Server& server) { return server.id == id; });
    const bool there = found != from.servers.end();
    switch (change) {
        case Change::add_voter:
            if (there) {
                found->suffrage = Suffrage::voter;
                found->address = address;
            } else {
                from.servers.push_back({id, address, Suffrage::voter});
            }
            break;
        case Change::add_nonvoter:
            if (there) {
                found->address = address;
            } else {
                from.servers.push_back({id, address, Suffrage::nonvoter});
            }
            break;
        case Change::demote_voter:
            if (there) found->suffrage = Suffrage::nonvoter;
            break;
        case Change::remove_server:
            if (there) from.servers.erase(found);
            break;
    }
    return from;
}

// Only one change may be uncommitted, so the one before it must be committed by now (raft-wire 4.3).
void Membership::appended(const Configuration& configuration, LogIndex index) {
    committed_ = latest_;
    committed_index_ = latest_index_;
    latest_ = configuration;
    latest_index_ = index;
}

void Membership::truncated(LogIndex from) {
    if (from > latest_index_) return;
    latest_ = committed_;
    latest_index_ = committed_index_;
}

void Membership::committed_up_to(LogIndex commit) {
    if (commit < latest_index_) return;
    committed_ = latest_;
    committed_index_ = latest_index_;
}

void Membership::restored(const Configuration& configuration, LogIndex index) {
    latest_ = committed_ = configuration;
    latest_index_ = committed_index_ = index;
}

}  // namespace conductor::consensus
