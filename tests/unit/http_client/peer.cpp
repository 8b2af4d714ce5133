#include "tests/unit/http_client/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace conductor::test {

namespace {

constexpr int patience_ms = 5000;

struct Listening {
    int socket{-1};
    std::uint16_t port{0};
};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return place;
}

Listening listen_on(std::uint16_t port) {
    Listening made;
    made.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(made.socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto place = loopback(port);
    socklen_t size = sizeof place;
    auto* address = reinterpret_cast<sockaddr*>(&place);
    if (bind(made.socket, address, size) != 0 || listen(made.socket, 8) != 0 ||
        getsockname(made.socket, address, &size) != 0)
        throw std::runtime_error{"cannot listen"};
    made.port = ntohs(place.sin_port);
    return made;
}

bool readable(int socket, int limit_ms) {
    pollfd waiting{socket, POLLIN, 0};
    return poll(&waiting, 1, limit_ms) > 0;
}

}  // namespace

Line::~Line() {
    if (socket_ >= 0) close(socket_);
}

std::string Line::read_request() {
    std::array<char, 4096> buffer{};
    while (true) {
        const auto head = unread_.find("\r\n\r\n");
        if (head != std::string::npos) {
            const auto at = unread_.find("Content-Length: ");
            const auto length = at < head ? std::strtoul(unread_.c_str() + at + 16, nullptr, 10) : 0;
            const auto whole = head + 4 + length;
            if (unread_.size() >= whole) {
                auto request = unread_.substr(0, whole);
                unread_.erase(0, whole);
                return request;
            }
        }
        if (!readable(socket_, patience_ms)) return {};
        const auto got = recv(socket_, buffer.data(), buffer.size(), 0);
        if (got <= 0) return {};
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

bool Line::say(std::string_view octets) const {
    while (!octets.empty()) {
        const auto sent = send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Line::wait_for_octets() const {
    readable(socket_, patience_ms);
}

void Line::wait_for_close() {
    while (!read_request().empty()) continue;
}

void Line::reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(socket_);
    socket_ = -1;
}

Peer::Peer(std::vector<Script> scripts, std::uint16_t port) {
    const auto made = listen_on(port);
    listener_ = made.socket;
    port_ = made.port;
    thread_ = std::thread{[this, scripts = std::move(scripts)] {
        for (const auto& script : scripts) {
            while (!stopping_ && !readable(listener_, 20)) continue;
            if (stopping_) return;
            Line line{accept(listener_, nullptr, nullptr)};
            ++accepted_;
            script(line);
        }
    }};
}

Peer::~Peer() {
    stopping_ = true;
    thread_.join();
    close(listener_);
}

BlackHole::BlackHole() {
    const auto made = listen_on(0);
    listen(made.socket, 0);
    port_ = made.port;
    sockets_.push_back(made.socket);
    for (int i = 0; i < 4; ++i) {
        const int filler = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const auto place = loopback(made.port);
        (void)connect(filler, reinterpret_cast<const sockaddr*>(&place), sizeof place);
        sockets_.push_back(filler);
    }
}

BlackHole::~BlackHole() {
    for (const int socket : sockets_) close(socket);
}

std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

std::uint16_t free_port() {
    const auto made = listen_on(0);
    close(made.socket);
    return made.port;
}

}  // namespace conductor::test
