// One conductord as an operator would start it: with the runbook's variables, on loopback, with an RPC port of
// the system's choice that it keeps when it is started again, over a storage directory that outlives it.
// Blocking; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

namespace conductor::test {

struct DaemonSetup {
    std::filesystem::path program;  ///< of conductord
    std::filesystem::path work;     ///< storage and output live here
    std::string id{"seq-1"};
    std::map<std::string, std::string> environment;  ///< more variables, or other values
    std::vector<std::string> arguments;
};

class ConductorDaemon {
public:
    explicit ConductorDaemon(DaemonSetup setup);

    /// From the next start() on.
    void set(const std::string& variable, const std::string& value) { setup_.environment[variable] = value; }
    /// Starts it (again). Returns at once.
    void start();
    /// Waits until its RPC answers; false: it ended first, or `limit` passed.
    [[nodiscard]] bool serves(std::chrono::milliseconds limit);
    /// Waits until it says that it leads.
    [[nodiscard]] bool leads(std::chrono::milliseconds limit);

    /// Where other members reach it; it keeps this when it is started again. Empty: not open within `limit`.
    [[nodiscard]] std::string raft_address(std::chrono::milliseconds limit);

    [[nodiscard]] DaemonProcess& process() { return *process_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// A new connection, after serves().
    [[nodiscard]] std::unique_ptr<HttpClient> client(std::chrono::milliseconds limit = std::chrono::seconds{
                                                         10}) const;
    /// Where its log lies.
    [[nodiscard]] std::filesystem::path store() const { return setup_.work / "data" / setup_.id; }

    /// SIGTERM; the exit code, or nothing if it still runs after `limit`.
    [[nodiscard]] std::optional<int> stop(std::chrono::milliseconds limit = std::chrono::seconds{10});

private:
    DaemonSetup setup_;
    std::optional<DaemonProcess> process_;
    std::uint16_t port_{0};
    std::string raft_address_;
};

}  // namespace conductor::test
