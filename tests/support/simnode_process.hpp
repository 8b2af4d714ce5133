// One simnode (tests/simnode: consensus node and execution engine in one) as a child process on loopback, with
// ports of the system's choice that it keeps when it is started again. Blocking; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

namespace conductor::test {

struct SimnodeSetup {
    std::filesystem::path program;       ///< of simnode
    std::filesystem::path work;          ///< what it prints lies here
    std::string id{"node-1"};            ///< names that file
    std::vector<std::string> arguments;  ///< flags other than ports, `--block-time-ms=100`
};

class SimnodeProcess {
public:
    explicit SimnodeProcess(SimnodeSetup setup);

    /// Starts it (again), with genesis as its head. Returns at once.
    void start();
    /// Waits until it listens; false: it ended first, or `limit` passed.
    [[nodiscard]] bool serves(std::chrono::milliseconds limit = std::chrono::seconds{10});
    [[nodiscard]] DaemonProcess& process() { return *process_; }
    /// SIGKILL.
    void kill() { process_->kill_hard(); }
    /// SIGTERM; the exit code, or nothing if it still runs after `limit`.
    [[nodiscard]] std::optional<int> stop(std::chrono::milliseconds limit = std::chrono::seconds{5});

    // After serves(): where the three listeners are.
    [[nodiscard]] std::string cl_url() const { return url(cl_port_); }
    [[nodiscard]] std::string el_url() const { return url(el_port_); }
    [[nodiscard]] std::string control_url() const { return url(control_port_); }
    [[nodiscard]] std::uint16_t cl_port() const noexcept { return cl_port_; }
    [[nodiscard]] std::uint16_t el_port() const noexcept { return el_port_; }

    /// One call with params as JSON text, on a connection of its own: the whole body, empty without an answer.
    [[nodiscard]] std::string cl(std::string_view method, std::string_view params = "[]") const;
    [[nodiscard]] std::string el(std::string_view method, std::string_view params = "[]") const;
    [[nodiscard]] std::string control(std::string_view method, std::string_view params = "[]") const;
    /// A `sim_*` command that must succeed: its result as JSON text. Throws with the whole answer otherwise.
    std::string sim(std::string_view verb, std::string_view params = "[]") const;

    // Out of sim_status.
    [[nodiscard]] std::uint64_t count(std::string_view member) const;
    [[nodiscard]] bool flag(std::string_view member) const;
    [[nodiscard]] std::uint64_t head_number() const { return count("number"); }
    [[nodiscard]] std::string head_hash() const;

private:
    [[nodiscard]] static std::string url(std::uint16_t port);

    SimnodeSetup setup_;
    std::optional<DaemonProcess> process_;
    std::uint16_t cl_port_{0}, el_port_{0}, control_port_{0};
};

/// The `result` of an answer as JSON text; empty where it has none.
[[nodiscard]] std::string result_of(const std::string& answer);

/// Looks every few milliseconds; whether `holds` did before `limit` passed.
template <class Condition>
[[nodiscard]] bool eventually(std::chrono::milliseconds limit, Condition holds) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

}  // namespace conductor::test
