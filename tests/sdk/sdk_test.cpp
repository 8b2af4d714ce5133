#include <algorithm>
#include <fstream>

#include "core/plugin/leader_transfer.hpp"
#include "core/plugin/network_profile.hpp"
#include "core/plugin/sequencer_driver.hpp"
#include "tests/sdk/outside.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/conductor_daemon.hpp"

#define CONDUCTOR_TEST_PLUGINS ::conductor::test::examples()
#include "tests/unit/plugin/world.hpp"

using namespace conductor;
using namespace conductor::plugin;
using namespace conductor::plugin::test;
using conductor::test::compilers;
using conductor::test::examples;
using conductor::test::run_script;
using conductor::test::TempDir;

namespace {

const std::vector<std::string> example_files{"health-disk-space", "health-node-peers",  "health-load",
                                             "driver-memory",     "transfer-preferred", "profile-devnet"};

/// The blocks of the README that are meant to be typed, one after another.
std::string typed(const std::string& readme) {
    std::string script;
    const std::string begin{"\n```sh\n"};
    for (auto at = readme.find(begin); at != std::string::npos; at = readme.find(begin, at)) {
        at += begin.size();
        script += readme.substr(at, readme.find("```", at) - at);
    }
    return script;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

bool installed(const std::string& command) {
    return std::system(("command -v " + command + " > /dev/null 2>&1").c_str()) == 0;
}

/// One example, open.
struct Example {
    World world;
    std::unique_ptr<Instance> instance;

    Example(const std::string& library, const std::string& id, std::vector<RawOption> options)
        : instance{world.make(library, id, std::move(options))} {
        REQUIRE(world.open(*instance));
    }
    ~Example() { world.close(*instance); }
    template <class T, class Ask>
    T answer(Ask ask) {
        std::optional<T> got;
        ask([&](auto result) { got = std::move(result); });
        REQUIRE(world.core.run_until([&] { return got.has_value(); }));
        return std::move(*got);
    }
};

}  // namespace

TEST_CASE("the examples build outside the tree with every compiler, and the host maps each", "[sdk]") {
    for (const auto& pair : compilers()) {
        for (const auto& name : example_files) {
            CAPTURE(pair.cxx, name);
            const auto file = examples(pair) / (name + ".so");
            const auto notes = read_notes(file);
            if (!notes) FAIL(notes.error().text);
            const auto mapped = map_library(file, *notes);
            if (!mapped) FAIL(mapped.error().text);
            CHECK((*mapped)->plugins.size() == 1);
        }
    }
}

TEST_CASE("the examples pass the suite of the test kit, and conductorctl's, built outside the tree", "[sdk]") {
    for (const auto& pair : compilers()) {
        const auto ran = run_script("ctest --output-on-failure\n", examples(pair));
        INFO(pair.cxx << ":\n" << ran.output);
        CHECK(ran.code == 0);
        CHECK(ran.output.find("100% tests passed, 0 tests failed out of 7") != std::string::npos);
    }
}

TEST_CASE("the README leads from an empty folder to a judged check, command by command", "[sdk]") {
    if (!installed("curl") || !installed("pkg-config")) {
        WARN("curl or pkg-config is not installed: the README was not tried");
        return;
    }
    const auto readme = content(fs::path{checkout::sources()} / "sdk/README.md");
    // Another port, so that tests may run side by side.
    const auto port = std::to_string(20000 + ::getpid() % 20000);
    const auto script = replaced(typed(readme), "18545", port);
    REQUIRE(script.find("find_package(Conductor REQUIRED)") != std::string::npos);
    REQUIRE(script.find("conductor_healthReport") != std::string::npos);
    REQUIRE(script.find("plugin list") != std::string::npos);
    const TempDir folder{"conductord-readme"};
    const auto ran = run_script(script, folder.path());
    INFO(ran.output);
    INFO(content(folder.path() / "conductord.log"));
    CHECK(ran.code == 0);
    const auto at = ran.output.find(R"("instance":"free-memory","plugin":"org.example.free-memory")");
    REQUIRE(at != std::string::npos);
    CHECK(ran.output.find(R"("verdict":"healthy")", at) != std::string::npos);
    CHECK(ran.output.find("100% tests passed, 0 tests failed out of 1") != std::string::npos);
    const auto listed = ran.output.find("\norg.example.free-memory ");
    REQUIRE(listed != std::string::npos);
    const auto line = ran.output.substr(listed + 1, ran.output.find('\n', listed + 1) - listed - 1);
    CHECK(line.find(" healthy, ") != std::string::npos);
    CHECK(line.ends_with(" ms"));
    // The one made by pkg-config is no other.
    const auto notes = read_notes(folder.path() / "health-free-memory.so");
    REQUIRE(notes);
    CHECK(notes->front().id == "org.example.free-memory");
}

TEST_CASE("a check of the README has at most 30 lines", "[sdk]") {
    const auto script = typed(content(fs::path{checkout::sources()} / "sdk/README.md"));
    const auto begin = script.find("<<'EOF'\n") + 8;
    const auto code = script.substr(begin, script.find("\nEOF", begin) - begin);
    CHECK(std::ranges::count(code, '\n') + 1 <= 30);
}

TEST_CASE("the example checks judge", "[sdk]") {
    Example disk{"health-disk-space", "org.example.disk-space", {raw("path", "/"), raw("min_free", "1B")}};
    CHECK(disk.world.judge(*disk.instance).verdict == Verdict::healthy);
    CHECK(disk.world.metrics->gauges.at("free_bytes/") > 1);
    Example full{"health-disk-space", "org.example.disk-space", {raw("path", "/"), raw("min_free", "4000TiB")}};
    CHECK(full.world.judge(*full.instance).reason == "disk.low");

    Example load{"health-load", "org.example.load", {{"max", {}, false, {{1e9, {}}}}}};
    CHECK(load.world.judge(*load.instance).verdict == Verdict::healthy);
    Example busy{"health-load", "org.example.load", {{"max", {}, false, {{-1.0, {}}}}}};
    const auto finding = busy.world.judge(*busy.instance);
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.reason == "load.high");
    CHECK(finding.detail.ends_with("at most -1.00"));

