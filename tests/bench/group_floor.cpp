#include "tests/bench/group_floor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "tests/bench/figures.hpp"

namespace conductor::bench {
namespace {

constexpr std::size_t file_octets = 64U << 20U;

void need(bool good, const char* what) {
    if (!good) fail(std::string{"floor: "} + what);
}

/// A file full of zeros, into which bodies are written one behind the other.
class Platter {
public:
    explicit Platter(const std::filesystem::path& path)
        : file_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
        need(file_ >= 0, "no file");
        const std::vector<char> zeros(1U << 20U);
        for (std::size_t at = 0; at < file_octets; at += zeros.size())
            need(::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(at)) > 0,
                 "cannot fill the file");
        need(::fsync(file_) == 0, "fsync");
    }
    void store(const char* octets, std::size_t count) {
        if (at_ + count > file_octets) at_ = 0;
        need(::pwrite(file_, octets, count, static_cast<off_t>(at_)) == static_cast<ssize_t>(count), "pwrite");
        need(::fdatasync(file_) == 0, "fdatasync");
        at_ += (count + 4095) / 4096 * 4096;
    }

private:
    int file_;
    std::size_t at_{0};
};

int listener(std::uint16_t& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof to;
    need(::bind(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "bind");
    need(::listen(socket, 16) == 0, "listen");
    need(::getsockname(socket, reinterpret_cast<sockaddr*>(&to), &size) == 0, "getsockname");
    port = ntohs(to.sin_port);
    return socket;
}

void at_once(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    need(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "connect");
    at_once(socket);
    return socket;
}

bool send_all(int socket, const char* octets, std::size_t count) {
    while (count > 0) {
        const auto sent = ::send(socket, octets, count, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        octets += sent;
        count -= static_cast<std::size_t>(sent);
    }
    return true;
}

bool receive_all(int socket, char* octets, std::size_t count) {
    while (count > 0) {
        const auto got = ::recv(socket, octets, count, 0);
        if (got <= 0) return false;
        octets += got;
        count -= static_cast<std::size_t>(got);
    }
    return true;
}

/// Stores what it is sent and says so; ends with the connection.
void follow(int socket, const std::filesystem::path& path) {
    Platter platter{path};
    std::vector<char> body;
    std::uint64_t count = 0;
    while (receive_all(socket, reinterpret_cast<char*>(&count), sizeof count)) {
        if (body.size() < count) body.resize(count);
        if (!receive_all(socket, body.data(), count)) return;
        platter.store(body.data(), count);
        const char done = 1;
        if (!send_all(socket, &done, 1)) return;
    }
}

/// One thread a follower, so that all are fed at once.
class Feeder {
public:
    explicit Feeder(std::vector<int> followers) {
        for (const auto follower : followers) threads_.emplace_back([this, follower] { feed(follower); });
    }
    void begin(const char* octets, std::size_t count) {
        const std::lock_guard lock{mutex_};
        octets_ = octets;
        count_ = count;
        ++round_;
        stored_ = 0;
        changed_.notify_all();
    }
    void wait_for(std::size_t stored) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return stored_ >= stored; });
    }
    /// Of the round before: its octets may go.
    void wait_for_all() { wait_for(threads_.size()); }

private:
    void feed(int follower) {
        for (std::uint64_t done = 0;; ++done) {
            std::uint64_t count = 0;
            const char* octets = nullptr;
            {
                std::unique_lock lock{mutex_};
                changed_.wait(lock, [&] { return round_ > done; });
                count = count_;
                octets = octets_;
            }
            char stored = 0;
            need(send_all(follower, reinterpret_cast<const char*>(&count), sizeof count), "a follower is gone");
            need(send_all(follower, octets, count), "a follower is gone");
            need(receive_all(follower, &stored, 1), "a follower is gone");
            const std::lock_guard lock{mutex_};
            ++stored_;
            changed_.notify_all();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    const char* octets_{nullptr};
    std::uint64_t count_{0};
    std::uint64_t round_{0};
    std::size_t stored_{0};
    std::vector<std::thread> threads_;
};

std::size_t content_length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

/// False: the client has gone.
bool read_body(int connection, std::vector<char>& body, std::size_t& length) {
    std::string head;
    std::size_t end = 0;
    char block[65536];
    while ((end = head.find("\r\n\r\n")) == std::string::npos) {
        const auto got = ::recv(connection, block, sizeof block, 0);
        if (got <= 0) return false;
        head.append(block, static_cast<std::size_t>(got));
    }
    length = content_length(head);
    if (body.size() < length) body.resize(length);
    const auto have = head.size() - end - 4;
    std::memcpy(body.data(), head.data() + end + 4, have);
    return receive_all(connection, body.data() + have, length - have);
}

[[noreturn]] void lead(int clients, const std::vector<int>& followers, const std::filesystem::path& path) {
    Platter platter{path};
    Feeder feeder{followers};
    const auto others = followers.size() / 2 + followers.size() % 2;  // a majority, less ourselves
    std::vector<char> body;
    bool fed = false;
    while (true) {
        const int connection = ::accept(clients, nullptr, nullptr);
        if (connection < 0) ::_exit(0);
        at_once(connection);
        std::size_t length = 0;
        while (read_body(connection, body, length)) {
            feeder.begin(body.data(), length / 2);
            fed = true;
            platter.store(body.data(), length / 2);
            feeder.wait_for(others);
            const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            if (!send_all(connection, answer, sizeof answer - 1)) break;
            feeder.wait_for_all();
        }
        if (fed) feeder.wait_for_all();
        ::close(connection);
    }
}

}  // namespace

GroupFloor::GroupFloor(std::size_t members, const std::filesystem::path& directory) {
    const int clients = listener(port_);
    std::uint16_t inner_port = 0;
    const int inner = listener(inner_port);
    std::vector<int> followers;
    for (std::size_t i = 1; i < members; ++i) {
        const auto pid = ::fork();
        need(pid >= 0, "fork");
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            follow(connect_to(inner_port), directory / ("floor-" + std::to_string(i)));
            ::_exit(0);
        }
        pids_.push_back(pid);
        followers.push_back(::accept(inner, nullptr, nullptr));
        at_once(followers.back());
    }
    const auto pid = ::fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        lead(clients, followers, directory / "floor-0");
    }
    pids_.push_back(pid);
    for (const auto follower : followers) ::close(follower);
    ::close(inner);
    ::close(clients);
}

GroupFloor::~GroupFloor() {
    for (const auto pid : pids_) ::kill(pid, SIGKILL);
    for (const auto pid : pids_) ::waitpid(pid, nullptr, 0);
}

}  // namespace conductor::bench
