// How the demo speaks: one line a step, with the seconds since it began, and what conductord itself wrote. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/conductor_daemon.hpp"
#include "tests/support/simnode_process.hpp"

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

/// From now on Ctrl-C and SIGTERM end the demo at its next step, in order: nothing is left running or behind.
void end_on_signals();
/// Throws Failed after such a signal.
void check_signals();

/// Waits; throws Failed with `what` where `holds` does not in time.
template <class Condition>
void await(const char* what, Condition holds) {
    const bool came = test::eventually(std::chrono::seconds{30}, [&] {
        check_signals();
        return holds();
    });
    if (!came) throw Failed{std::string{"waited in vain: "} + what};
}

/// Starts it (again) and waits until it leads; says how long that took.
void start(test::ConductorDaemon& daemon, const char* what);
/// SIGTERM; says how long the end took.
void stop(test::ConductorDaemon& daemon);

}  // namespace conductor::demo
