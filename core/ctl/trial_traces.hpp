// What a plugin may leave behind in a process: threads, descriptors, signal handlers, memory. Reads /proc/self.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace conductor::ctl {

struct Traces {
    std::size_t threads{0};
    std::set<std::string> descriptors;  ///< `5 → /dev/null`
    bool exhausted{false};              ///< no descriptor was left to look with
    std::vector<std::string> handlers;  ///< of each signal, as text to compare

    [[nodiscard]] static Traces now();
    /// What `later` has besides, for a person; empty: nothing.
    [[nodiscard]] std::string left_by(const Traces& later) const;
};

/// Octets in use on the heap.
[[nodiscard]] std::size_t heap_in_use();

}  // namespace conductor::ctl
