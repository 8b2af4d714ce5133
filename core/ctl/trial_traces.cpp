#include "core/ctl/trial_traces.hpp"

#include <malloc.h>
#include <signal.h>

#include <filesystem>
#include <iterator>

namespace conductor::ctl {
namespace {

namespace fs = std::filesystem;

std::string handler_of(int signal) {
    struct sigaction action{};
    if (::sigaction(signal, nullptr, &action) != 0) return {};
    return std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler));
}

}  // namespace

Traces Traces::now() {
    Traces out;
    std::error_code error;
    out.threads = static_cast<std::size_t>(
        std::distance(fs::directory_iterator{"/proc/self/task", error}, fs::directory_iterator{}));
    for (fs::directory_iterator at{"/proc/self/fd", error}, end; !error && at != end; at.increment(error)) {
        std::error_code gone;  // the descriptor of this very listing
        const auto target = fs::read_symlink(at->path(), gone);
        if (!gone && target.string().find("/fd") == std::string::npos)
            out.descriptors.insert(at->path().filename().string() + " (" + target.string() + ")");
    }
    out.exhausted = static_cast<bool>(error);
    for (int signal = 1; signal < NSIG; ++signal) out.handlers.push_back(handler_of(signal));
    return out;
}

std::string Traces::left_by(const Traces& later) const {
    std::string out;
    const auto add = [&](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
    if (later.threads > threads) add(std::to_string(later.threads - threads) + " threads run on");
    for (const auto& descriptor : later.descriptors)
        if (!descriptors.contains(descriptor)) add("descriptor " + descriptor + " is open");
    if (later.exhausted) add("every descriptor of the process is open");
    for (const auto& descriptor : descriptors)
        if (!later.exhausted && !later.descriptors.contains(descriptor))
            add("descriptor " + descriptor + " was closed");
    for (std::size_t i = 0; i < handlers.size(); ++i)
        if (handlers[i] != later.handlers[i])
            add("the handler of signal " + std::to_string(i + 1) + " was changed");
    return out;
}

std::size_t heap_in_use() {
    return ::mallinfo2().uordblks;
}

}  // namespace conductor::ctl
