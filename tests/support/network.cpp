#include "tests/support/network.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <stdexcept>

namespace conductor::test {
namespace {

constexpr std::size_t most_queued = std::size_t{4} << 20U;  // of one direction; the sender waits beyond it
constexpr std::size_t piece_octets = std::size_t{64} << 10U;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void close_quietly(int& file) {
    if (file >= 0) ::close(file);
    file = -1;
}

/// Bound to a port of the system's choice, or to the one given; -1: taken.
int bound(std::uint16_t port) {
    const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto address = loopback(port);
    if (::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return file;
    ::close(file);
    return -1;
}

std::uint16_t port_of(int file) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
}

}  // namespace

std::uint16_t free_port() {
    int file = bound(0);
    if (file < 0) throw std::runtime_error("no free port");
    const auto port = port_of(file);
    close_quietly(file);
    return port;
}

struct Network::Port {
    std::string from;  ///< empty: raft, whoever it is
    std::string to;
    std::uint16_t target{0};
    std::uint16_t number{0};
    int listener{-1};
};

/// One direction of a connection.
struct Network::Pipe {
    struct Piece {
        Clock::time_point due;
        std::string octets;
    };
    int* in{nullptr};
    int* out{nullptr};
    std::string from, to;
    std::deque<Piece> pieces{};
    std::size_t queued{0};
    Clock::time_point rests_until{};
    bool ended{false};    ///< nothing more comes in
    bool shut{false};     ///< and the other side was told
    bool stalled{false};  ///< nothing gets through any more
};

struct Network::Connection {
    int client{-1};
    int server{-1};
    bool forgotten{false};  ///< one side is gone without the other's knowledge
    Pipe up{&client, &server, {}, {}};
    Pipe down{&server, &client, {}, {}};
    ~Connection() {
        close_quietly(client);
        close_quietly(server);
    }
};

Network::Network() {
    if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    thread_ = std::thread{[this] { run(); }};
}

Network::~Network() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    wake();
    thread_.join();
    for (auto& port : ports_) close_quietly(port->listener);
    for (auto& end : wake_) close_quietly(end);
}

void Network::wake() {
    (void)!::write(wake_[1], "", 1);
}

std::uint16_t Network::add(Port port) {
    port.listener = bound(0);
    if (port.listener < 0 || ::listen(port.listener, 256) != 0)
        throw std::runtime_error("no port to listen on");
    port.number = port_of(port.listener);
    const auto number = port.number;
    {
        const std::lock_guard lock{mutex_};
        ports_.push_back(std::make_unique<Port>(std::move(port)));
    }
    wake();
    return number;
}

std::uint16_t Network::road(const std::string& from, const std::string& to, std::uint16_t target) {
    return add({from, to, target});
}

std::uint16_t Network::raft_road(const std::string& to, std::uint16_t target) {
    return add({{}, to, target});
}

void Network::set(const std::string& from, const std::string& to, const Road& road) {
    {
        const std::lock_guard lock{mutex_};
        roads_[{from, to}] = road;
    }
    wake();
}

void Network::cut_off(const std::string& host) {
    {
        const std::lock_guard lock{mutex_};
        for (const auto& port : ports_) {
            if (port->to == host) continue;
            roads_[{host, port->to}].cut = true;
            roads_[{port->to, host}].cut = true;
        }
    }
    wake();
}

void Network::heal() {
    {
        const std::lock_guard lock{mutex_};
        roads_.clear();
    }
    wake();
}

void Network::open(const std::string& host, bool open) {
    {
        const std::lock_guard lock{mutex_};
        for (auto& port : ports_) {
            if (port->to != host || open == (port->listener >= 0)) continue;
            if (!open) {
                close_quietly(port->listener);
                continue;
            }
            port->listener = bound(port->number);
            if (port->listener < 0 || ::listen(port->listener, 256) != 0)
                throw std::runtime_error("a port of the network was taken by somebody else");
        }
    }
    wake();
}

void Network::forget_connections_of(const std::string& host) {
    {
        const std::lock_guard lock{mutex_};
        for (auto& connection : connections_) {
            const bool dialled = connection->up.from == host;
            if (!dialled && connection->up.to != host) continue;
            connection->forgotten = true;
            close_quietly(dialled ? connection->client : connection->server);
        }
    }
    wake();
}

std::uint64_t Network::arrived(const std::string& from, const std::string& to) {
    const std::lock_guard lock{mutex_};
    return arrived_[{from, to}];
}

const Road& Network::road_of(const Pipe& pipe) const {
    static const Road well;
    const auto found = roads_.find({pipe.from, pipe.to});
    return found == roads_.end() ? well : found->second;
}

