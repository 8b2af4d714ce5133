// What a check may do wrong inside a daemon that leads: what the operator reads, what the verdict becomes, and
// that blocks go on.

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/plugin_host.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

struct Fault {
    const char* mode;
    const char* log;      ///< what the log has to say; null: nothing
    const char* verdict;  ///< of the check, in conductor_healthReport
    const char* detail;   ///< likewise; empty: not looked at
};

constexpr const char* cannot_look = "msg=\"health check cannot look\" check=extra err=";
constexpr const char* holds = "msg=\"health check holds something against the sequencer\" check=extra reason=";

const std::vector<Fault> faults{
    {"throw", "err=\"judge threw\"", "null", ""},
    {"throw-int", "err=\"unknown exception\"", "null", ""},
    {"odd-verdict", "err=\"malformed: verdict 9\"", "null", ""},
    {"hang", "err=\"no answer in time\"", "null", ""},
    {"undeclared", "reason=other detail=\"made up\"", "\"unhealthy\"", "made up"},
    {"malformed-utf8", "reason=sample.bad", "\"unhealthy\"", "a\xef\xbf\xbd\xef\xbf\xbd( z"},
    {"long", "reason=sample.bad", "\"unhealthy\"", "xxxxxxxx"},
    {"leak", nullptr, "\"healthy\"", ""},
    {"leaves-thread", nullptr, "\"healthy\"", ""},
    {"take-handler", "has taken the handler of SIGTERM in judge, which is put back", "\"healthy\"", ""},
    {"chatter", nullptr, "\"healthy\"", ""},
};

std::string extra_in(SequencingHost& host) {
    const auto report = host.ask("conductor_healthReport");
    const auto at = report.find("{\"instance\":\"extra\"");
    return at == std::string::npos ? report : report.substr(at);
}

}  // namespace

TEST_CASE("whatever a check does wrong is said, becomes a verdict, and no block waits for it",
          "[sequencing][plugins][faults]") {
    const auto fault = GENERATE(from_range(faults));
    CAPTURE(fault.mode);
    PluginHost host{std::string{"fault-"} + fault.mode, "org.example.sample"};
    host.write(std::string{"mode = \""} + fault.mode + "\", release = \"/nowhere\"",
               "role = \"advice\"\ntimeout = \"300ms\"\n");
    REQUIRE(host->sequence(1));
    if (fault.log != nullptr) CHECK(host->logs(fault.log));
    const auto wanted = std::string{"\"verdict\":"} + fault.verdict;
    CHECK(eventually(soon, [&] { return extra_in(*host).find(wanted) != std::string::npos; }));
    CHECK(extra_in(*host).find(fault.detail) != std::string::npos);
    CHECK(extra_in(*host).size() < 8192);
    CHECK(host->produces(5));
    CHECK(host->logged("stopping sequencer") == 0);
    CHECK(host->ask("conductor_sequencerHealthy") == "true");
    CHECK(host->daemon().stop(soon) == 0);
}

TEST_CASE("a gate that cannot look holds its verdict for a while and is unhealthy then",
          "[sequencing][plugins][faults]") {
    PluginHost host{"fault-gate", "org.example.sample"};
    host.write("mode = \"throw\"", "hold_for = \"3s\"\ninterval = \"200ms\"\n");
    REQUIRE(host->start_daemon());
    REQUIRE(host->logs(std::string{cannot_look} + "\"judge threw\""));
    CHECK(host->ask("conductor_sequencerHealthy") == "true");
    CHECK(host->says("conductor_sequencerHealthy", "false"));
    CHECK(host->logs("err=\"sequencer is not healthy: other\""));
    CHECK(host->logged(holds) == 0);
}

