#include "core/plugin/crash.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <optional>
#include <thread>

#include "core/plugin/process_guard.hpp"
#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

struct Ended {
    std::string last_line;
    int signal{0};
    int code{0};
};

// Runs `body` in a child whose standard error is ours to read. It must not come back.
Ended in_child(const std::function<void()>& body) {
    int pipe_fds[2];
    REQUIRE(::pipe(pipe_fds) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(pipe_fds[1], STDERR_FILENO);
        ::close(pipe_fds[0]);
        ::alarm(20);
        body();
        ::_exit(0);
    }
    ::close(pipe_fds[1]);
    std::string said;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::read(pipe_fds[0], chunk, sizeof chunk)) > 0;)
        said.append(chunk, static_cast<std::size_t>(got));
    ::close(pipe_fds[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (!said.empty() && said.back() == '\n') said.pop_back();
    const auto newline = said.rfind('\n');
    return {newline == std::string::npos ? said : said.substr(newline + 1),
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : 0};
}

// A sanitizer has words of its own after ours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

void judge_in_mode(const std::string& mode, const fs::path& mark) {
    (void)install_crash_handler(mark);
    World world;
    const auto instance = world.sample(mode);
    (void)world.judge(*instance);
}

CrashMarks marks_of(const TemporaryDirectory& directory, const std::string& text, std::int64_t now) {
    return CrashMarks::read(directory.write("crashes", text), now);
}

}  // namespace

TEST_CASE("the last line of a daemon that a constructor brought down names the library", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] {
        (void)install_crash_handler(mark);
        ::setenv("CONDUCTOR_TEST_CRASH", "1", 1);
        const auto notes = read_notes(library("crash-in-constructor"));
        (void)map_library(library("crash-in-constructor"), *notes);
    });
    const auto path = library("crash-in-constructor").string();
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.last_line == "conductord: plugin \"" + path + "\" (org.example.unborn, " + path +
                                 ") crashed in its constructors: abort");
    CHECK(content(mark).ends_with(" org.example.unborn\n"));
}

TEST_CASE("a crash in a call names the instance and the call, and leaves a mark", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] { judge_in_mode("abort", mark); });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.last_line.starts_with("conductord: plugin \"test\" (org.example.sample, "));
    CHECK(ended.last_line.ends_with(") crashed in judge: abort"));
    CHECK(content(mark).ends_with(" org.example.sample\n"));
}

TEST_CASE("a crash in a thread that a plugin has made names its library", "[plugin][crash]") {
    if (sanitized) return;  // it has a handler of its own, and the last word
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] {
        judge_in_mode("segfault-in-thread", mark);
        ::pause();
    });
    const auto path = library("sample").string();
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.last_line == "conductord: plugin \"" + path + "\" (org.example.sample, " + path +
                                 ") crashed in a thread of its own: segmentation fault");
    CHECK(content(mark).ends_with(" org.example.sample\n"));
}

TEST_CASE("exit in a thread that a plugin has made ends the process without its code", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto ended = in_child([&] {
        judge_in_mode("exit-in-thread", directory.path() / "crashes");
        ::pause();
    });
    CHECK(ended.signal == 0);
    CHECK(ended.code == 1);
    CHECK(ended.last_line == "conductord: a thread that a plugin has made called exit: leaving");
}

TEST_CASE("exit by whoever has begun the process is his own affair", "[plugin][crash]") {
    const auto ended = in_child([] {
        (void)install_crash_handler({});
        std::exit(7);
    });
    CHECK(ended.code == 7);
    CHECK(ended.last_line.empty());
}

TEST_CASE("a segmentation fault in a call is named as such", "[plugin][crash]") {
    if (sanitized) return;  // it has a handler of its own, and the last word
    const TemporaryDirectory directory;
    const auto ended = in_child([&] { judge_in_mode("segfault", directory.path() / "crashes"); });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.last_line.ends_with(") crashed in judge: segmentation fault"));
}

TEST_CASE("a plugin that calls exit is named, marked, and ends the process without its code",
          "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] { judge_in_mode("exit", mark); });
    CHECK(ended.signal == 0);
    CHECK(ended.code == 1);
    CHECK(ended.last_line.ends_with(") called exit in judge: leaving"));
    CHECK(content(mark).ends_with(" org.example.sample\n"));
}

TEST_CASE("a plugin that closes descriptors which are not its own is named, marked, and ends the process",
          "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] {
        (void)install_crash_handler(mark);
        arm_process_guard([](const std::string&) {});
        World world;
        const auto instance = world.sample("close-descriptors");
        (void)world.judge(*instance);
    });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.last_line.find(") closed descriptors that are not its own in judge: leaving") !=
          std::string::npos);
    CHECK(content(mark).ends_with(" org.example.sample\n"));
}

