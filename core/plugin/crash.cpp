#include "core/plugin/crash.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "core/plugin/last_words.hpp"

namespace conductor::plugin {
namespace {

thread_local const CrashLabel* running = nullptr;
thread_local const char* running_what = "";
constexpr int exit_code = 1;  // the daemon's, where it could not go on
const char* name_of(int number) noexcept {
    switch (number) {
        case SIGSEGV:
            return "segmentation fault";
        case SIGBUS:
            return "bus error";
        case SIGFPE:
            return "arithmetic fault";
        case SIGILL:
            return "illegal instruction";
        default:
            return "abort";
    }
}

// Inside a signal handler: no allocation, no lock, no stdio.
void on_fault(int number) noexcept {
    if (const auto* label = running; label != nullptr) {
        running = nullptr;  // a second fault in here must not come back here
        write_last_words(*label, "crashed", running_what, name_of(number));
    }
    std::signal(number, SIG_DFL);  // NOLINT: async-signal-safe
    ::raise(number);
}

// exit() runs on the thread that has called it.
void on_exit() noexcept {
    if (running == nullptr) return;
    write_last_words(*running, "called exit", running_what, "leaving");
    ::_exit(exit_code);
}

}  // namespace

CrashLabel::CrashLabel(std::string_view instance, std::string_view id, std::string_view library) : id_{id} {
    line_ = "conductord: plugin \"" + std::string(instance) + "\" (" + std::string(id) + ", " +
            std::string(library) + ") ";
}

CrashScope::CrashScope(const CrashLabel& label, const char* what) noexcept
    : label_before_{running}, what_before_{running_what} {
    running = &label;
    running_what = what;
}

CrashScope::~CrashScope() {
    running = label_before_;
    running_what = what_before_;
}

Result<void, Complaint> install_crash_handler(const std::filesystem::path& mark_file) {
    if (auto prepared = prepare_last_words(mark_file); !prepared) return prepared;
    [[maybe_unused]] static const int once = std::atexit(&on_exit);
    struct sigaction action{};
    action.sa_handler = &on_fault;
    action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
    ::sigemptyset(&action.sa_mask);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(number, &action, nullptr);
    return {};
}

void use_alternate_stack() {
    constexpr std::size_t size = 64 * 1024;
    thread_local std::unique_ptr<char[]> memory;
    // A sanitizer may have set one up already.
    stack_t now{};
    if (::sigaltstack(nullptr, &now) == 0 && (now.ss_flags & SS_DISABLE) == 0) return;
    memory = std::make_unique<char[]>(size);
    stack_t stack{};
    stack.ss_sp = memory.get();
    stack.ss_size = size;
    ::sigaltstack(&stack, nullptr);
}

CrashMarks CrashMarks::read(const std::filesystem::path& mark_file, std::int64_t now_unix_s) {
    CrashMarks marks;
    marks.now_ = now_unix_s;
    std::ifstream in{mark_file};
    std::string line;
    while (std::getline(in, line)) {
        char* end = nullptr;
        const auto when = std::strtoll(line.c_str(), &end, 10);
        if (end == line.c_str() || *end != ' ') continue;
        marks.crashes_[end + 1].push_back(when);
    }
    for (auto& [id, times] : marks.crashes_) std::ranges::sort(times);
    return marks;
}

bool CrashMarks::excluded(std::string_view id) const {
    const auto found = crashes_.find(id);
    if (found == crashes_.end() || found->second.size() < 2) return false;
    const auto& times = found->second;
    const auto last = times[times.size() - 1];
    const auto before = times[times.size() - 2];
    const auto limit = std::chrono::seconds{window}.count();
    return last - before <= limit && now_ - last <= limit;
}

}  // namespace conductor::plugin
