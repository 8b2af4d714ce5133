// A configuration that changes while the daemon leads (plugin-abi §11).

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/plugin_host.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

const Variables with_admin{{"OP_CONDUCTOR_RPC_ENABLE_ADMIN", "true"}};

constexpr const char* sample = "org.example.sample";

/// The entry of the file's check in `conductor_plugins`.
std::string row_of_extra(PluginHost& host) {
    const auto list = host->ask("conductor_plugins");
    const auto at = list.find("{\"instance\":\"extra\"");
    return at == std::string::npos ? std::string{} : list.substr(at, list.find('}', at) - at);
}
bool shows(PluginHost& host, const std::string& state) {
    return eventually(soon, [&] { return row_of_extra(host).find(state) != std::string::npos; });
}
/// Since when the file's check says what it says.
std::string since_of_extra(PluginHost& host) {
    const auto report = host->ask("conductor_healthReport");
    const auto at = report.find("\"sinceUnixMs\":", report.find("{\"instance\":\"extra\""));
    return report.substr(at, report.find(',', at) - at);
}

}  // namespace

TEST_CASE("SIGHUP lets a changed option count while blocks go on", "[sequencing][reload]") {
    PluginHost host{"reload-hup", sample, "mode = \"healthy\""};
    REQUIRE(host->sequence(1));
    REQUIRE(shows(host, "\"state\":\"healthy, "));
    host.write("mode = \"degraded\"");
    host->daemon().process().signal(SIGHUP);
    CHECK(host->logs(
        "msg=\"configuration read again\" reloaded=extra kept=\"\" needs_restart=\"\" options=\"\""));
    CHECK(shows(host, "\"state\":\"degraded, "));
    CHECK(host->logged("stopping sequencer") == 0);
    CHECK(host->produces(3));
    CHECK(host->daemon().stop() == 0);
}

TEST_CASE("conductor_reload says what became of each instance", "[sequencing][reload][3.4.9]") {
    PluginHost host{"reload-rpc", sample, "mode = \"degraded\", min = 1", CONDUCTOR_TEST_PLUGINS, with_admin};
    REQUIRE(host->sequence(1));
    REQUIRE(shows(host, "\"state\":\"degraded, "));
    const auto nothing = R"({"reloaded":[],"kept":[],"needsRestart":[],"options":[]})";
    CHECK(host->ask("conductor_reload") == nothing);

    const auto since = since_of_extra(host);
    host.write("mode = \"degraded\", min = 2");
    CHECK(host->ask("conductor_reload") ==
          R"({"reloaded":[],"kept":[],"needsRestart":["extra"],"options":[]})");
    CHECK(shows(host, " ms; its change waits for a restart"));

    host.write("mode = \"throw-in-create\", min = 1");
    CHECK(host->ask("conductor_reload") ==
          R"({"reloaded":[],"kept":["extra"],"needsRestart":[],"options":[]})");
    CHECK(
        host->logs("msg=\"plugin keeps its old options\" plugin=extra id=org.example.sample "
                   "err=\"cannot be created\""));
    CHECK(shows(host, " ms; it keeps its old options: cannot be created"));

    host.write("mode = \"degraded\", min = 1", "interval = \"300ms\"\n",
               "[raft]\nheartbeat-timeout = \"700ms\"\n");
    CHECK(host->ask("conductor_reload")
              .find(R"("needsRestart":["extra"],"options":["raft.heartbeat-timeout"])") != std::string::npos);
    CHECK(since_of_extra(host) == since);
    CHECK(host->produces(1));
}

TEST_CASE("a bad configuration is refused with its places, and everything stays as it was",
          "[sequencing][reload]") {
    PluginHost host{"reload-bad", sample, "mode = \"degraded\"", CONDUCTOR_TEST_PLUGINS, with_admin};
    REQUIRE(host->sequence(1));
    REQUIRE(shows(host, "\"state\":\"degraded, "));
    host.write("mod = \"healthy\", min = 5000");
    const auto refused = host->ask("conductor_reload");
    INFO(refused);
    CHECK(refused.find("reload refused: ") != std::string::npos);
    CHECK(refused.find(
              ".toml:7:13: health \\\"extra\\\": unknown option \\\"mod\\\"; did you mean \\\"mode\\\"?") !=
          std::string::npos);
    CHECK(refused.find("is out of range") != std::string::npos);
    host.write("mode = ");
    host->daemon().process().signal(SIGHUP);
    CHECK(eventually(soon, [&] { return host->logged("reload refused, everything stays as it was") >= 3; }));
    CHECK(host->logs(".toml:7:"));
    CHECK(shows(host, "\"state\":\"degraded, "));
    CHECK(host->produces(1));
}

