#include "core/plugin/crash.hpp"

#include <link.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>

#include "core/plugin/last_words.hpp"

namespace conductor::plugin {
namespace {

thread_local const CrashLabel* running = nullptr;
thread_local const char* running_what = "";
constexpr int exit_code = 1;  // the daemon's, where it could not go on

// The code of one library. Never freed: the handler may read it at any time.
struct Claim {
    const CrashLabel* label;
    std::uintptr_t begin{0};
    std::uintptr_t end{0};
    const Claim* next{nullptr};
};
std::atomic<const Claim*> claims{nullptr};

// Which foreign plugins are being called. Leaked: a worker that is left behind may still be inside one.
struct GuestsInside {
    std::mutex mutex;
    std::vector<const CrashScope*> scopes;
};
GuestsInside& guests_inside() {
    static auto& all = *new GuestsInside;
    return all;
}

// Whether the object holds what begins at `begin`; then from where to where it is mapped.
int find_object(struct dl_phdr_info* object, std::size_t, void* to) {
    auto& claim = *static_cast<Claim*>(to);
    std::uintptr_t low = UINTPTR_MAX;
    std::uintptr_t high = 0;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& part = object->dlpi_phdr[i];
        if (part.p_type != PT_LOAD) continue;
        low = std::min(low, object->dlpi_addr + part.p_vaddr);
        high = std::max(high, object->dlpi_addr + part.p_vaddr + part.p_memsz);
    }
    if (claim.begin < low || claim.begin >= high) return 0;
    claim.begin = low;
    claim.end = high;
    return 1;
}

std::uintptr_t where_it_fell(const void* context) noexcept {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#else
    return static_cast<std::uintptr_t>(machine.pc);
#endif
}

const CrashLabel* owner_of(std::uintptr_t address) noexcept {
    for (const auto* claim = claims.load(); claim != nullptr; claim = claim->next)
        if (address >= claim->begin && address < claim->end) return claim->label;
    return nullptr;
}

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
void on_fault(int number, siginfo_t*, void* context) noexcept {
    if (const auto* label = running; label != nullptr) {
        running = nullptr;  // a second fault in here must not come back here
        write_last_words(*label, "crashed", running_what, name_of(number));
    } else if (const auto* owner = owner_of(where_it_fell(context)); owner != nullptr) {
        write_last_words(*owner, "crashed", "a thread of its own", name_of(number));
    }
    std::signal(number, SIG_DFL);  // NOLINT: async-signal-safe
    ::raise(number);
}

// Runs on the thread that has called exit(). Of ours only main() does, when everything has ended: on any other
// thread it is a plugin's, whatever code it wishes for.
void on_exit() noexcept {
    if (running == nullptr && ::gettid() == ::getpid()) return;
    if (running != nullptr) {
        write_last_words(*running, "called exit", running_what, "leaving");
    } else {
        write_last_line("conductord: a thread that a plugin has made called exit: leaving\n");
    }
    ::_exit(exit_code);
}

}  // namespace

CrashLabel::CrashLabel(std::string_view instance, std::string_view id, std::string_view library, bool bundled)
    : id_{id}, bundled_{bundled} {
    line_ = "conductord: plugin \"" + std::string(instance) + "\" (" + std::string(id) + ", " +
            std::string(library) + ") ";
}

CrashScope::CrashScope(const CrashLabel& label, const char* what) noexcept
    : label_{label}, what_{what}, label_before_{running}, what_before_{running_what} {
    running = &label;
    running_what = what;
    if (label.bundled()) return;
    const std::scoped_lock lock{guests_inside().mutex};
    guests_inside().scopes.push_back(this);
}

CrashScope::~CrashScope() {
    running = label_before_;
    running_what = what_before_;
    if (label_.bundled()) return;
    const std::scoped_lock lock{guests_inside().mutex};
    std::erase(guests_inside().scopes, this);
}

std::pair<const CrashLabel*, const char*> CrashScope::suspect(const CrashLabel& label, const char* what) {
    if (!label.bundled()) return {&label, what};
    const std::scoped_lock lock{guests_inside().mutex};
    const auto& inside = guests_inside().scopes;
    if (inside.empty()) return {&label, what};
    return {&inside.back()->label_, inside.back()->what_};
}

void claim_code(const CrashLabel& label, const void* inside) {
    auto* claim = new Claim{&label, reinterpret_cast<std::uintptr_t>(inside)};
    if (::dl_iterate_phdr(&find_object, claim) == 0) claim->end = claim->begin;
    claim->next = claims.load();
    while (!claims.compare_exchange_weak(claim->next, claim)) {
    }
}

Result<void, Complaint> install_crash_handler(const std::filesystem::path& mark_file) {
    if (auto prepared = prepare_last_words(mark_file); !prepared) return prepared;
    [[maybe_unused]] static const int once = std::atexit(&on_exit);
    struct sigaction action{};
    action.sa_sigaction = &on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
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
