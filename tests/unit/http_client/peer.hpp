// A server whose every word is written by the test: accepts connections one after another and plays, on each,
// its next script. Real sockets on the loopback.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace conductor::test {

/// One accepted connection, blocking; every wait ends after 5 s or when the peer stops.
class Line {
public:
    explicit Line(int socket) : socket_{socket} {}
    ~Line();
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    /// The next request, head and body by its Content-Length; empty when the client closed.
    std::string read_request();
    /// False once the client has gone.
    bool say(std::string_view octets) const;
    /// Until the client has begun another request; takes nothing of it.
    void wait_for_octets() const;
    /// Until the client closes.
    void wait_for_close();
    /// Closes so that the client sees a reset.
    void reset();

private:
    int socket_;
    std::string unread_;
};

using Script = std::function<void(Line&)>;

class Peer {
public:
    /// Listens on `port` (0: any free one) and plays `scripts` in order, one a connection; then refuses.
    explicit Peer(std::vector<Script> scripts, std::uint16_t port = 0);
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] int accepted() const noexcept { return accepted_; }

private:
    int listener_;
    std::uint16_t port_;
    std::atomic<int> accepted_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

/// A port whose queue is full: a connection to it neither succeeds nor fails.
class BlackHole {
public:
    BlackHole();
    ~BlackHole();
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    std::uint16_t port_{0};
    std::vector<int> sockets_;
};

/// An answer with its length.
std::string ok(std::string_view body);

/// A port on which nobody listens.
std::uint16_t free_port();

}  // namespace conductor::test