void Network::accept(Port& port) {
    auto connection = std::make_unique<Connection>();
    connection->client = ::accept4(port.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection->client < 0) return;
    connection->server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto target = loopback(port.target);
    if (::connect(connection->server, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) return;
    ::fcntl(connection->server, F_SETFL, ::fcntl(connection->server, F_GETFL) | O_NONBLOCK);
    const int on = 1;
    for (const int end : {connection->client, connection->server})
        ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->up.from = connection->down.to = port.from;
    connection->up.to = connection->down.from = port.to;
    connections_.push_back(std::move(connection));
}

// A request is its type, a map, and first of its keys the sender's address: 00 89 a4 "Addr" ae
// "127.0.0.1:4711".
void Network::name_sender(Connection& connection, const std::string& first) {
    constexpr std::size_t address_at = 8;
    const std::string key{
        "\xa4"
        "Addr"};
    if (first.size() <= address_at || first.compare(2, key.size(), key) != 0) return;
    const auto length = static_cast<unsigned char>(first[address_at - 1]) & 0x1fU;
    const auto address = first.substr(address_at, length);
    const auto number = std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10);
    for (const auto& port : ports_)
        if (port->from.empty() && port->number == number) connection.up.from = connection.down.to = port->to;
}

void Network::receive(Connection& connection, Pipe& pipe) {
    std::string octets(piece_octets, '\0');
    const auto got = ::recv(*pipe.in, octets.data(), octets.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        pipe.ended = true;
        return;
    }
    octets.resize(static_cast<std::size_t>(got));
    if (&pipe == &connection.up && pipe.from.empty()) name_sender(connection, octets);
    if (connection.forgotten) return;
    const auto& road = road_of(pipe);
    if (road.largest_piece != 0 && octets.size() > road.largest_piece) pipe.stalled = true;
    pipe.queued += octets.size();
    pipe.pieces.push_back({Clock::now() + road.delay, std::move(octets)});
}

std::optional<Network::Clock::time_point> Network::due(const Pipe& pipe) const {
    if (pipe.stalled || pipe.pieces.empty() || *pipe.out < 0 || road_of(pipe).cut) return std::nullopt;
    return std::max(pipe.pieces.front().due, pipe.rests_until);
}

void Network::deliver(Connection& connection, Pipe& pipe, Clock::time_point now) {
    while (true) {
        const auto when = due(pipe);
        if (!when || *when > now) break;
        auto& piece = pipe.pieces.front().octets;
        const auto put = ::send(*pipe.out, piece.data(), piece.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN) return;
        if (put < 0) {
            pipe.stalled = true;
            close_quietly(connection.client);
            close_quietly(connection.server);
            return;
        }
        const auto count = static_cast<std::size_t>(put);
        pipe.queued -= count;
        arrived_[{pipe.from, pipe.to}] += count;
        if (const auto rate = road_of(pipe).octets_per_second; rate != 0)
            pipe.rests_until = now + std::chrono::microseconds{1'000'000 * count / rate};
        piece.erase(0, count);
        if (piece.empty()) pipe.pieces.pop_front();
    }
    if (!pipe.ended || pipe.shut || !pipe.pieces.empty() || road_of(pipe).cut) return;
    pipe.shut = true;
    if (*pipe.out >= 0) ::shutdown(*pipe.out, SHUT_WR);
}

void Network::run() {
    std::vector<pollfd> looks;
    std::unique_lock lock{mutex_};
    while (!ending_) {
        looks.assign(1, {wake_[0], POLLIN, 0});
        auto until = Clock::now() + std::chrono::seconds{1};
        for (const auto& port : ports_) looks.push_back({port->listener, POLLIN, 0});
        const auto now_known = Clock::now();
        for (const auto& connection : connections_) {
            for (auto* pipe : {&connection->up, &connection->down}) {
                const bool reads = !pipe->ended && pipe->queued < most_queued;
                looks.push_back({reads ? *pipe->in : -1, POLLIN, 0});
                const auto when = due(*pipe);
                if (when) until = std::min(until, *when);
                looks.push_back({when && *when <= now_known ? *pipe->out : -1, POLLOUT, 0});
            }
        }
        const auto listening = ports_.size();
        const auto connected = connections_.size();
        const auto wait =
            std::chrono::ceil<std::chrono::milliseconds>(std::max(until - Clock::now(), Clock::duration{0}));
        const bool full = until <= now_known;  // some receiver is slow: its POLLOUT wakes us
        lock.unlock();
        ::poll(looks.data(), looks.size(), full ? 100 : static_cast<int>(wait.count()));
        lock.lock();

        char octets[64];
        while (::read(wake_[0], octets, sizeof octets) > 0) continue;
        for (std::size_t i = 0; i < listening; ++i)
            if ((looks[1 + i].revents & POLLIN) != 0 && ports_[i]->listener >= 0) accept(*ports_[i]);
        const auto now = Clock::now();
        for (std::size_t i = 0; i < connected; ++i) {
            auto& connection = *connections_[i];
            auto* look = &looks[1 + listening + 4 * i];
            for (auto* pipe : {&connection.up, &connection.down}) {
                if ((look->revents & (POLLIN | POLLHUP | POLLERR)) != 0 && *pipe->in >= 0)
                    receive(connection, *pipe);
                deliver(connection, *pipe, now);
                look += 2;
            }
        }
        std::erase_if(connections_, [](const auto& connection) {
            if (connection->client < 0 && connection->server < 0) return true;
            if (connection->forgotten) return connection->up.ended || connection->down.ended;
            return connection->up.shut && connection->down.shut;
        });
    }
    connections_.clear();
}

}  // namespace conductor::test
