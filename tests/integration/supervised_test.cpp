// conductord under a service manager: what it says over a real datagram socket, and when it falls silent.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>

#include "tests/integration/conductord.hpp"
#include "tests/support/notify_socket.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* fed = "WATCHDOG=1";

ConductorDaemon supervised(const std::filesystem::path& work, const std::string& socket,
                           std::map<std::string, std::string> more = {}) {
    more["NOTIFY_SOCKET"] = socket;
    return ConductorDaemon{{conductord_program(), work, "seq-1", std::move(more), {}}};
}

bool any_has(const std::vector<std::string>& messages, const std::string& text) {
    return std::ranges::any_of(messages, [&](const auto& m) { return m.find(text) != std::string::npos; });
}

/// Stops one thread of a child and lets every other run, as a core thread that hangs does.
class HeldThread {
public:
    explicit HeldThread(pid_t thread) : thread_{thread} {
        held_ = ::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) == 0 &&
                ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0;
        int status = 0;
        if (held_) ::waitpid(thread_, &status, __WALL);
    }
    ~HeldThread() {
        if (held_) ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr);
    }
    HeldThread(const HeldThread&) = delete;
    HeldThread& operator=(const HeldThread&) = delete;
    [[nodiscard]] bool held() const noexcept { return held_; }

private:
    pid_t thread_;
    bool held_{false};
};

}  // namespace

TEST_CASE("the service manager hears that we are up, what we do, and that we leave", "[integration][systemd]") {
    const TempDir work{"conductord-notify"};
    const bool abstract = GENERATE(false, true);
    const auto path =
        abstract ? "@conductord-notify-" + std::to_string(::getpid()) : (work.path() / "notify").string();
    CAPTURE(path);
    NotifySocket socket{path};
    auto daemon = supervised(work.path(), path);
    daemon.start();

    const auto start = socket.until("READY=1", 10s);
    REQUIRE_FALSE(start.empty());
    CHECK(any_has(start, "STATUS="));
    CHECK(any_has(start, "EXTEND_TIMEOUT_USEC="));
    REQUIRE(daemon.leads(5s));
    CHECK_FALSE(socket.until("STATUS=leads, paused", 5s).empty());
    // Nobody asked for a watchdog, and a start that is over is not prolonged.
    socket.drain();
    CHECK(socket.count(fed, 1200ms) == 0);

    daemon.process().signal(SIGTERM);
    CHECK_FALSE(socket.until("STOPPING=1", 5s).empty());
    CHECK(daemon.process().wait(10s) == 0);
}

TEST_CASE("the service manager hears of a reload, and of its end", "[integration][systemd][reload]") {
    const TempDir work{"conductord-notify-reload"};
    const auto path = (work.path() / "notify").string();
    NotifySocket socket{path};
    auto daemon = supervised(work.path(), path);
    daemon.start();
    REQUIRE_FALSE(socket.until("READY=1", 10s).empty());
    REQUIRE(daemon.leads(5s));
    daemon.process().signal(SIGHUP);
    const auto began = socket.until("RELOADING=1", 5s);
    REQUIRE_FALSE(began.empty());
    CHECK(began.back().find("\nMONOTONIC_USEC=") != std::string::npos);
    CHECK_FALSE(socket.until("READY=1", 5s).empty());
    daemon.process().signal(SIGTERM);
    CHECK(daemon.process().wait(10s) == 0);
}

TEST_CASE("a daemon that is refused its start never says that it is up", "[integration][systemd]") {
    const TempDir work{"conductord-notify-refused"};
    const auto path = (work.path() / "notify").string();
    NotifySocket socket{path};
    auto daemon = supervised(work.path(), path, {{"OP_CONDUCTOR_RAFT_STORAGE_DIR", "/dev/null/nowhere"}});
    daemon.start();
    CHECK(daemon.process().wait(10s) == 1);
    CHECK(socket.until("READY=1", 100ms).empty());
}

TEST_CASE("the watchdog is fed twice within its period, and no longer once the core thread hangs",
          "[integration][systemd]") {
    const TempDir work{"conductord-watchdog"};
    const auto path = (work.path() / "notify").string();
    NotifySocket socket{path};
    auto daemon = supervised(work.path(), path, {{"WATCHDOG_USEC", "400000"}});
    daemon.start();
    REQUIRE_FALSE(socket.until("READY=1", 10s).empty());
    REQUIRE(daemon.serves(5s));

    socket.drain();
    CHECK(socket.count(fed, 2s) >= 5);  // ten on a machine with time to spare
    {
        const HeldThread core{daemon.process().pid()};
        if (!core.held() && errno == EPERM) {
            WARN("this system forbids ptrace");
            return;
        }
        REQUIRE(core.held());
        socket.drain();
        const auto alive = daemon.client(2s)->get("/livez");  // its other threads still work
        REQUIRE(alive.has_value());
        CHECK(alive->status == 200);
        CHECK(socket.count(fed, 1500ms) == 0);
    }
    CHECK_FALSE(socket.until(fed, 5s).empty());
}

TEST_CASE("a watchdog of another process is not fed", "[integration][systemd]") {
    const TempDir work{"conductord-watchdog-other"};
    const auto path = (work.path() / "notify").string();
    NotifySocket socket{path};
    auto daemon = supervised(work.path(), path, {{"WATCHDOG_USEC", "100000"}, {"WATCHDOG_PID", "1"}});
    daemon.start();
    REQUIRE_FALSE(socket.until("READY=1", 10s).empty());
    CHECK(socket.count(fed, 700ms) == 0);
}

TEST_CASE("a service manager that has gone or never was does not hinder the start", "[integration][systemd]") {
    const TempDir work{"conductord-notify-gone"};
    const bool unspoken = GENERATE(false, true);
    const auto path = unspoken ? "vsock:2:1" : (work.path() / "nobody").string();
    CAPTURE(path);
    auto daemon = supervised(work.path(), path, {{"WATCHDOG_USEC", "100000"}});
    daemon.start();
    REQUIRE(daemon.leads(5s));
    CHECK(daemon.process().output().find("the service manager") != std::string::npos);
    CHECK(daemon.stop() == 0);
}
