// Links of a bounded rate between the members of a group on one machine: a member is reached through a port of
// ours, which passes on what comes at that rate, whatever the number of connections. Forks a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace conductor::bench {

class ThinLink {
public:
    /// Passes on to `target` (host:port on loopback), both ways, at most `octets_per_second` each.
    ThinLink(const std::string& target, double octets_per_second);
    ~ThinLink();
    ThinLink(const ThinLink&) = delete;
    ThinLink& operator=(const ThinLink&) = delete;
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    pid_t pid_{-1};
    std::uint16_t port_{0};
};

}  // namespace conductor::bench
