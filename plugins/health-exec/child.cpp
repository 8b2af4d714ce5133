#include "plugins/health-exec/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

int milliseconds_until(std::uint64_t deadline_ns) {
    struct timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto at =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
    if (at >= deadline_ns) return 0;
    return static_cast<int>(std::min<std::uint64_t>((deadline_ns - at + 999'999) / 1'000'000, 60'000));
}

// The worker that calls has all signals blocked; the program must not inherit that.
int spawn(const ChildRun& run, int output, pid_t& pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    ::posix_spawn_file_actions_addchdir_np(&files, "/");
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const auto command = pointers(run.command);
    const auto environment = pointers(run.environment);
    const int failed = ::posix_spawn(&pid, run.command.front().c_str(), &files, &attributes, command.data(),
                                     environment.data());
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    return failed;
}

// What is there now; the pipe does not block. What is beyond the limit is read too, or its writer would hang.
void drain(int fd, std::string& into, std::size_t limit) {
    std::array<char, 4096> piece{};
    while (true) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        into.append(piece.data(), std::min(static_cast<std::size_t>(count), limit - into.size()));
    }
}

// Whole groups die, and before the program is reaped: until then its number is nobody else's.
ChildEnd reap(pid_t pid, ChildEnd end) {
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (end.how != ChildEnd::How::exited) return end;
    if (WIFSIGNALED(status)) {
        end.how = ChildEnd::How::signalled;
        end.code = WTERMSIG(status);
    } else {
        end.code = WEXITSTATUS(status);
    }
    return end;
}

}  // namespace

ChildEnd run_child(const ChildRun& run) {
    using How = ChildEnd::How;
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return {How::not_started, errno, {}};
    const Descriptor output{pipe[0]};
    Descriptor input{pipe[1]};
    ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
    pid_t pid = -1;
    if (const int failed = spawn(run, input.get(), pid); failed != 0) return {How::not_started, failed, {}};
    input.close();
    const Descriptor ended{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (ended.get() < 0) return reap(pid, {How::not_started, errno, {}});

    ChildEnd end;
    // The output may be closed long before the program ends, or be held open by what it has started: its own
    // end alone counts.
    std::array<pollfd, 3> watched{
        {{ended.get(), POLLIN, 0}, {run.cancel_fd, POLLIN, 0}, {output.get(), POLLIN, 0}}};
    while (true) {
        const int left = milliseconds_until(run.deadline_ns);
        const int ready = left == 0 ? 0 : ::poll(watched.data(), watched.size(), left);
        if (left == 0) {
            end.how = How::killed;
            return reap(pid, std::move(end));
        }
        if (ready <= 0) continue;
        if (watched[2].revents != 0) {
            drain(output.get(), end.output, run.output_limit);
            if ((watched[2].revents & POLLHUP) != 0) watched[2].fd = -1;
        }
        if (watched[0].revents != 0) {
            drain(output.get(), end.output, run.output_limit);
            end.how = How::exited;
            return reap(pid, std::move(end));
        }
        if (watched[1].revents != 0) {
            end.how = How::cancelled;
            return reap(pid, std::move(end));
        }
    }
}
