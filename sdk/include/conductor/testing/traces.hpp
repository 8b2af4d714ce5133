// What a plugin may leave behind in a process, or change in it for everybody: threads, descriptors, signal
// handlers, mask, directory, locale, environment, memory. Reads /proc/self.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

struct Traces {
    std::size_t threads = 0;
    std::set<std::string> descriptors;  ///< `5 (/dev/null)`
    bool exhausted = false;             ///< no descriptor was left to look with
    std::vector<std::uintptr_t> handlers;
    std::vector<std::pair<std::string, std::string>> settings;  ///< name and state of what all share

    [[nodiscard]] static Traces now() {
        namespace fs = std::filesystem;
        Traces out;
        std::error_code error;
        out.threads = static_cast<std::size_t>(
            std::distance(fs::directory_iterator{"/proc/self/task", error}, fs::directory_iterator{}));
        for (fs::directory_iterator at{"/proc/self/fd", error}, end; !error && at != end; at.increment(error)) {
            std::error_code gone;  // the descriptor of this very listing
            const auto target = fs::read_symlink(at->path(), gone).string();
            if (!gone && target.find("/fd") == std::string::npos)
                out.descriptors.insert(at->path().filename().string() + " (" + target + ")");
        }
        out.exhausted = static_cast<bool>(error);
        for (int number = 1; number < NSIG; ++number) {
            struct sigaction action{};
            const bool known = ::sigaction(number, nullptr, &action) == 0;
            out.handlers.push_back(known ? reinterpret_cast<std::uintptr_t>(action.sa_handler) : 0);
        }
        out.settings = {{"umask", umask_now()},
                        {"working directory", fs::current_path(error).string()},
                        {"locale", std::setlocale(LC_ALL, nullptr)},
                        {"environment", environment()}};
        return out;
    }

    /// What `later` has besides, or has changed, for a person; empty: nothing.
    [[nodiscard]] std::string left_by(const Traces& later) const {
        std::string out;
        const auto add = [&out](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
        if (later.threads > threads) add(std::to_string(later.threads - threads) + " threads run on");
        for (const auto& descriptor : later.descriptors)
            if (descriptors.count(descriptor) == 0) add("descriptor " + descriptor + " is open");
        if (later.exhausted) add("every descriptor of the process is open");
        for (const auto& descriptor : descriptors)
            if (!later.exhausted && later.descriptors.count(descriptor) == 0)
                add("descriptor " + descriptor + " was closed");
        for (std::size_t i = 0; i < handlers.size(); ++i)
            if (handlers[i] != later.handlers[i])
                add("the handler of signal " + std::to_string(i + 1) + " was changed");
        for (std::size_t i = 0; i < settings.size(); ++i)
            if (settings[i] != later.settings[i]) add("the " + settings[i].first + " was changed");
        return out;
    }

private:
    static std::string umask_now() {  // umask() itself cannot ask without changing it
        std::ifstream in{"/proc/self/status"};
        for (std::string line; std::getline(in, line);)
            if (line.rfind("Umask:", 0) == 0) return line;
        return {};
    }
    static std::string environment() {
        std::string out;
        for (char** one = environ; one != nullptr && *one != nullptr; ++one) out.append(*one).push_back('\n');
        return out;
    }
};

/// Octets in use on the heap; 0 where a sanitizer keeps its own.
[[nodiscard]] inline std::size_t heap_in_use() {
    return ::mallinfo2().uordblks;
}

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
