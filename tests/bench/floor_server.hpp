// The floor of a commit: a process that reads the same body over loopback HTTP, writes half as many octets to
// its own pre-zeroed file, calls fdatasync, and answers. What any conductor on this machine must at least pay.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace conductor::bench {

class FloorServer {
public:
    /// Forks the process; its file lies in `directory`.
    explicit FloorServer(const std::filesystem::path& directory);
    ~FloorServer();
    FloorServer(const FloorServer&) = delete;
    FloorServer& operator=(const FloorServer&) = delete;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    pid_t pid_{-1};
    std::uint16_t port_{0};
};

}  // namespace conductor::bench
