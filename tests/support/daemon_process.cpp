#include "tests/support/daemon_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

DaemonProcess::DaemonProcess(const Launch& launch) : output_{launch.output} {
    std::error_code none;
    const auto size = std::filesystem::file_size(output_, none);
    output_start_ = none ? 0 : size;

    // Everything that allocates is done before fork: the child of a threaded parent may call little.
    std::vector<std::string> arguments{launch.program.string()};
    arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
    std::vector<std::string> environment;
    for (const auto& [name, value] : launch.environment) environment.push_back(name + "=" + value);
    const auto argv = pointers_to(arguments);
    const auto envp = pointers_to(environment);
    const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0) throw std::runtime_error("cannot write " + output_.string());

    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(out);
    if (pid_ < 0) throw std::runtime_error("cannot start " + launch.program.string());
}

DaemonProcess::~DaemonProcess() {
    if (pid_ > 0) kill_hard();
}

DaemonProcess::DaemonProcess(DaemonProcess&& other) noexcept
    : output_{std::move(other.output_)},
      output_start_{other.output_start_},
      pid_{std::exchange(other.pid_, -1)},
      status_{other.status_} {}

void DaemonProcess::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

std::optional<int> DaemonProcess::wait(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!status_) {
        int raw = 0;
        const auto got = ::waitpid(pid_, &raw, WNOHANG);
        if (got == pid_) status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        if (got < 0) status_ = 127;
        if (status_ || std::chrono::steady_clock::now() >= until) break;
        std::this_thread::sleep_for(2ms);
    }
    return status_;
}

bool DaemonProcess::running() {
    return !wait(0ms).has_value();
}

void DaemonProcess::kill_hard() {
    signal(SIGKILL);
    (void)wait(10s);
}

std::string DaemonProcess::output() const {
    std::ifstream in{output_, std::ios::binary};
    in.seekg(static_cast<std::streamoff>(output_start_));
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::optional<std::string> DaemonProcess::line_with(const std::string& text, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        const bool ended = !running();
        std::istringstream lines{output()};
        for (std::string line; std::getline(lines, line);)
            if (line.find(text) != std::string::npos && !lines.eof()) return line;
        if (ended || std::chrono::steady_clock::now() >= until) return std::nullopt;
        std::this_thread::sleep_for(3ms);
    }
}

TempDir::TempDir(const std::string& name) {
    auto pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = pattern;
}

TempDir::~TempDir() {
    std::error_code ignored;  // a test that made it read-only may leave it behind
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace conductor::test
