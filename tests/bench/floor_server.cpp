#include "tests/bench/floor_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace conductor::bench {
namespace {

constexpr std::size_t file_octets = 64U << 20U;

void need(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string{"floor: "} + what);
}

std::size_t content_length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

void serve(int connection, int file) {
    std::vector<char> body;
    std::string head;
    off_t at = 0;
    char block[65536];
    while (true) {
        std::size_t end = 0;
        while ((end = head.find("\r\n\r\n")) == std::string::npos) {
            const auto got = ::recv(connection, block, sizeof block, 0);
            if (got <= 0) return;
            head.append(block, static_cast<std::size_t>(got));
        }
        const auto length = content_length(head);
        if (body.size() < length) body.resize(length);
        auto have = head.size() - end - 4;
        std::memcpy(body.data(), head.data() + end + 4, have);
        while (have < length) {
            const auto got = ::recv(connection, body.data() + have, length - have, 0);
            if (got <= 0) return;
            have += static_cast<std::size_t>(got);
        }
        const auto half = length / 2;
        if (static_cast<std::size_t>(at) + half > file_octets) at = 0;
        if (::pwrite(file, body.data(), half, at) != static_cast<ssize_t>(half) || ::fdatasync(file) != 0)
            return;
        at += static_cast<off_t>((half + 4095) / 4096 * 4096);
        const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if (::send(connection, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return;
        head.clear();
    }
}

}  // namespace

FloorServer::FloorServer(const std::filesystem::path& directory) {
    const int file = ::open((directory / "floor").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    need(file >= 0, "no file");
    const std::vector<char> zeros(1U << 20U);
    for (std::size_t at = 0; at < file_octets; at += zeros.size())
        need(::pwrite(file, zeros.data(), zeros.size(), static_cast<off_t>(at)) > 0, "cannot fill the file");
    need(::fsync(file) == 0, "fsync");

    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof to;
    need(::bind(listener, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "bind");
    need(::listen(listener, 16) == 0, "listen");
    need(::getsockname(listener, reinterpret_cast<sockaddr*>(&to), &size) == 0, "getsockname");
    port_ = ntohs(to.sin_port);

    const auto parent = ::getpid();
    pid_ = ::fork();
    need(pid_ >= 0, "fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (::getppid() == parent) {
            const int connection = ::accept(listener, nullptr, nullptr);
            if (connection < 0) break;
            const int on = 1;
            ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            serve(connection, file);
            ::close(connection);
        }
        ::_exit(0);
    }
    ::close(listener);
    ::close(file);
}

FloorServer::~FloorServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace conductor::bench
