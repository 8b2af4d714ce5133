// The one logger of the process: a constant message, then keys.
//     logging::info("stepped down", {{"term", term}, {"why", why}});
// error: a person must act; warn: degraded, healing; info: a role, membership or production change; debug: per
// message. Never a secret, never a payload; masked_url (base) makes a URL fit. Any thread: a line is written
// whole and by one call. Asking for the level costs one relaxed load; a line below it is dropped before it is
// formatted.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log_line.hpp"
#include "core/runtime/log_format.hpp"

namespace conductor::logging {

struct Options {
    Level level{Level::info};
    Format format{Format::text};
    bool color{false};
    bool pid{false};
};

/// Where lines end. `line` ends with `\n`. Calls do not overlap.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(std::string_view line) noexcept = 0;
};

/// Standard output. A line that cannot be written, because the reader has gone, is lost; nobody is told, as
/// there is nobody to tell.
class StandardOutput final : public Sink {
public:
    void write(std::string_view line) noexcept override;
};

class Logger {
public:
    using Now = std::function<LogTime()>;

    /// `sink` must outlive the logger.
    Logger(Options options, Sink& sink, Now now = {});

    [[nodiscard]] bool enabled(Level level) const noexcept {
        return level >= level_.load(std::memory_order_relaxed);
    }
    void log(Level level, std::string_view message, FieldSpan fields);
    void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
        log(level, message, FieldSpan{fields.begin(), fields.size()});
    }
    void log(const HeldLine& line);

    void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }

private:
    std::atomic<Level> level_;
    const Style style_;
    Sink& sink_;
    const Now now_;
    std::mutex mutex_;  // keeps lines whole and in the order of their times; guards the two below
    TerminalPadding padding_;
    std::string text_;
};

/// The process's logger: before configure() that of Go, text on standard output from `info` up, coloured on a
/// terminal. Never destroyed, so that the last destructor may still speak.
[[nodiscard]] Logger& global() noexcept;
/// Replaces it. Lines under way still end in the old one, which is kept for that.
void configure(const Options& options);

inline bool enabled(Level level) noexcept {
    return global().enabled(level);
}
inline void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
    if (auto& logger = global(); logger.enabled(level)) logger.log(level, message, fields);
}
inline void trace(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::trace, message, fields);
}
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::error, message, fields);
}
inline void crit(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::crit, message, fields);
}

/// For tests: while it lives, the process's lines, logfmt from `level` up, are kept here. One at a time.
class Capture {
public:
    explicit Capture(Level level = Level::trace);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] bool contains(std::string_view part) const;

private:
    class Memory;
    std::unique_ptr<Memory> memory_;
    Logger logger_;
    Logger* before_;
};

}  // namespace conductor::logging
