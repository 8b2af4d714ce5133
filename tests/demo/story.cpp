#include "tests/demo/story.hpp"

#include <signal.h>

#include <cstdarg>
#include <cstdio>

namespace conductor::demo {

using namespace std::chrono_literals;

namespace {

const Stopwatch since_beginning;
volatile sig_atomic_t interrupted = 0;

extern "C" void note_signal(int number) {
    interrupted = number;
}

}  // namespace

double Stopwatch::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

// A second signal ends the program at once; its children die with it (DaemonProcess).
void end_on_signals() {
    struct sigaction action{};
    action.sa_handler = note_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

void check_signals() {
    if (interrupted != 0) throw Failed{"interrupted"};
}

void title(const std::string& text) {
    std::printf("\n%s\n", text.c_str());
    std::fflush(stdout);
}

void say(const char* format, ...) {
    check_signals();
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::printf("%7.3f s  %s\n", since_beginning.seconds(), text);
    std::fflush(stdout);
}

void quote(const std::string& line) {
    std::printf("           | %s\n", line.c_str());
    std::fflush(stdout);
}

void quote_log(test::ConductorDaemon& daemon, const std::string& text, std::chrono::milliseconds limit) {
    const auto line = daemon.process().line_with(text, limit);
    if (!line)
        throw Failed{"conductord did not write \"" + text + "\"; its log:\n" + daemon.process().output()};
    const auto level = line->find("lvl=");
    quote(level == std::string::npos ? *line : line->substr(level));
}

void start(test::ConductorDaemon& daemon, const char* what) {
    const Stopwatch watch;
    daemon.start();
    if (!daemon.serves(10s)) throw Failed{"conductord does not answer; its log:\n" + daemon.process().output()};
    const auto answers_ms = watch.ms();
    if (!daemon.leads(10s)) throw Failed{"conductord does not lead; its log:\n" + daemon.process().output()};
    say("%s: RPC answers after %.0f ms, leader after %.0f ms (pid %d)", what, answers_ms, watch.ms(),
        daemon.process().pid());
}

void stop(test::ConductorDaemon& daemon) {
    const Stopwatch watch;
    if (daemon.stop() != 0)
        throw Failed{"conductord did not end cleanly after SIGTERM; its log:\n" + daemon.process().output()};
    say("conductord gets SIGTERM: ended with code 0 after %.0f ms", watch.ms());
}

}  // namespace conductor::demo
