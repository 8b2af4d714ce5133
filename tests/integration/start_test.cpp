// How a real conductord starts, refuses to start, and ends.

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/integration/conductord.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

struct Ended {
    std::optional<int> code;
    std::string output;
};

/// Starts it with one more variable and waits for it to refuse.
Ended refused(const std::filesystem::path& work, const std::map<std::string, std::string>& environment,
              const std::vector<std::string>& arguments = {}) {
    ConductorDaemon daemon{{conductord_program(), work, "seq-1", environment, arguments}};
    daemon.start();
    const auto code = daemon.process().wait(10s);
    return {code, daemon.process().output()};
}

/// Every file and folder below, with what is in it.
std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
    std::map<std::string, std::string> all;
    for (const auto& item : std::filesystem::recursive_directory_iterator{directory}) {
        std::ifstream file{item.path()};
        all[item.path()] = item.is_directory() ? "" : std::string{std::istreambuf_iterator<char>{file}, {}};
    }
    return all;
}

bool says(const Ended& ended, const std::string& text) {
    return ended.output.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("started with the runbook's variables it bootstraps, pauses, leads and answers",
          "[integration][S-1][S-2][S-61]") {
    const TempDir work{"conductord-start"};
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    REQUIRE(daemon.leads(5s));
    const auto client = daemon.client();

    CHECK(rpc_call(*client, "conductor_paused").find("true") != std::string::npos);
    CHECK(rpc_call(*client, "conductor_active").find("false") != std::string::npos);
    CHECK(rpc_call(*client, "conductor_leaderWithID").find("\"id\":\"seq-1\"") != std::string::npos);
    const auto membership = rpc_call(*client, "conductor_clusterMembership");
    CHECK(membership.find("\"suffrage\":0") != std::string::npos);
    CHECK(membership.find("\"version\":1") != std::string::npos);
    for (const auto* path : {"/healthz", "/livez", "/leaderz"}) {
        const auto answer = client->get(path);
        INFO(path);
        REQUIRE(answer.has_value());
        CHECK(answer->status == 200);
    }
    const auto ready = client->get("/readyz");
    REQUIRE(ready.has_value());
    CHECK(ready->body.find("starting") != std::string::npos);  // no node has answered yet
    CHECK(daemon.process().output().find("Raft cluster bootstrapped, pausing conductor.") != std::string::npos);
    CHECK(daemon.stop() == 0);

    daemon.start();
    REQUIRE(daemon.leads(5s));
    CHECK(daemon.process().output().find("Raft cluster already exists, skipping bootstrap") !=
          std::string::npos);
    CHECK(rpc_call(*daemon.client(), "conductor_paused").find("false") != std::string::npos);
}

TEST_CASE("without bootstrap it serves as a follower that leads nobody", "[integration]") {
    const TempDir work{"conductord-follower"};
    ConductorDaemon daemon{
        {conductord_program(), work.path(), "seq-1", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}}, {}}};
    daemon.start();
    REQUIRE(daemon.serves(5s));
    const auto client = daemon.client();
    Account account;
    CHECK(rpc_call(*client, "conductor_leader").find("false") != std::string::npos);
    CHECK(account.commit(*client, small_block(1)).find("node is not the leader") != std::string::npos);
    CHECK(client->get("/leaderz")->status == 503);
    CHECK(daemon.stop() == 0);
}

TEST_CASE("recorded blocks are acknowledged as the real conductor acknowledged them", "[integration][commit]") {
    const TempDir work{"conductord-recorded"};
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    REQUIRE(daemon.leads(5s));
    Account account;
    const auto client = daemon.client();
    for (const auto& block : blocks()) {
        INFO(block.name);
        CHECK(account.commit(*client, block).empty());
    }
    CHECK(daemon.stop() == 0);
    CHECK(compare_log(daemon.store(), account).empty());
}

TEST_CASE("a bad setting is refused before anything is touched", "[integration][config]") {
    const TempDir work{"conductord-bad"};
    const auto ended = refused(work.path(), {{"OP_CONDUCTOR_RAFT_SNAPSHOT_INTERVAL", "soon"}});
    CHECK(ended.code == 1);
    CHECK(says(ended, "OP_CONDUCTOR_RAFT_SNAPSHOT_INTERVAL"));
    CHECK(says(ended, "Application failed"));
    CHECK_FALSE(std::filesystem::exists(work.path() / "data"));

    const auto unknown = refused(work.path(), {}, {"--raft.bootstrp"});
    CHECK(unknown.code == 1);
    CHECK(says(unknown, "flag provided but not defined: -raft.bootstrp"));
}

