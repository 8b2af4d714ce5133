#include "core/ctl/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace conductor::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t written_limit = std::size_t{4} << 20U;
constexpr int returned = 87;  // an exit of the library's own is unlikely to look like this

std::string describe(int status, bool killed, std::chrono::milliseconds limit) {
    if (killed) return "hung: killed after " + std::to_string(limit.count() / 1000) + " s";
    if (WIFSIGNALED(status)) {
        const char* name = ::sigabbrev_np(WTERMSIG(status));
        return std::string{"died of SIG"} + (name == nullptr ? std::to_string(WTERMSIG(status)) : name);
    }
    if (WEXITSTATUS(status) != returned)
        return "ended the process with code " + std::to_string(WEXITSTATUS(status));
    return {};
}

}  // namespace

void write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto wrote = ::write(fd, text.data() + done, text.size() - done);
        if (wrote <= 0) return;
        done += static_cast<std::size_t>(wrote);
    }
}

ChildEnd in_child(const std::function<void(int out)>& work, std::chrono::milliseconds limit) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return {{}, "cannot make a pipe"};
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return {{}, "cannot start a process"};
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::close(pipe[0]);
        work(pipe[1]);
        ::_exit(returned);
    }
    ::close(pipe[1]);

    ChildEnd end;
    bool killed = false;
    const auto until = Clock::now() + limit;
    std::array<char, 4096> octets{};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        pollfd ready{pipe[0], POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
            killed = true;
            ::kill(child, SIGKILL);
            break;
        }
        const auto got = ::read(pipe[0], octets.data(), octets.size());
        if (got <= 0) break;
        const auto room = written_limit - end.written.size();
        end.written.append(octets.data(), std::min(static_cast<std::size_t>(got), room));
    }
    ::close(pipe[0]);
    // It closed its end and may hang all the same.
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        if (!killed && Clock::now() >= until) {
            killed = true;
            ::kill(child, SIGKILL);
        }
        ::usleep(1000);
    }
    end.failure = describe(status, killed, limit);
    return end;
}

}  // namespace conductor::ctl
