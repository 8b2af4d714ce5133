// The floor of a commit in a group (reliability.md §5): as many processes as there are members. The first reads
// the body over loopback HTTP and passes half of it, as many octets as the SSZ has, over loopback TCP to the
// others; each writes that half to its own pre-zeroed file and calls fdatasync; the answer leaves when a
// majority has. No protocol, no parsing, no checks: what any group on this machine must at least pay.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace conductor::bench {

class GroupFloor {
public:
    /// Forks the processes; their files lie in `directory`.
    GroupFloor(std::size_t members, const std::filesystem::path& directory);
    ~GroupFloor();
    GroupFloor(const GroupFloor&) = delete;
    GroupFloor& operator=(const GroupFloor&) = delete;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    std::vector<pid_t> pids_;
    std::uint16_t port_{0};
};

}  // namespace conductor::bench
