#include "core/daemon/service_manager.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr auto look_period = 1s;
// One that misses many of our looks is gone, not slow.
constexpr std::string_view prolonged = "EXTEND_TIMEOUT_USEC=30000000";

std::string take_variable(const char* name) {
    const char* value = std::getenv(name);
    std::string out = value == nullptr ? "" : value;
    ::unsetenv(name);
    return out;
}

std::optional<long long> number_in(std::string_view text) {
    long long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
    return value;
}

struct Address {
    sockaddr_un name{};
    socklen_t size{0};
};

/// Nothing where the text names no such socket: AF_VSOCK and relative paths are not spoken.
std::optional<Address> address_of(std::string_view text) {
    Address out;
    if (text.size() < 2 || text.size() >= sizeof out.name.sun_path) return std::nullopt;
    if (text.front() != '/' && text.front() != '@') return std::nullopt;
    out.name.sun_family = AF_UNIX;
    std::memcpy(out.name.sun_path, text.data(), text.size());
    const bool abstract = text.front() == '@';
    if (abstract) out.name.sun_path[0] = '\0';
    // A name without a file ends where its length says, a path with its zero octet.
    out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (abstract ? 0 : 1));
    return out;
}

}  // namespace

ServiceSocket ServiceSocket::from_environment() {
    ServiceSocket out;
    out.address = take_variable("NOTIFY_SOCKET");
    const auto period = number_in(take_variable("WATCHDOG_USEC"));
    const auto for_whom = take_variable("WATCHDOG_PID");
    const bool for_us = for_whom.empty() || number_in(for_whom) == static_cast<long long>(::getpid());
    if (period && for_us) out.watchdog = std::chrono::microseconds{*period};
    return out;
}

ServiceManager::ServiceManager(boost::asio::io_context& core, ServiceSocket socket)
    : socket_{std::move(socket)}, feed_timer_{core}, look_timer_{core} {
    if (socket_.address.empty()) return;
    if (!address_of(socket_.address)) {
        logging::warn("NOTIFY_SOCKET names no socket, the service manager is told nothing",
                      {{"address", socket_.address}});
        return;
    }
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

ServiceManager::~ServiceManager() {
    end();
}

void ServiceManager::open(std::function<std::string()> status) {
    if (fd_ < 0) return;
    status_ = std::move(status);
    look();
    if (socket_.watchdog) feed();
}

void ServiceManager::ready() {
    if (ready_) return;
    ready_ = true;
    send("READY=1");
}

// The time is for Type=notify-reload (systemd 253), which tells an old READY from a new one by it.
void ServiceManager::reloading() {
    if (!ready_ || stopping_ || reloading_) return;
    reloading_ = true;
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

void ServiceManager::reloaded() {
    if (std::exchange(reloading_, false) && !stopping_) send("READY=1");
}

void ServiceManager::stopping() {
    if (stopping_) return;
    stopping_ = true;
    send("STOPPING=1\nSTATUS=stopping");
}

void ServiceManager::end() {
    feed_timer_.cancel();
    look_timer_.cancel();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void ServiceManager::feed() {
    send("WATCHDOG=1");
    feed_timer_.expires_after(*socket_.watchdog / 2);
    feed_timer_.async_wait([this](const auto& error) {
        if (!error && fd_ >= 0) feed();
    });
}

void ServiceManager::look() {
    if (!stopping_) {
        auto now = status_();
        // One line: a second one would be a message of its own.
        std::ranges::replace(now, '\n', ' ');
        if (now != told_) send("STATUS=" + now);
        told_ = std::move(now);
        if (!ready_) send(prolonged);
    }
    look_timer_.expires_after(look_period);
    look_timer_.async_wait([this](const auto& error) {
        if (!error && fd_ >= 0) look();
    });
}

void ServiceManager::send(std::string_view message) {
    if (fd_ < 0) return;
    const auto to = address_of(socket_.address);
    const auto* name = reinterpret_cast<const sockaddr*>(&to->name);
    if (::sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL, name, to->size) >= 0) return;
    if (complained_) return;
    complained_ = true;
    logging::warn("the service manager cannot be told",
                  {{"address", socket_.address}, {"err", std::strerror(errno)}});
}

}  // namespace conductor::daemon
