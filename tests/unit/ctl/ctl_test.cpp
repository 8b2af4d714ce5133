// conductorctl, run as a program: against the bundled plugins, against libraries that misbehave, against a
// daemon.
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/checkout.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/unit/ctl/tool.hpp"

using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

std::string library(const std::string& name) {
    return std::string{CONDUCTOR_TEST_PLUGINS} + "/" + name + ".so";
}

/// The line of a table that begins with `start`.
std::string line_of(const Said& said, const std::string& start) {
    const auto at = said.text.find("\n" + start);
    if (at == std::string::npos) return {};
    return said.text.substr(at + 1, said.text.find('\n', at + 1) - at - 1);
}

}  // namespace

TEST_CASE("plugin list shows what lies where the daemon looks, without running it", "[ctl]") {
    const auto said = conductorctl({"plugin", "list"});
    CHECK(said.code == 0);
    CHECK(said.text.starts_with("ID "));
    const auto line = line_of(said, "io.conductord.op-node-sync ");
    CHECK(line.find("health-check") != std::string::npos);
    CHECK(line.find("bundled") != std::string::npos);
    CHECK(line.find("installed") != std::string::npos);

    // A constructor that aborts would end the tool, were it ever called.
    const auto more = conductorctl({"--directory", CONDUCTOR_TEST_PLUGINS, "plugin", "list"},
                                   {{"CONDUCTOR_TEST_CRASH", "1"}});
    CHECK(more.code == 0);
    CHECK(line_of(more, "org.example.sample ").find(CONDUCTOR_TEST_PLUGINS) != std::string::npos);
    CHECK(more.has("for ABI "));  // other-abi says so in place of a state
}

TEST_CASE("plugin list finds the directories that the configuration names", "[ctl]") {
    const TempDir work{"ctl-config"};
    std::ofstream{work.path() / "conductord.toml"} << "[plugins]\ndirectories = [\"" << CONDUCTOR_TEST_PLUGINS
                                                   << "\"]\n";
    const auto said = conductorctl({"--config", work.path() / "conductord.toml", "plugin", "list"});
    CHECK_FALSE(line_of(said, "org.example.sample ").empty());
}

TEST_CASE("plugin list takes the state from a daemon that answers", "[ctl]") {
    const CannedDaemon daemon{
        R"("result":[{"instance":"sync","id":"io.conductord.op-node-sync","kind":"k","version":"1","abi":"0.1","path":"","state":"healthy, 3 ms"},)"
        R"({"instance":"a","id":"io.conductord.op-node-peers","state":"healthy"},{"instance":"b","id":"io.conductord.op-node-peers","state":"busy"}])"};
    const auto said = conductorctl({"plugin", "list"}, {{"CONDUCTORCTL_RPC", daemon.url()}});
    CHECK(said.code == 0);
    CHECK(line_of(said, "io.conductord.op-node-sync ").ends_with("healthy, 3 ms"));
    CHECK(line_of(said, "io.conductord.op-node-peers ").ends_with("a: healthy; b: busy"));
    CHECK(line_of(said, "io.conductord.superchain ").ends_with("installed"));
}

TEST_CASE("plugin list knows the daemon's library under whatever name it is found here", "[ctl]") {
    const TempDir work{"ctl-names"};
    std::filesystem::create_directory_symlink(CONDUCTOR_TEST_PLUGINS, work.path() / "link");
    const auto running = [](const std::string& path) {
        return R"("result":[{"instance":"a","id":"org.example.sample","path":")" + path +
               R"(","state":"healthy"}])";
    };
    for (const auto& directory :
         {(work.path() / "link").string(), std::filesystem::relative(CONDUCTOR_TEST_PLUGINS).string()}) {
        const CannedDaemon daemon{running(library("sample"))};
        const auto said = conductorctl({"--rpc", daemon.url(), "--directory", directory, "plugin", "list"});
        CHECK(line_of(said, "org.example.sample ").ends_with("healthy"));
    }
    // Another file with the same id is not the one at work.
    std::filesystem::copy_file(library("sample"), work.path() / "sample.so");
    const CannedDaemon daemon{running(library("sample"))};
    const auto other = conductorctl({"--rpc", daemon.url(), "--directory", work.path(), "plugin", "list"});
    CHECK(line_of(other, "org.example.sample ").ends_with("installed"));
}

