// A check by a program or script of the operator: exit 0 to 3 is healthy, degraded, unhealthy, unknown. Until
// plugins have processes of their own this is the way to run what nobody trusts inside the daemon.
#include <sys/stat.h>
#include <unistd.h>
#include <conductor/cpp/health_check.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "plugins/health-exec/child.hpp"

namespace {

using conductor::Failure;
using conductor::Finding;

constexpr std::uint64_t margin_ns = 50'000'000;

// The answer must be there before the deadline, or the host drops it.
std::uint64_t kill_at(std::uint64_t deadline_ns, std::uint64_t now_ns) {
    if (deadline_ns <= now_ns) return now_ns;
    return deadline_ns - std::min(margin_ns, (deadline_ns - now_ns) / 10);
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

}  // namespace

class Exec final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.exec", "Program", "0.1.0",
                                            "A program of the operator judges by its exit code"};
    static constexpr std::array options{
        conductor::live(conductor::required(conductor::list_of(conductor::option_string(
            "command", nullptr, "absolute path of the program, then its arguments; no shell")))),
        conductor::live(conductor::list_of(conductor::option_string(
            "environment", nullptr, "NAME=value besides PATH and CONDUCTOR_INSTANCE; nothing is inherited")))};
    static constexpr std::array<const char*, 4> reasons{"exec.degraded", "exec.unhealthy", "exec.unknown",
                                                        nullptr};

    explicit Exec(conductor::Host host)
        : host_{host}, command_{host.strings("command")}, environment_{host.strings("environment")} {
        if (command_.empty() || command_.front().empty() || command_.front().front() != '/')
            throw Failure(CONDUCTOR_BAD_CONFIG, "command: the program is an absolute path");
        environment_.insert(environment_.begin(), "PATH=/usr/local/bin:/usr/bin:/bin");
        environment_.push_back("CONDUCTOR_INSTANCE=" + host.instance());
    }

    Finding judge(const conductor_call& call) override {
        refuse_foreign_program();
        const auto end = run_child(
            {command_, environment_, kill_at(call.deadline_ns, host_.monotonic_ns()), call.cancel_fd});
        auto said = trimmed(end.output);
        switch (end.how) {
            case ChildEnd::How::exited:
                return finding(end.code, std::move(said));
            case ChildEnd::How::signalled:
                throw Failure(CONDUCTOR_REMOTE_ERROR,
                              command_.front() + " was ended by signal " + std::to_string(end.code));
            case ChildEnd::How::killed:
                throw Failure(CONDUCTOR_TIMED_OUT, command_.front() + " did not end in time and was killed");
            case ChildEnd::How::cancelled:
                throw Failure(CONDUCTOR_CANCELLED, command_.front() + " was killed");
            case ChildEnd::How::not_started:
                break;
        }
        throw Failure(CONDUCTOR_BAD_CONFIG, command_.front() + ": " + std::strerror(end.code));
    }

private:
    [[nodiscard]] Finding finding(int code, std::string said) const {
        switch (code) {
            case 0:
                return Finding::healthy();
            case 1:
                return Finding::degraded("exec.degraded", std::move(said));
            case 2:
                return Finding::unhealthy("exec.unhealthy", std::move(said));
            case 3:
                return Finding::unknown("exec.unknown", std::move(said));
            default:
                throw Failure(CONDUCTOR_REMOTE_ERROR, command_.front() + " exited with " +
                                                          std::to_string(code) +
                                                          ", 0 to 3 mean something: " + said);
        }
    }

    // It runs with the daemon's rights, so nobody else may have written it.
    void refuse_foreign_program() const {
        const auto& program = command_.front();
        struct stat st{};
        if (::stat(program.c_str(), &st) != 0)
            throw Failure(CONDUCTOR_BAD_CONFIG, program + ": " + std::strerror(errno));
        if (st.st_uid != 0 && st.st_uid != ::geteuid())
            throw Failure(CONDUCTOR_BAD_CONFIG, program + ": is owned by uid " + std::to_string(st.st_uid) +
                                                    "; mend it with: chown root:root " + program);
        if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
            throw Failure(CONDUCTOR_BAD_CONFIG, program +
                                                    ": others than its owner may write to it; mend it "
                                                    "with: chmod go-w " +
                                                    program);
        std::error_code error;
        refuse_open_directories(program);
        refuse_open_directories(std::filesystem::canonical(program, error));
    }

    // Who may write to a directory exchanges what lies there for another program, if only for /bin/true.
    static void refuse_open_directories(std::filesystem::path at) {
        while (at.has_parent_path() && at != at.root_path()) {
            at = at.parent_path();
            struct stat st{};
            if (::stat(at.c_str(), &st) != 0)
                throw Failure(CONDUCTOR_BAD_CONFIG, at.string() + ": " + std::strerror(errno));
            if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
                throw Failure(CONDUCTOR_BAD_CONFIG,
                              at.string() +
                                  ": a directory above the program that others than its owner may write to; "
                                  "mend it with: chmod go-w " +
                                  at.string());
        }
    }

    conductor::Host host_;
    std::vector<std::string> command_;
    std::vector<std::string> environment_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(Exec)