    Example peers{"health-node-peers", "org.example.node-peers", {}};
    peers.world.http->answer = [](const HttpCall&) {
        return HttpReply{200, R"({"jsonrpc":"2.0","id":1,"result":{"connected":0}})"};
    };
    CHECK(peers.world.judge(*peers.instance).reason == "peers.few");
}

TEST_CASE("the example driver, strategy and provider do their work", "[sdk]") {
    Example drives{"driver-memory", "org.example.memory", {}};
    SequencerDriver driver{*drives.instance};
    const auto head = drives.answer<Result<Block, CallError>>([&](auto done) { driver.unsafe_head(5s, done); });
    REQUIRE(head);
    CHECK(head->number == BlockNumber{0});

    Example ranks{"transfer-preferred", "org.example.preferred", {{"order", {}, true, {{"c", {}}, {"b", {}}}}}};
    TransferRequest request{Cause::unhealthy, ServerId{"a"}, {}, {}};
    for (const auto* id : {"a", "b", "c", "d"}) {
        TransferMember member;
        member.id = ServerId{id};
        member.voter = true;
        member.health = MemberHealth::healthy;
        member.paused = Says::no;
        request.members.push_back(member);
    }
    const auto order = ranks.answer<Result<std::vector<ServerId>, CallError>>(
        [&](auto done) { LeaderTransfer{*ranks.instance}.rank(request, 5s, done); });
    REQUIRE(order);
    CHECK(*order == std::vector{ServerId{"c"}, ServerId{"b"}});

    Example knows{"profile-devnet", "org.example.devnet", {}};
    const auto profile = knows.answer<Result<std::optional<std::string>, CallError>>(
        [&](auto done) { NetworkProfile{*knows.instance}.resolve("example-devnet", 5s, done); });
    REQUIRE(profile);
    REQUIRE(*profile);
    CHECK((*profile)->find("chain_id = 424242") != std::string::npos);
}
