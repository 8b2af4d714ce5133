// What connections of nobody in particular may cost together (raft-wire 1.4): 256 sockets and 64 MiB. A
// connection is a stranger's until a header names a member or the leader; whoever is over the bound is shown
// the door by age or by size, so that a member who has not yet spoken is not refused for strangers' sake. One
// executor.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/consensus/raft.hpp"

namespace conductor::transport {

struct StrangerLimits {
    std::size_t sockets{256};
    std::size_t octets{64 << 20};
};

class Strangers {
public:
    explicit Strangers(StrangerLimits limits) : limits_{limits} {}

    /// A new connection. Who must go for it: the oldest one.
    [[nodiscard]] std::optional<consensus::Connection> enter(consensus::Connection who);
    /// `who` now holds that many octets. Who must go: the one with most, perhaps `who`.
    [[nodiscard]] std::optional<consensus::Connection> holds(consensus::Connection who, std::size_t octets);
    /// Closed, or known by now.
    void leave(consensus::Connection who);

    [[nodiscard]] std::size_t sockets() const noexcept { return held_.size(); }
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }

private:
    StrangerLimits limits_;
    std::map<consensus::Connection, std::size_t> held_;  // numbered in the order of their coming
    std::size_t octets_{0};
};

}  // namespace conductor::transport
