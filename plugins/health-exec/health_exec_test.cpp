#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

RawOption words(const std::string& key, const std::vector<std::string>& all) {
    RawOption option{key, {}, true, {}};
    for (const auto& word : all) option.values.push_back({word, {}});
    return option;
}

struct Program {
    World world;
    TemporaryDirectory directory;
    fs::path file;
    std::unique_ptr<Instance> instance;

    explicit Program(const std::string& script, std::vector<RawOption> more = {},
                     std::vector<std::string> words_after = {})
        : file{directory.write("check", "#!/bin/sh\n" + script)} {
        ::chmod(file.c_str(), 0755);
        words_after.insert(words_after.begin(), file.string());
        more.push_back(words("command", words_after));
        instance = world.make("health-exec", "io.conductord.exec", std::move(more));
        REQUIRE(world.open(*instance));
    }
    ~Program() { world.close(*instance); }
    Finding judge(std::chrono::nanoseconds limit = 20s) { return world.judge(*instance, limit); }
};

bool ended_soon(pid_t pid) {
    for (int i = 0; i < 200; ++i) {
        if (::kill(pid, 0) != 0) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}  // namespace

TEST_CASE("exit codes 0 to 3 are the four verdicts, the output is the detail", "[plugins][health-exec]") {
    CHECK(Program{"echo fine; exit 0"}.judge().verdict == Verdict::healthy);
    auto finding = Program{"echo slow >&2; exit 1"}.judge();
    CHECK(finding.verdict == Verdict::degraded);
    CHECK(finding.reason == "exec.degraded");
    CHECK(finding.detail == "slow");
    finding = Program{"echo broken; exit 2"}.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "exec.unhealthy");
    CHECK(finding.detail == "broken");
    finding = Program{"exit 3"}.judge();
    CHECK(finding.verdict == Verdict::unknown);
    CHECK(finding.reason == "exec.unknown");
    CHECK_FALSE(finding.probe_failed);
}

TEST_CASE("any other code, a signal and a program that is not there are faults of the probe",
          "[plugins][health-exec]") {
    auto finding = Program{"echo usage; exit 64"}.judge();
    CHECK(finding.probe_failed);
    CHECK(finding.detail.find("exited with 64, 0 to 3 mean something: usage") != std::string::npos);
    finding = Program{"kill -9 $$"}.judge();
    CHECK(finding.probe_failed);
    CHECK(finding.detail.find("was ended by signal 9") != std::string::npos);
    Program gone{"exit 0"};
    fs::remove(gone.file);
    finding = gone.judge();
    CHECK(finding.probe_failed);
    CHECK(finding.detail == gone.file.string() + ": No such file or directory");
}

TEST_CASE("no shell reads the arguments, and nothing of our environment is inherited",
          "[plugins][health-exec]") {
    ::setenv("CONDUCTOR_TEST_SECRET", "leaked", 1);
    Program program{"echo \"$1|$2|$CONDUCTOR_INSTANCE|$MINE|$CONDUCTOR_TEST_SECRET|$PWD\"; exit 2",
                    {words("environment", {"MINE=yes"})},
                    {"two words", "$(id)"}};
    CHECK(program.judge().detail == "two words|$(id)|test|yes||/");
    ::unsetenv("CONDUCTOR_TEST_SECRET");
}

TEST_CASE("a program that hangs is killed in time, with everything that it has started",
          "[plugins][health-exec]") {
    TemporaryDirectory directory;
    const auto note = directory.path() / "pid";
    Program hangs{"sleep 300 & echo $! > " + note.string() + "; wait"};
    const auto finding = hangs.judge(500ms);
    CHECK(finding.probe_failed);
    CHECK(finding.detail.find("did not end in time and was killed") != std::string::npos);
    CHECK_FALSE(hangs.instance->out_of_service());
    CHECK(hangs.instance->abandoned() == 0);
    CHECK(ended_soon(std::stoi(content(note))));
}

TEST_CASE("what a program leaves behind ends with it, though it holds the output open",
          "[plugins][health-exec]") {
    TemporaryDirectory directory;
    const auto note = directory.path() / "pid";
    Program program{"sleep 300 & echo $! > " + note.string() + "; echo done; exit 2"};
    CHECK(program.judge().detail == "done");
    CHECK(ended_soon(std::stoi(content(note))));
}

TEST_CASE("output beyond 4 KiB is cut and stops nobody", "[plugins][health-exec]") {
    Program program{"head -c 1000000 /dev/zero | tr '\\0' x; exit 2"};
    CHECK(program.judge().detail == std::string(4096, 'x'));
}

TEST_CASE("a program that a stranger could have written does not run", "[plugins][health-exec]") {
    Program program{"exit 0"};
    ::chmod(program.file.c_str(), 0777);
    auto finding = program.judge();
    CHECK(finding.probe_failed);
    CHECK(finding.detail.find("mend it with: chmod go-w ") != std::string::npos);
    ::chmod(program.file.c_str(), 0755);
    CHECK(program.judge().verdict == Verdict::healthy);
    const auto folder = fs::path{program.file}.parent_path();
    ::chmod(folder.c_str(), 0777);
    CHECK(program.judge().detail.find("a directory above the program that others") != std::string::npos);
    ::chmod(folder.c_str(), 01777);  // sticky: what lies there stays
    CHECK(program.judge().verdict == Verdict::healthy);
    ::chmod(folder.c_str(), 0700);
    if (::geteuid() != 0) return;
    REQUIRE(::chown(program.file.c_str(), 12345, 0) == 0);
    finding = program.judge();
    CHECK(finding.detail.find("is owned by uid 12345; mend it with: chown root:root ") != std::string::npos);
}

TEST_CASE("a program without an absolute path is refused at start", "[plugins][health-exec]") {
    World world;
    auto instance = world.make("health-exec", "io.conductord.exec", {words("command", {"check"})});
    const auto opened = world.open(*instance);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().text == "command: the program is an absolute path");
}
