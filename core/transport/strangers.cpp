#include "core/transport/strangers.hpp"

#include <algorithm>

namespace conductor::transport {

using consensus::Connection;

std::optional<Connection> Strangers::enter(Connection who) {
    held_.emplace(who, 0);
    if (held_.size() <= limits_.sockets) return std::nullopt;
    return held_.begin()->first;
}

std::optional<Connection> Strangers::holds(Connection who, std::size_t octets) {
    const auto place = held_.find(who);
    if (place == held_.end()) return std::nullopt;
    octets_ = octets_ - place->second + octets;
    place->second = octets;
    if (octets_ <= limits_.octets) return std::nullopt;
    return std::ranges::max_element(held_, {}, [](const auto& held) { return held.second; })->first;
}

void Strangers::leave(Connection who) {
    const auto place = held_.find(who);
    if (place == held_.end()) return;
    octets_ -= place->second;
    held_.erase(place);
}

}  // namespace conductor::transport
