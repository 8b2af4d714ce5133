// A crash inside a plugin cannot be contained in the process, but it can be named and counted: the fault
// handler writes which instance was running as the daemon's last line and leaves a mark in the state directory.
// A foreign plugin that brought the daemon down twice within ten minutes is left out at the next start.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace conductor::plugin {

/// What the handler says; prepared before the call, because a handler may not allocate.
class CrashLabel {
public:
    /// `instance` is the name in the configuration, or the path where there is none yet.
    CrashLabel(std::string_view instance, std::string_view id, std::string_view library, bool bundled = false);

    [[nodiscard]] const std::string& line() const noexcept { return line_; }
    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] bool bundled() const noexcept { return bundled_; }

private:
    std::string line_;
    std::string id_;
    bool bundled_;
};

/// While it lives this thread is inside that plugin. Nests. `what` is a constant: the name of the call.
class CrashScope {
public:
    CrashScope(const CrashLabel& label, const char* what) noexcept;
    ~CrashScope();
    CrashScope(const CrashScope&) = delete;
    CrashScope& operator=(const CrashScope&) = delete;

    /// Who has done what this thread has found after a call of `label`: of those that are inside a call now, on
    /// any thread, a foreign one before one of ours.
    static std::pair<const CrashLabel*, const char*> suspect(const CrashLabel& label, const char* what);

private:
    const CrashLabel& label_;
    const char* what_;
    const CrashLabel* label_before_;
    const char* what_before_;
};

/// A fault at an address of the library that holds `inside` is its own from now on, on whatever thread: one
/// that it made itself is in no call. `label` lives as long as the process.
void claim_code(const CrashLabel& label, const void* inside);

/// Once, at start: handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT and, in the end, lets each do what it
/// does by default; exit() is main's alone, whoever else calls it ends the process with code 1. Without a
/// `mark_file` nothing is counted.
///   errors  the mark file cannot be opened
[[nodiscard]] Result<void, Complaint> install_crash_handler(const std::filesystem::path& mark_file);

/// A stack of its own for the handler, so that an overflown stack is named too. Each worker calls it once.
void use_alternate_stack();

/// The marks of earlier lives.
class CrashMarks {
public:
    static constexpr std::chrono::minutes window{10};

    /// A file that is not there has no marks; lines that cannot be read are passed over.
    static CrashMarks read(const std::filesystem::path& mark_file, std::int64_t now_unix_s);

    /// Two crashes within the window, the last of them not older than the window.
    [[nodiscard]] bool excluded(std::string_view id) const;

private:
    std::int64_t now_{0};
    std::map<std::string, std::vector<std::int64_t>, std::less<>> crashes_;  // unix seconds, ascending
};

}  // namespace conductor::plugin
