// What a process has cost so far, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <string>

namespace conductor::bench {

/// Of all threads that live.
[[nodiscard]] double cpu_seconds(pid_t pid);
/// A line of /proc/PID/status in MB: `VmRSS:`, `VmHWM:`. 0: there is none.
[[nodiscard]] double memory_mb(pid_t pid, const std::string& key);

}  // namespace conductor::bench
