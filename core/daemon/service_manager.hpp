// What the service manager that started us is told: that we are up, what we are doing, that we are leaving, and
// that the core thread still turns. The protocol is systemd's sd_notify(3): one datagram a message to the
// socket that NOTIFY_SOCKET names. Without that variable nothing is ever sent. A message that cannot be sent at
// once is dropped: we never wait for our own supervisor. Core thread; from_environment() before there are
// threads.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace conductor::daemon {

/// Where to, and how often the watchdog wants to be fed.
struct ServiceSocket {
    std::string address;  ///< a path, or '@' and a name without a file; empty: nobody listens
    std::optional<std::chrono::microseconds> watchdog;

    /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment: what we start must not speak
    /// in our name. A watchdog that is meant for another process, or is no number above zero, is none.
    [[nodiscard]] static ServiceSocket from_environment();
};

class ServiceManager {
public:
    /// `core` is fed for: its thread is the only one that keeps the watchdog quiet.
    ServiceManager(boost::asio::io_context& core, ServiceSocket socket);
    ~ServiceManager();
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    /// From now on the watchdog is fed twice within its period, and every second `status` is asked for one
    /// line, which is sent when it has changed. Until ready() each second also prolongs the start-up, which may
    /// take as long as its options say, as long as the core thread turns.
    void open(std::function<std::string()> status);
    void ready();
    /// The configuration is read again, until reloaded(). While nobody has been told that we are up this says
    /// nothing.
    void reloading();
    void reloaded();
    /// Feeding goes on until end(): a shut-down that hangs is a hang.
    void stopping();
    /// Nothing is sent any more.
    void end();

private:
    void feed();
    void look();
    void send(std::string_view message);

    const ServiceSocket socket_;
    int fd_{-1};
    bool ready_{false};
    bool reloading_{false};
    bool stopping_{false};
    bool complained_{false};
    std::function<std::string()> status_;
    std::string told_;
    boost::asio::steady_timer feed_timer_;
    boost::asio::steady_timer look_timer_;
};

}  // namespace conductor::daemon
