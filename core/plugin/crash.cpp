#include "core/plugin/crash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>

namespace conductor::plugin {
namespace {

thread_local const CrashLabel* running = nullptr;
thread_local const char* running_what = "";
int mark_fd = -1;

// Everything from here to on_fault runs inside a signal handler: no allocation, no lock, no stdio.
struct Line {
    char text[1024];
    std::size_t size{0};

    void add(std::string_view piece) noexcept {
        const auto count = std::min(piece.size(), sizeof text - size);
        std::memcpy(text + size, piece.data(), count);
        size += count;
    }
    void add_number(std::uint64_t number) noexcept {
        char digits[20];
        std::size_t at = sizeof digits;
        do {
            digits[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        add({digits + at, sizeof digits - at});
    }
    void write_to(int fd) const noexcept { [[maybe_unused]] const auto written = ::write(fd, text, size); }
};

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

void on_fault(int number) noexcept {
    if (const auto* label = running; label != nullptr) {
        running = nullptr;  // a second fault in here must not come back here
        Line mark;
        mark.add_number(static_cast<std::uint64_t>(::time(nullptr)));
        mark.add(" ");
        mark.add(label->id());
        mark.add("\n");
        if (mark_fd >= 0) mark.write_to(mark_fd);

        Line line;
        line.add(label->line());
        line.add(running_what);
        line.add(": ");
        line.add(name_of(number));
        line.add("\n");
        line.write_to(STDERR_FILENO);
    }
    std::signal(number, SIG_DFL);  // NOLINT: async-signal-safe
    ::raise(number);
}

}  // namespace

CrashLabel::CrashLabel(std::string_view instance, std::string_view id, std::string_view library) : id_{id} {
    line_ = "conductord: plugin \"" + std::string(instance) + "\" (" + std::string(id) + ", " +
            std::string(library) + ") crashed in ";
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
    if (!mark_file.empty()) {
        const int fd = ::open(mark_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
        if (fd < 0) return Complaint{mark_file.string() + ": " + std::strerror(errno)};
        if (mark_fd >= 0) ::close(mark_fd);
        mark_fd = fd;
    }
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
