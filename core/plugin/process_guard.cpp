#include "core/plugin/process_guard.hpp"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "core/plugin/last_words.hpp"

namespace conductor::plugin {
namespace {

constexpr std::array watched{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGPIPE};

struct Guard {
    std::array<struct sigaction, watched.size()> handlers{};
    int sentinel{-1};  ///< a low descriptor with an identity of its own
    ino_t sentinel_inode{0};
    std::function<void(const std::string&)> warn;
};

// Leaked on purpose: a worker that is left behind may still look.
std::atomic<const Guard*> guard{nullptr};

ino_t inode_of(int fd) {
    struct stat st{};
    return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

std::string name_of_signal(int number) {
    const char* name = ::sigabbrev_np(number);
    return std::string{"SIG"} + (name == nullptr ? std::to_string(number) : name);
}

}  // namespace

void arm_process_guard(std::function<void(const std::string&)> warn) {
    auto* made = new Guard;
    for (std::size_t i = 0; i < watched.size(); ++i) (void)::sigaction(watched[i], nullptr, &made->handlers[i]);
    const auto* before = guard.load();
    made->sentinel = before != nullptr ? before->sentinel : ::memfd_create("conductord-guard", MFD_CLOEXEC);
    made->sentinel_inode = inode_of(made->sentinel);
    made->warn = std::move(warn);
    guard = made;
}

void look_after_descriptors(const CrashLabel& label, const char* what) {
    const auto* kept = guard.load();
    if (kept == nullptr) return;
    if (kept->sentinel >= 0 && inode_of(kept->sentinel) != kept->sentinel_inode) {
        // Others may be at work beside it, and each finds it.
        const auto [suspect, doing] = CrashScope::suspect(label, what);
        write_last_words(*suspect, "closed descriptors that are not its own", doing, "leaving");
        ::signal(SIGABRT, SIG_DFL);  // it has been named
        std::abort();
    }
}

void look_after_handlers(const CrashLabel& label, const char* what) {
    const auto* kept = guard.load();
    if (kept == nullptr) return;
    for (std::size_t i = 0; i < watched.size(); ++i) {
        struct sigaction now{};
        if (::sigaction(watched[i], nullptr, &now) != 0) continue;
        if (now.sa_sigaction == kept->handlers[i].sa_sigaction) continue;
        ::sigaction(watched[i], &kept->handlers[i], nullptr);
        kept->warn(label.line() + "has taken the handler of " + name_of_signal(watched[i]) + " in " + what +
                   ", which is put back");
    }
}

}  // namespace conductor::plugin
