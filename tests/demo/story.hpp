// How the demo speaks: one line a step, with the seconds since it began, and what conductord itself wrote. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/conductor_daemon.hpp"

namespace conductor::demo {

/// A step that did not go as told. Ends the demo with exit code 1.
struct Failed {
    std::string why;
};

class Stopwatch {
public:
    [[nodiscard]] double seconds() const;
    [[nodiscard]] double ms() const { return 1000 * seconds(); }

private:
    std::chrono::steady_clock::time_point start_{std::chrono::steady_clock::now()};
};

void title(const std::string& text);
/// For %llu.
constexpr unsigned long long printable(std::uint64_t number) {
    return number;
}
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);
/// What somebody else wrote, on a line of its own.
void quote(const std::string& line);
/// The first line of its log that contains `text`, without its date. Throws Failed if it is not there within
/// `limit`.
void quote_log(test::ConductorDaemon& daemon, const std::string& text, std::chrono::milliseconds limit);

/// Starts it (again) and waits until it leads; says how long that took.
void start(test::ConductorDaemon& daemon, const char* what);
/// SIGTERM; says how long the end took.
void stop(test::ConductorDaemon& daemon);

}  // namespace conductor::demo