TEST_CASE("plugin list goes on without a daemon that answers nonsense", "[ctl]") {
    const CannedDaemon daemon{R"("result":{"not":"a list"})"};
    const auto said = conductorctl({"--rpc", daemon.url(), "plugin", "list"});
    CHECK(said.code == 0);
    CHECK(line_of(said, "io.conductord.op-node-sync ").ends_with("installed"));
}

TEST_CASE("plugin inspect says who a library is and what the daemon would say to it", "[ctl]") {
    const auto bundled = conductorctl({"plugin", "inspect", "io.conductord.op-node-sync", "--options"});
    CHECK(bundled.code == 0);
    CHECK(bundled.has("would be loaded"));
    CHECK(bundled.has("unsafe_interval"));
    CHECK(bundled.has("unsafe.old"));

    const TempDir work{"ctl-inspect"};
    const auto copy = work.path() / "copy.so";
    std::filesystem::copy_file(library("sample"), copy);
    std::filesystem::permissions(copy, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    const auto open = conductorctl({"plugin", "inspect", copy});
    CHECK(open.code == 0);
    CHECK(open.has("org.example.sample"));
    CHECK(open.has("would be refused: "));
    CHECK(open.has("chmod"));

    const auto crashing = conductorctl({"plugin", "inspect", library("crash-in-constructor"), "--options"},
                                       {{"CONDUCTOR_TEST_CRASH", "1"}});
    CHECK(crashing.code == 1);
    CHECK(crashing.has("cannot be looked at: it died of SIG"));

    const auto absent = conductorctl({"plugin", "inspect", "io.conductord.op-node-sink"});
    CHECK(absent.code == 1);
    CHECK(absent.has("did you mean \"io.conductord.op-node-sync\"?"));
    CHECK(conductorctl({"plugin", "inspect", "/etc/passwd"}).code == 1);
}

TEST_CASE("every bundled plugin keeps the contract", "[ctl]") {
    const auto all = conductorctl({"-o", "json", "plugin", "list"});
    std::size_t tried = 0;
    for (auto at = all.text.find("\"id\":\""); at != std::string::npos;
         at = all.text.find("\"id\":\"", at + 1)) {
        const auto id = all.text.substr(at + 6, all.text.find('"', at + 6) - at - 6);
        std::vector<std::string> words{"plugin", "validate", id};
        // What has no default that could serve on any machine.
        if (id == "io.conductord.exec") words.insert(words.end(), {"--set", "command=/bin/true"});
        if (id == "io.conductord.disk") words.insert(words.end(), {"--set", "paths=/tmp"});
        const auto said = conductorctl(words);
        INFO(id << "\n" << said.text);
        CHECK(said.code == 0);
        CHECK(said.has("\nvalid\n"));
        ++tried;
    }
    CHECK(tried >= 12);
}

TEST_CASE("validate finds what a plugin does wrong, and survives it", "[ctl]") {
    struct Case {
        const char *mode, *step, *problem;
    };
    const auto fault = GENERATE(
        Case{"hang-in-create", "it can be made", "hung: killed after 2 s"},
        Case{"bad-config", "it can be made", "no such thing"},
        Case{"throw-in-create", "it can be made", "cannot be created"},
        Case{"hang-in-stop", "it can be made", "hung"},
        Case{"abort", "deadline and cancellation are obeyed", "died of SIGABRT"},
        Case{"leaves-descriptor", "a thousand lives leave nothing", "open"},
        Case{"leaves-handler", "a thousand lives leave nothing", "the handler of signal 12 was changed"},
        Case{"leaves-thread", "a thousand lives leave nothing", "threads run on"},
        Case{"leaves-memory", "a thousand lives leave nothing", "octets a life"});
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // What is allocated is asked of glibc, and a sanitizer allocates in its place.
    if (std::string{fault.mode} == "leaves-memory") return;
#endif
    const auto said = conductorctl(
        {"plugin", "validate", library("sample"), "--set", std::string{"mode="} + fault.mode, "--limit", "2"});
    CAPTURE(fault.mode, said.text);
    CHECK(said.code == 1);
    CHECK(said.has(fault.step));
    CHECK(said.has(fault.problem));
    CHECK(said.has("FAILED"));
    CHECK(said.has("problem"));
}

TEST_CASE("validate tells a call that comes back late from one that obeys", "[ctl]") {
    const auto obedient = conductorctl({"plugin", "validate", library("sample")});
    INFO(obedient.text);
    CHECK(obedient.code == 0);
    const auto late =
        conductorctl({"plugin", "validate", library("sample"), "--set", "mode=late", "--limit", "20"});
    INFO(late.text);
    CHECK(late.code == 1);
    CHECK(late.has("ms after its"));
}

TEST_CASE("validate names the option that there is not, and the one that is malformed", "[ctl]") {
    const auto said = conductorctl(
        {"-o", "json", "plugin", "validate", library("sample"), "--set", "mod=x", "--set", "patience=soon"});
    CHECK(said.code == 1);
    CHECK(said.has(R"("valid":false)"));
    CHECK(said.has(R"(did you mean \"mode\"?)"));
    CHECK(said.has("patience"));
}

TEST_CASE("a library that cannot be mapped is a problem with the reason", "[ctl]") {
    const auto name = GENERATE("bad-magic", "no-symbol", "unlike-note", "crash-in-constructor");
    const auto said = conductorctl({"plugin", "validate", library(name)}, {{"CONDUCTOR_TEST_CRASH", "1"}});
    CAPTURE(name, said.text);
    CHECK(said.code == 1);
    CHECK(said.has("it can be mapped"));
    CHECK(said.has("FAILED"));
}

TEST_CASE("profiles: every network, one of them, and where two differ", "[ctl]") {
    const auto all = conductorctl({"profile", "list"});
    CHECK(all.code == 0);
    CHECK(std::count(all.text.begin(), all.text.end(), '\n') >= 57);  // 54, two aliases, the heading
    CHECK_FALSE(line_of(all, "base-mainnet ").empty());

    const auto one = conductorctl({"profile", "show", "op-mainnet"});
    CHECK(one.code == 0);
    CHECK(line_of(one, "facts.chain_id ").ends_with(" 10"));
    CHECK_FALSE(line_of(one, "policy.healthcheck.unsafe-interval ").empty());
    CHECK(conductorctl({"-o", "json", "profile", "show", "op-mainnet"}).has(R"("facts.chain_id":"10")"));

    const auto two = conductorctl({"profile", "diff", "op-mainnet", "base-mainnet"});
    CHECK(two.code == 0);
    CHECK(line_of(two, "facts.chain_id ").ends_with("8453"));
    CHECK(line_of(two, "facts.l1_chain_id ").empty());
    const auto same = conductorctl({"-o", "json", "profile", "diff", "mainnet", "op-mainnet"});
    CHECK(same.text == "[]\n");
    const auto defaults = conductorctl({"profile", "diff", "op-mainnet"});
    CHECK_FALSE(line_of(defaults, "policy.healthcheck.interval ").empty());
    CHECK(line_of(defaults, "facts.chain_id ").empty());

    const auto unknown = conductorctl({"profile", "show", "op-mainet"});
    CHECK(unknown.code == 1);
    CHECK(unknown.has("did you mean \"op-mainnet\"?"));
}

TEST_CASE("reload shows what became of each instance", "[ctl]") {
    const CannedDaemon daemon{
        R"("result":{"reloaded":["data-disk"],"kept":["sync"],"needsRestart":["driver"],"options":["raft.join"]})"};
    const auto said = conductorctl({"--rpc", daemon.url(), "reload"});
    CHECK(said.code == 0);
    CHECK(line_of(said, "data-disk ").ends_with("reloaded"));
    CHECK(line_of(said, "sync ").ends_with("kept"));
    CHECK(line_of(said, "driver ").ends_with("needs a restart"));
    CHECK(line_of(said, "raft.join ").ends_with("option of the program, needs a restart"));
    CHECK(conductorctl({"-o", "json", "--rpc", daemon.url(), "reload"}).has(R"({"reloaded":["data-disk"])"));
}

TEST_CASE("exit codes tell a bad answer, a bad command line and silence apart", "[ctl]") {
    CHECK(conductorctl({"reload"}).code == 3);
    CHECK(conductorctl({"--rpc", "gopher://x", "reload"}).code == 3);
    const CannedDaemon refusing{R"("error":{"code":-32000,"message":"not today"})"};
    const auto refused = conductorctl({"--rpc", refusing.url(), "reload"});
    CHECK(refused.code == 1);
    CHECK(refused.has("not today"));

    CHECK(conductorctl({}).code == 2);
    CHECK(conductorctl({"frobnicate"}).code == 2);
    CHECK(conductorctl({"-o", "xml", "plugin", "list"}).code == 2);
    CHECK(conductorctl({"plugin", "validate", "x", "--set", "novalue"}).code == 2);
    CHECK(conductorctl({"--help"}).code == 0);
    CHECK(conductorctl({"--version"}).text.starts_with("conductorctl version v"));
}

TEST_CASE("a real daemon is asked and answers or refuses", "[ctl][integration]") {
    const TempDir work{"ctl-daemon"};
    const auto program = std::filesystem::canonical("/proc/self/exe").parent_path() / "conductord";
    ConductorDaemon daemon{{program, work.path(), "seq-1", {}, {}}};
    daemon.start();
    REQUIRE(daemon.serves(10s));
    const auto url = "http://127.0.0.1:" + std::to_string(daemon.port());
    const auto list = conductorctl({"--rpc", url, "plugin", "list"});
    CHECK(list.code == 0);
    CHECK_FALSE(line_of(list, "io.conductord.op-node-sync ").empty());
    // Without rpc.enable-admin nobody reloads.
    const auto refused = conductorctl({"--rpc", url, "reload"});
    CHECK(refused.code == 1);
    CHECK(daemon.stop() == 0);

    daemon.set("OP_CONDUCTOR_RPC_ENABLE_ADMIN", "true");
    daemon.start();
    REQUIRE(daemon.serves(10s));
    const auto reloaded = conductorctl({"-o", "json", "--rpc", url, "reload"});
    CHECK(reloaded.code == 0);
    CHECK(reloaded.has(R"({"reloaded":[],"kept":[],"needsRestart":[],"options":[]})"));
    CHECK(daemon.stop() == 0);
}

TEST_CASE("the manual page names every command and option of the help", "[ctl][packaging]") {
    std::ifstream in{conductor::checkout::sources() + "/packaging/man/conductorctl.1"};
    std::string page{std::istreambuf_iterator<char>{in}, {}};
    std::erase(page, '\\');
    for (const auto& words : std::vector<std::vector<std::string>>{{"--help"},
                                                                   {"plugin", "--help"},
                                                                   {"plugin", "inspect", "--help"},
                                                                   {"plugin", "validate", "--help"},
                                                                   {"profile", "--help"},
                                                                   {"profile", "diff", "--help"},
                                                                   {"reload", "--help"}}) {
        const auto help = conductorctl(words);
        for (auto at = help.text.find("--"); at != std::string::npos; at = help.text.find("--", at + 2)) {
            const auto flag =
                help.text.substr(at, help.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at) - at);
            CAPTURE(words, flag);
            CHECK(page.find(flag) != std::string::npos);
        }
    }
    for (const auto* command : {"plugin list", "plugin inspect", "plugin validate", "profile list",
                                "profile show", "profile diff", "reload"})
        CHECK(page.find(command) != std::string::npos);
}