TEST_CASE("a check that hangs for good goes out of service, is shown so, and is left behind at the end",
          "[sequencing][plugins][faults]") {
    const std::string mode = GENERATE("hang", "hang-in-stop", "hang-in-destroy");
    CAPTURE(mode);
    PluginHost host{"fault-" + mode, "org.example.sample"};
    host.write("mode = \"" + mode + "\", release = \"/nowhere\"", "role = \"advice\"\ntimeout = \"100ms\"\n");
    REQUIRE(host->sequence(1));
    CHECK(host->produces(2));
    CHECK(host->daemon().stop(soon) == 0);
    CHECK(host->logged("msg=\"plugin does not end, leaving without it\" plugin=extra id=org.example.sample") ==
          1);
}

TEST_CASE("a library that is replaced on the disk judges on as it was mapped, also after a reload",
          "[sequencing][plugins][faults][reload]") {
    const TempDir plugins{"sequencing-replaced"};
    const auto file = plugins.path() / "sample.so";
    std::filesystem::copy_file(std::filesystem::path{CONDUCTOR_TEST_PLUGINS} / "sample.so", file);
    PluginHost host{"fault-replaced", "org.example.sample", "mode = \"healthy\"", plugins.path()};
    REQUIRE(host->sequence(1));
    // As a package manager does it: another file under the same name. This one is no library at all.
    std::ofstream{plugins.path() / "new"} << "#!/bin/sh\n";
    std::filesystem::rename(plugins.path() / "new", file);
    host.write("mode = \"degraded\"");
    host->daemon().process().signal(SIGHUP);
    CHECK(host->logs("msg=\"configuration read again\" reloaded=extra"));
    CHECK(eventually(soon,
                     [&] { return extra_in(*host).find("\"verdict\":\"degraded\"") != std::string::npos; }));
    CHECK(host->produces(3));
    CHECK(host->daemon().stop(soon) == 0);
    // The next start meets what lies there.
    CHECK(host.refusal(1).find("passed over: " + file.string() + ": not a shared library") !=
          std::string::npos);
}

TEST_CASE("SIGTERM while a plugin hangs in its start ends the daemon with code 0, the plugin left behind",
          "[sequencing][plugins][faults][2.4]") {
    PluginHost host{"fault-hang-in-start", "org.example.sample",
                    "mode = \"hang-in-start\", release = \"/nowhere\""};
    host->daemon().start();
    REQUIRE(host->daemon().serves(soon));
    CHECK(host->status("/readyz") == 503);
    CHECK(host->daemon().stop(soon) == 0);
    CHECK(host->logged("plugin does not end, leaving without it") == 1);
    CHECK(host->logged("Application failed") == 0);
}

TEST_CASE("a plugin that ends the process is named in its last line and leaves a mark",
          "[sequencing][plugins][faults]") {
    struct End {
        const char* mode;
        int code;
        const char* words;
    };
    const auto end = GENERATE(
        End{"exit", 1, "called exit in judge: leaving"},
        End{"close-descriptors", 128 + SIGABRT, "closed descriptors that are not its own in judge: leaving"},
        End{"segfault", 128 + SIGSEGV, "crashed in judge: segmentation fault"});
    CAPTURE(end.mode);
    PluginHost host{std::string{"fault-"} + end.mode, "org.example.sample",
                    std::string{"mode = \""} + end.mode + "\""};
    const auto said = host.refusal(end.code);
    CHECK(said.find(std::string{") "} + end.words) != std::string::npos);
    CHECK(said.find("conductord: plugin \"extra\" (org.example.sample, ") != std::string::npos);
    std::ifstream marks{host->work() / "data" / "plugin-crashes"};
    std::string mark;
    CHECK(std::getline(marks, mark));
    CHECK(mark.ends_with(" org.example.sample"));
}

TEST_CASE("a library whose code hangs while it is loaded is refused in bounded time",
          "[sequencing][plugins][faults]") {
    PluginHost host{"fault-describe", "org.example.raw.hangs_in_describe"};
    const auto said = host.refusal(1);
    CHECK(said.find(".toml:6:10: plugin \\\"org.example.raw.hangs_in_describe\\\" cannot be loaded: its "
                    "constructors or "
                    "describe() did not come back within 5 s") != std::string::npos);
    CHECK(said.find("Application failed") != std::string::npos);
}