TEST_CASE("a network that nobody knows is refused with the nearest name, a known one brings its limits",
          "[integration][config][1.5.3]") {
    const TempDir work{"conductord-network"};
    const auto unknown = refused(work.path(), {{"OP_CONDUCTOR_NETWORK", "op-mainet"}});
    CHECK(unknown.code == 1);
    CHECK(says(unknown, "invalid network: \\\"op-mainet\\\"; did you mean \\\"op-mainnet\\\"?"));

    // An empty variable is one that is not set, so these limits can only come from the profile.
    const std::map<std::string, std::string> limits{{"OP_CONDUCTOR_NETWORK", "op-mainnet"},
                                                    {"OP_CONDUCTOR_HEALTHCHECK_INTERVAL", ""},
                                                    {"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", ""},
                                                    {"OP_CONDUCTOR_HEALTHCHECK_MIN_PEER_COUNT", ""}};
    const auto known = refused(work.path(), limits, {"--check-config"});
    CHECK(known.code == 0);
    CHECK(says(known, "the configuration is valid"));
}

TEST_CASE("a check of the configuration finds what a start would refuse, and touches nothing",
          "[integration][config][plugin]") {
    const TempDir work{"conductord-check"};
    const auto file = work.path() / "conductord.toml";
    std::ofstream{file} << "[[health]]\nname = \"disk\"\nplugin = \"io.conductord.disk\"\n"
                           "options = { pth = \"/\", min_free = \"1GiB\" }\n"
                           "[[health]]\nname = \"own\"\nplugin = \"org.example.absent\"\n";
    const auto wrong = refused(work.path(), {{"OP_CONDUCTOR_PROXY_METHODS", "admin_startSequencer"}},
                               {"--config", file.string(), "--check-config"});
    CHECK(wrong.code == 1);
    CHECK(says(wrong, "conductord.toml:4:13: health \"disk\": unknown option \"pth\"; it accepts: paths"));
    CHECK(says(wrong, "org.example.absent"));
    CHECK(says(wrong, "proxy.methods: \"admin_startSequencer\" cannot be proxied"));
    CHECK_FALSE(says(wrong, "the configuration is valid"));
    CHECK_FALSE(std::filesystem::exists(work.path() / "data"));

    const auto scheme = refused(work.path(), {{"OP_CONDUCTOR_NODE_RPC", "ftp://node:1"}}, {"--check-config"});
    CHECK(scheme.code == 1);
    CHECK(says(scheme, "endpoints.node.url: URL \"ftp://node:1\""));

    const auto good = refused(work.path(), {}, {"--check-config"});
    CHECK(good.code == 0);
    CHECK(says(good, "the configuration is valid"));
    CHECK_FALSE(std::filesystem::exists(work.path() / "data"));
}

TEST_CASE("wrong options of plugins are refused, all of them, each with its place", "[integration][plugin]") {
    const TempDir work{"conductord-options"};
    const auto file = work.path() / "conductord.toml";
    std::ofstream{file} << "[[health]]\nname = \"disk\"\nplugin = \"io.conductord.disk\"\n"
                           "options = { path = \"/\", min_free = \"a lot\" }\n";
    const auto ended = refused(work.path(), {}, {"--config", file.string()});
    CHECK(ended.code == 1);
    CHECK(says(ended, "conductord.toml:4:13: health \\\"disk\\\": unknown option"));
    CHECK(says(ended, "conductord.toml:4:"));
    CHECK(says(ended, "is not a size"));
    CHECK(says(ended, "is required"));
}

TEST_CASE("a Go conductor's directory is refused before raft listens, and left as it was",
          "[integration][P-53][S-62][S-74]") {
    const std::string file = GENERATE("raft-log.db", "raft-stable.db");
    const std::string compat = GENERATE("none", "go");
    CAPTURE(file, compat);
    const TempDir work{"conductord-go"};
    const auto store = work.path() / "data" / "seq-1";
    std::filesystem::create_directories(store);
    std::ofstream{store / file} << "bolt";
    const auto snapshot = store / "snapshots" / "2-10-1717243200000";
    std::filesystem::create_directories(snapshot);
    std::ofstream{snapshot / "state.bin"} << "payload";
    const auto before = contents(store);
    const auto ended = refused(work.path(), {{"OP_CONDUCTOR_COMPAT", compat}});

    CHECK(ended.code == 1);
    CHECK(says(ended, (store / file).string()));
    CHECK(says(ended, "take it over in place, which this version cannot do yet"));
    CHECK(says(ended, "remove it from the cluster, wipe this directory, add it as non-voter, and promote it"));
    CHECK_FALSE(says(ended, "Raft server network transport is up"));
    CHECK(contents(store) == before);
}

