// A library that may hang, crash or exit is looked at in a child process: what the child writes comes back, and
// how it ended. For a process with one thread; blocks until the child has ended.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace conductor::ctl {

struct ChildEnd {
    std::string written;  ///< at most 4 MiB
    std::string failure;  ///< how it ended, for a person; empty: it returned
};

/// Runs `work` in a fork of this process, with the end of a pipe to write to. Killed after `limit`.
[[nodiscard]] ChildEnd in_child(const std::function<void(int out)>& work, std::chrono::milliseconds limit);

/// All of `text`, or as much as the reader takes.
void write_all(int fd, const std::string& text);

}  // namespace conductor::ctl
