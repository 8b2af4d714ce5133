// One run of a program: no shell, a process group of its own, nothing of ours inherited but three descriptors.
// It is over when the program has ended, or is killed with all that it started. Linux; blocks its caller.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct ChildEnd {
    enum class How : std::uint8_t { exited, signalled, killed, cancelled, not_started };
    How how{How::not_started};
    int code{0};         ///< exit code, number of the signal, or errno
    std::string output;  ///< standard output and error, cut at the limit
};

struct ChildRun {
    std::vector<std::string> command;      ///< the first is the path of the program
    std::vector<std::string> environment;  ///< all of it, `NAME=value`
    std::uint64_t deadline_ns{0};          ///< CLOCK_MONOTONIC: killed then
    int cancel_fd{-1};                     ///< killed once readable; -1: none
    std::size_t output_limit{4096};        ///< octets
};

[[nodiscard]] ChildEnd run_child(const ChildRun& run);