TEST_CASE("a vote whose log is gone is refused, with what to do about it", "[integration][disk]") {
    const TempDir work{"conductord-log-gone"};
    {
        ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
        daemon.start();
        REQUIRE(daemon.leads(5s));
        REQUIRE(daemon.stop() == 0);
    }
    const auto segments = work.path() / "data" / "seq-1" / "segments";
    REQUIRE(std::filesystem::remove_all(segments) > 1);
    const auto ended = refused(work.path(), {});
    CHECK(ended.code == 1);
    CHECK(says(ended, segments.string() + ": missing beside a vote"));
    CHECK(says(ended, "replace the member"));
    CHECK_FALSE(std::filesystem::exists(segments));
}

TEST_CASE("a directory held by another process names its holder", "[integration][P-48][S-70]") {
    const TempDir work{"conductord-held"};
    ConductorDaemon holder{{conductord_program(), work.path(), "seq-1", {}, {}}};
    holder.start();
    REQUIRE(holder.leads(5s));

    const TempDir elsewhere{"conductord-held-log"};
    const bool waits = GENERATE(true, false);
    const std::map<std::string, std::string> same{
        {"OP_CONDUCTOR_RAFT_STORAGE_DIR", (work.path() / "data").string()},
        {"OP_CONDUCTOR_STORAGE_LOCK_WAIT", waits ? "300ms" : "0"}};
    const auto ended = refused(elsewhere.path(), same);
    CHECK(ended.code == 1);
    CHECK(says(ended, "held by another process") == waits);  // that line announces a wait
    CHECK(says(ended, std::to_string(holder.process().pid())));
    CHECK(holder.process().running());
}

TEST_CASE("a second process takes the directory over once the first has gone", "[integration][P-48][S-70]") {
    const TempDir work{"conductord-handover"};
    ConductorDaemon first{{conductord_program(), work.path(), "seq-1", {}, {}}};
    first.start();
    REQUIRE(first.leads(5s));

    const TempDir elsewhere{"conductord-handover-log"};
    ConductorDaemon second{{conductord_program(),
                            elsewhere.path(),
                            "seq-1",
                            {{"OP_CONDUCTOR_RAFT_STORAGE_DIR", (work.path() / "data").string()}},
                            {}}};
    second.start();
    REQUIRE(second.process().line_with("held by another process", 5s).has_value());
    CHECK(second.process().running());
    CHECK(first.stop() == 0);
    CHECK(second.leads(5s));
}

TEST_CASE("a directory that cannot be made or written is refused with its name", "[integration]") {
    const TempDir work{"conductord-readonly"};
    std::ofstream{work.path() / "data"} << "a file where a directory should be";
    const auto ended = refused(work.path(), {});
    CHECK(ended.code == 1);
    CHECK(says(ended, (work.path() / "data").string()));
}

TEST_CASE("a port in use is refused with its address", "[integration]") {
    const TempDir work{"conductord-port"};
    ConductorDaemon first{{conductord_program(), work.path(), "seq-1", {}, {}}};
    first.start();
    REQUIRE(first.serves(5s));

    const TempDir other{"conductord-port-2"};
    const auto ended = refused(other.path(), {{"OP_CONDUCTOR_RPC_PORT", std::to_string(first.port())}});
    CHECK(ended.code == 1);
    CHECK(says(ended, std::to_string(first.port())));
}

TEST_CASE("SIGTERM right after the start ends it with code 0", "[integration]") {
    const TempDir work{"conductord-early"};
    for (const auto delay : {0ms, 2ms, 5ms, 10ms, 20ms, 50ms}) {
        ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
        daemon.start();
        REQUIRE(daemon.process().line_with("initializing OpConductor", 5s).has_value());
        std::this_thread::sleep_for(delay);
        INFO(delay.count() << " ms after its first line");
        CHECK(daemon.stop() == 0);
    }
}

TEST_CASE("--version and --help print and end with code 0", "[integration]") {
    const TempDir work{"conductord-help"};
    const auto version = refused(work.path(), {}, {"--version"});
    CHECK(version.code == 0);
    CHECK(says(version, "version v"));
    const auto help = refused(work.path(), {}, {"--help"});
    CHECK(help.code == 0);
    CHECK(says(help, "--raft.server.id"));
}