TEST_CASE("closed descriptors that a call of a bundled plugin finds are the deed of the guest inside a call",
          "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const bool inside = GENERATE(true, false);
    const auto ended = in_child([&] {
        (void)install_crash_handler(mark);
        arm_process_guard([](const std::string&) {});
        const CrashLabel guest{"extra", "org.example.sample", "/sample.so"};
        const CrashLabel ours{"sync", "io.conductord.op-node-sync", "/sync.so", true};
        std::promise<void> entered;
        std::thread calls{[&] {
            std::optional<CrashScope> scope;
            if (inside) scope.emplace(guest, "judge");
            entered.set_value();
            ::pause();
        }};
        entered.get_future().wait();
        for (int fd = 0; fd <= 100; ++fd) (void)::close(fd);
        const CrashScope scope{ours, "probe"};
        look_after_descriptors(ours, "probe");
    });
    CHECK(ended.signal == SIGABRT);
    const std::string who =
        inside ? "plugin \"extra\" (org.example.sample, /sample.so) closed" : "plugin \"sync\"";
    CHECK(ended.last_line.find(who) != std::string::npos);
    CHECK(ended.last_line.find(inside ? " in judge: leaving" : " in probe: leaving") != std::string::npos);
}

TEST_CASE("what a library does to the process while it is mapped is seen as well", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mapping = [&](const std::string& name) {
        return in_child([&] {
            (void)install_crash_handler(directory.path() / "crashes");
            ::signal(SIGTERM, SIG_DFL);
            arm_process_guard([](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
            const auto notes = read_notes(library(name));
            const bool mapped = map_library(library(name), *notes).has_value();
            if (mapped) ::raise(SIGTERM);
        });
    };
    const auto closed = mapping("closes-in-constructor");
    CHECK(closed.signal == SIGABRT);
    CHECK(closed.last_line.find(") closed descriptors that are not its own in its constructors: leaving") !=
          std::string::npos);
    CHECK(content(directory.path() / "crashes").ends_with(" org.example.raw.closes_in_constructor\n"));
    const auto taken = mapping("takes-in-describe");
    CHECK(taken.signal == SIGTERM);
    CHECK(taken.last_line.ends_with(") has taken the handler of SIGTERM in describe, which is put back"));
}

TEST_CASE("a signal handler that a plugin takes is put back, and the plugin named", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto ended = in_child([&] {
        (void)install_crash_handler(directory.path() / "crashes");
        ::signal(SIGTERM, SIG_DFL);
        arm_process_guard([](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
        World world;
        const auto instance = world.sample("take-handler");
        const bool healthy = world.judge(*instance).verdict == Verdict::healthy;
        world.close(*instance);  // its worker looks when the answer has left
        if (healthy) ::raise(SIGTERM);
    });
    CHECK(ended.signal == SIGTERM);
    CHECK(ended.last_line.ends_with(") has taken the handler of SIGTERM in judge, which is put back"));
}

TEST_CASE("an overflown stack is named too", "[plugin][crash]") {
    if (sanitized) return;  // its frames are too large, and the stack it watches is its own
    const TemporaryDirectory directory;
    const auto ended = in_child([&] { judge_in_mode("overflow", directory.path() / "crashes"); });
    CHECK(ended.signal == SIGSEGV);
    CHECK(ended.last_line.ends_with(") crashed in judge: segmentation fault"));
}

TEST_CASE("a crash outside of plugins blames none", "[plugin][crash]") {
    const TemporaryDirectory directory;
    const auto mark = directory.path() / "crashes";
    const auto ended = in_child([&] {
        (void)install_crash_handler(mark);
        std::abort();
    });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.last_line.empty());
    CHECK(content(mark).empty());
}

TEST_CASE("two crashes within ten minutes leave a plugin out at the next start", "[plugin][crash]") {
    const TemporaryDirectory directory;
    CHECK(marks_of(directory, "1000 a\n1500 a\n", 1510).excluded("a"));
    CHECK_FALSE(marks_of(directory, "1000 a\n1500 b\n", 1510).excluded("a"));
    CHECK_FALSE(marks_of(directory, "1000 a\n1700 a\n", 1710).excluded("a"));  // too far apart
    CHECK_FALSE(marks_of(directory, "1000 a\n1500 a\n", 2200).excluded("a"));  // long ago
    CHECK(marks_of(directory, "nonsense\n100 a\n1000 a\n\n1500 a\n", 1510).excluded("a"));
    CHECK_FALSE(CrashMarks::read(directory.path() / "absent", 0).excluded("a"));
}

TEST_CASE("a mark file that cannot be opened is said at start", "[plugin][crash]") {
    const auto result = install_crash_handler("/no/such/directory/crashes");
    REQUIRE_FALSE(result);
    CHECK(result.error().text == "/no/such/directory/crashes: No such file or directory");
}
