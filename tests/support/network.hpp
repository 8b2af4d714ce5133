// Loopback with faults. What hosts say to each other goes through ports of this object, which delays, slows,
// holds or swallows it, each direction by itself. Raft connections are told apart by the address that each
// request of theirs begins with (raft-wire 3). One thread inside; calls may come from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace conductor::test {

/// What becomes of octets on their way from one host to another.
struct Road {
    bool cut{false};  ///< held until the road is well again, ends of connections too; nobody is told
    std::chrono::milliseconds delay{0};
    std::size_t octets_per_second{0};  ///< 0: no limit
    /// What comes in one piece larger than this stalls its connection for good, as behind a router that drops
    /// big packets and says nothing; 0: no limit.
    std::size_t largest_piece{0};
};

/// A TCP port on loopback that nobody has at this moment.
[[nodiscard]] std::uint16_t free_port();

class Network {
public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// A new port behind which a port of `to` is reached by `from` alone.
    [[nodiscard]] std::uint16_t road(const std::string& from, const std::string& to, std::uint16_t target);
    /// A new port behind which everybody reaches the raft port of `to`. Who dials is known by his own such
    /// port.
    [[nodiscard]] std::uint16_t raft_road(const std::string& to, std::uint16_t target);

    /// From now on, for connections that exist as well.
    void set(const std::string& from, const std::string& to, const Road& road);
    /// Both ways between this host and each other one.
    void cut_off(const std::string& host);
    /// All roads are well. What was held goes on.
    void heal();
    /// Whether the ports of a host are open, as when it runs; closed, they refuse.
    void open(const std::string& host, bool open);
    /// As after a power cut: each connection ends at this host, the other side is not told, and what it sends
    /// is lost. New connections are well.
    void forget_connections_of(const std::string& host);

    /// Octets that have arrived at `to` from `from`.
    [[nodiscard]] std::uint64_t arrived(const std::string& from, const std::string& to);

private:
    struct Port;
    struct Pipe;
    struct Connection;
    using Clock = std::chrono::steady_clock;

    void run();
    void wake();
    [[nodiscard]] std::uint16_t add(Port port);
    void accept(Port& port);
    void receive(Connection& connection, Pipe& pipe);
    void deliver(Connection& connection, Pipe& pipe, Clock::time_point now);
    void name_sender(Connection& connection, const std::string& first);
    [[nodiscard]] const Road& road_of(const Pipe& pipe) const;
    [[nodiscard]] std::optional<Clock::time_point> due(const Pipe& pipe) const;

    std::mutex mutex_;  ///< of everything below: the thread inside, and whoever calls
    std::vector<std::unique_ptr<Port>> ports_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::map<std::pair<std::string, std::string>, Road> roads_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> arrived_;
    bool ending_{false};
    int wake_[2]{-1, -1};
    std::thread thread_;
};

}  // namespace conductor::test
