// A real conductord (or any other program of ours) as a child process, for integration tests and the demo. It
// never outlives its owner: the destructor kills it by process id. Output goes to a file that can be read
// while the process runs. Blocking; one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace conductor::test {

struct Launch {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  ///< the whole environment of the child
    std::filesystem::path output;                    ///< standard output and error, appended
};

class DaemonProcess {
public:
    explicit DaemonProcess(const Launch& launch);
    ~DaemonProcess();
    DaemonProcess(DaemonProcess&& other) noexcept;
    DaemonProcess& operator=(DaemonProcess&&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    /// Exit code, or 128 + signal; nothing if it still runs after `limit`.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);
    [[nodiscard]] bool running();
    /// SIGKILL, and waits until it is gone.
    void kill_hard();
    /// What it has written since this object was made.
    [[nodiscard]] std::string output() const;
    /// The first line of output() that contains `text`, once it is there; nothing after `limit`, or when the
    /// process has ended without it.
    [[nodiscard]] std::optional<std::string> line_with(const std::string& text,
                                                       std::chrono::milliseconds limit);

private:
    std::filesystem::path output_;
    std::uintmax_t output_start_{0};
    pid_t pid_{-1};
    std::optional<int> status_;
};

/// A directory under the system's temporary one that is removed with its owner.
class TempDir {
public:
    explicit TempDir(const std::string& name);
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace conductor::test
