// What a configuration must satisfy, in the words of op-conductor and of the raft library, because operators
// and their tools know them; the option's name stands behind each. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/file.hpp"
#include "core/config/resolved.hpp"

namespace conductor::config {

struct Problem {
    std::string wrapper;  ///< `failed to create conductor: invalid config: `
    std::string text;     ///< `missing raft server ID (raft.server.id)`
};

/// Every problem, in the order in which op-conductor would meet them.
[[nodiscard]] std::vector<Problem> validate(const Resolved& values, bool compat_go,
                                            const std::vector<PeerRpc>& peers);

/// One sentence of all: a wrapper is written once for the problems that follow each other under it.
[[nodiscard]] std::string joined(const std::vector<Problem>& problems);

/// raft.election-timeout, or what `auto` makes of the heartbeat timeout.
[[nodiscard]] Duration election_timeout_of(const Resolved& values);

/// An IPv4 or IPv6 network, `10.0.0.0/8`, or an address alone.
[[nodiscard]] bool is_network(std::string_view text);

}  // namespace conductor::config
