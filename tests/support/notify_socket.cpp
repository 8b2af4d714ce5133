#include "tests/support/notify_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace conductor::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

NotifySocket::NotifySocket(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path) throw std::runtime_error("too long for a socket: " + path);
    std::memcpy(name.sun_path, path.data(), path.size());
    if (path.front() == '@') name.sun_path[0] = '\0';
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path.front() != '@'));
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&name), size) != 0)
        throw std::runtime_error("cannot bind " + path);
}

NotifySocket::~NotifySocket() {
    ::close(fd_);
}

std::optional<std::string> NotifySocket::next(std::chrono::milliseconds limit) {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
    std::array<char, 4096> octets{};
    const auto got = ::recv(fd_, octets.data(), octets.size(), 0);
    if (got < 0) return std::nullopt;
    return std::string(octets.data(), static_cast<std::size_t>(got));
}

std::vector<std::string> NotifySocket::until(const std::string& text, std::chrono::milliseconds limit) {
    std::vector<std::string> came;
    const auto end = Clock::now() + limit;
    while (Clock::now() < end) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()) + 1ms;
        const auto message = next(left);
        if (!message) break;
        came.push_back(*message);
        if (message->find(text) != std::string::npos) return came;
    }
    return {};
}

std::size_t NotifySocket::count(const std::string& text, std::chrono::milliseconds period) {
    std::size_t found = 0;
    const auto end = Clock::now() + period;
    while (Clock::now() < end) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()) + 1ms;
        if (const auto message = next(left); message == text) ++found;
    }
    return found;
}

void NotifySocket::drain() {
    while (next(0ms)) {
    }
}

}  // namespace conductor::test
