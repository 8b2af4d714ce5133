#include "tests/bench/thin_links.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/bench/figures.hpp"

namespace conductor::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t piece = 16384;  // connections of one link take turns by this

/// Says when so many octets may pass.
class Meter {
public:
    explicit Meter(double rate) : rate_{rate} {}
    void pass(std::size_t octets) {
        Clock::time_point mine;
        {
            const std::lock_guard lock{mutex_};
            free_at_ = std::max(free_at_, Clock::now()) +
                       std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(static_cast<double>(octets) / rate_));
            mine = free_at_;
        }
        std::this_thread::sleep_until(mine);
    }

private:
    std::mutex mutex_;
    double rate_;
    Clock::time_point free_at_;
};

// Small buffers: what waits here has not been sent, as far as the sender can tell.
void narrow(int socket) {
    const int on = 1;
    const int octets = 1 << 16;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
}

void pump(int from, int to, Meter& meter) {
    char octets[piece];
    while (true) {
        const auto got = ::recv(from, octets, sizeof octets, 0);
        if (got <= 0) break;
        meter.pass(static_cast<std::size_t>(got));
        for (ssize_t sent = 0; sent < got;) {
            const auto now = ::send(to, octets + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
            if (now <= 0) break;
            sent += now;
        }
    }
    ::shutdown(to, SHUT_WR);
    ::shutdown(from, SHUT_RD);
}

[[noreturn]] void serve(int listener, std::uint16_t target, double rate) {
    Meter there{rate};
    Meter back{rate};
    while (true) {
        const int near = ::accept(listener, nullptr, nullptr);
        if (near < 0) ::_exit(0);
        const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(target);
        narrow(near);
        narrow(far);
        if (::connect(far, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
            ::close(near);
            ::close(far);
            continue;
        }
        std::thread{[near, far, &there, &back] {
            std::thread answers{[&] { pump(far, near, back); }};
            pump(near, far, there);
            answers.join();
            ::close(near);
            ::close(far);
        }}.detach();
    }
}

}  // namespace

ThinLink::ThinLink(const std::string& target, double octets_per_second) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof to;
    const bool open = ::bind(listener, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
                      ::listen(listener, 64) == 0 &&
                      ::getsockname(listener, reinterpret_cast<sockaddr*>(&to), &size) == 0;
    if (!open) fail("a link cannot listen");
    port_ = ntohs(to.sin_port);
    const auto port =
        static_cast<std::uint16_t>(std::strtoul(target.c_str() + target.rfind(':') + 1, nullptr, 10));
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, port, octets_per_second);
    }
    ::close(listener);
}

ThinLink::~ThinLink() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace conductor::bench