TEST_CASE("a plugin that is never twice gives way and comes again", "[sequencing][reload]") {
    PluginHost host{"reload-single", "org.example.single", "mode = \"healthy\"", CONDUCTOR_TEST_PLUGINS,
                    with_admin};
    REQUIRE(host->sequence(1));
    host.write("mode = \"throw-in-create\"");
    CHECK(host->ask("conductor_reload").find(R"("kept":["extra"])") != std::string::npos);
    CHECK(host->says("conductor_sequencerHealthy", "true"));
    host.write("mode = \"unhealthy\"");
    CHECK(host->ask("conductor_reload").find(R"("reloaded":["extra"])") != std::string::npos);
    CHECK(host->says("conductor_sequencerHealthy", "false"));
    CHECK(
        host->logs("msg=\"health check holds something against the sequencer\" check=extra reason=single.bad"));
}

TEST_CASE("any number of instances may change in one reload", "[sequencing][reload]") {
    const auto others = [](const std::string& mode) {
        std::string tables;
        for (int i = 0; i < 9; ++i)
            tables += "[[health]]\nname = \"other-" + std::to_string(i) + "\"\nplugin = \"" + sample +
                      "\"\noptions = { mode = \"" + mode + "\" }\n";
        return tables;
    };
    PluginHost host{"reload-many", sample, {}, CONDUCTOR_TEST_PLUGINS, with_admin};
    host.write("mode = \"healthy\"", {}, others("healthy"));
    REQUIRE(host->sequence(1));
    host.write("mode = \"degraded\"", {}, others("degraded"));
    const auto told = host->ask("conductor_reload");
    CHECK(told.find(R"("kept":[],"needsRestart":[],"options":[]})") != std::string::npos);
    for (int i = 0; i < 9; ++i) CHECK(told.find("\"other-" + std::to_string(i) + '"') != std::string::npos);
    CHECK(shows(host, "\"state\":\"degraded, "));
}

TEST_CASE("instances that do not end are left behind, but not without number", "[sequencing][reload]") {
    const auto hanging = [](int i) {
        return std::string{"release = \"/nowhere\", mode = \"hang-in-"} + (i % 2 == 0 ? "stop" : "destroy") +
               "\"";
    };
    PluginHost host{"reload-left", sample, hanging(0), CONDUCTOR_TEST_PLUGINS, with_admin};
    REQUIRE(host->sequence(1));
    for (int i = 1; i <= 8; ++i) {
        host.write(hanging(i));
        CHECK(host->ask("conductor_reload").find(R"("reloaded":["extra"])") != std::string::npos);
    }
    host.write(hanging(9));
    CHECK(host->ask("conductor_reload").find(R"("kept":["extra"])") != std::string::npos);
    CHECK(shows(host, "8 instances did not end, and another may not: restart conductord"));
    CHECK(host->produces(3));
    CHECK(host->daemon().stop() == 0);
}

TEST_CASE("conductor_effectiveConfig tells each option with whoever set it, and no secret",
          "[sequencing][1.6.5][3.4.9]") {
    auto variables = with_admin;
    variables["OP_CONDUCTOR_STORAGE_LOCK_WAIT"] = "7s";
    variables["OP_CONDUCTOR_PEERS_RPC"] = "seq-2=http://someone:hidden@127.0.0.1:9";
    SequencingHost host{"effective-config", variables};
    REQUIRE(host.start_daemon());
    const auto told = host.ask("conductor_effectiveConfig");
    INFO(told);
    CHECK(told.find(R"("storage.lock-wait":{"value":"7s","from":"variable"})") != std::string::npos);
    CHECK(told.find(R"("raft.join":{"value":"auto","from":"default"})") != std::string::npos);
    CHECK(told.find(R"("endpoints":[)") != std::string::npos);
    CHECK(told.find("hidden") == std::string::npos);
    CHECK(host.logs("method=conductor_effectiveConfig params=[] peer=127.0.0.1:"));
}

TEST_CASE("only a daemon with rpc.enable-admin reloads, or tells its configuration, for whoever asks by RPC",
          "[sequencing][reload][P-39]") {
    PluginHost host{"reload-no-admin", sample};
    REQUIRE(host->start_daemon());
    CHECK(host->ask("conductor_effectiveConfig").find("conductor_effectiveConfig does not exist") !=
          std::string::npos);
    CHECK(host->ask("conductor_reload").find("the method conductor_reload does not exist/is not available") !=
          std::string::npos);
}
