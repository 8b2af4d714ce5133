#include "core/plugin/registry.hpp"

#include <sys/stat.h>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

/// An installation: bin/conductord and its bundled plugins, copied from what the build has made.
class Installation {
public:
    Installation() {
        fs::create_directories(bundled());
        fs::create_directories(foreign());
        fs::create_directories(root_.path() / "bin");
        root_.write("bin/conductord", "program");
        ::chmod(executable().c_str(), 0755);
    }
    [[nodiscard]] fs::path bundled() const { return root_.path() / "lib/conductord/plugins"; }
    [[nodiscard]] fs::path foreign() const { return root_.path() / "foreign"; }
    [[nodiscard]] fs::path executable() const { return root_.path() / "bin/conductord"; }
    fs::path install(const fs::path& directory, const std::string& name) const {
        const auto file = directory / (name + ".so");
        fs::copy_file(library(name), file);
        ::chmod(file.c_str(), 0755);
        return file;
    }
    [[nodiscard]] Registry registry(std::vector<std::string> allow = {}, bool drafts = false) const {
        return Registry{{{foreign()}, executable(), std::move(allow), Trust::user, drafts}};
    }

private:
    TemporaryDirectory root_;
};

std::string own_machine() {
#if defined(__x86_64__)
    return "amd64";
#else
    return "arm64";
#endif
}

Request request(const std::string& id) {
    return {id, CONDUCTOR_HEALTH_CHECK, "health \"data-disk\"", {"conductord.toml", 9, 10}, ""};
}
std::string refusal(const Registry& registry, const Request& asked) {
    const auto admitted = registry.admit(asked);
    REQUIRE_FALSE(admitted);
    return admitted.error().text;
}

/// What admitting that variant of raw.cpp is refused with.
std::string refused_variant(const std::string& file, const std::string& variant) {
    const Installation installation;
    (void)installation.install(installation.foreign(), file);
    return refusal(installation.registry(), request(raw_id(variant)));
}

}  // namespace

TEST_CASE("bundled plugins are found relative to the executable", "[plugin][registry]") {
    const Installation installation;
    const auto file = installation.install(installation.bundled(), "sample");
    const auto admitted = installation.registry().admit(request("org.example.second"));
    REQUIRE(admitted);
    CHECK(admitted->bundled);
    CHECK(admitted->library->path == file);
    CHECK(admitted->descriptor->name == "Second");
}

TEST_CASE("a configured directory comes before the bundled ones", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.bundled(), "sample");
    const auto file = installation.install(installation.foreign(), "sample");
    const auto admitted = installation.registry().admit(request("org.example.sample"));
    REQUIRE(admitted);
    CHECK_FALSE(admitted->bundled);
    CHECK(admitted->library->path == file);
}

TEST_CASE("the id in the note decides, never the name of the file", "[plugin][registry]") {
    const Installation installation;
    fs::copy_file(library("sample"), installation.foreign() / "health-something.so");
    CHECK(installation.registry().admit(request("org.example.sample")));
}

TEST_CASE("a listing reads notes and maps nothing", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.bundled(), "sample");
    (void)installation.install(installation.foreign(), "crash-in-constructor");
    std::ofstream{installation.foreign() / "noise.so"} << "no library";
    const auto all = installation.registry().installed();
    REQUIRE(all.size() == 4);
    CHECK(all[0].note.id == "org.example.unborn");
    CHECK_FALSE(all[0].bundled);
    CHECK(all[1].note.id == "org.example.sample");
    CHECK(all[1].bundled);
}

TEST_CASE("an id that is not installed names the near one and where was searched", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "sample");
    const auto why = refusal(installation.registry(), request("org.example.smaple"));
    CHECK(why.starts_with(
        "conductord.toml:9:10: health \"data-disk\": plugin \"org.example.smaple\" is not installed; "
        "did you mean \"org.example.sample\"? searched: "));
    CHECK(why.find(installation.bundled().string()) != std::string::npos);
}

TEST_CASE("files that look like libraries and are none are named to whoever misses one", "[plugin][registry]") {
    const Installation installation;
    const auto foreign = installation.install(installation.foreign(), "sample");
    {
        std::fstream file{foreign, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(18);                            // e_machine
        file.put(static_cast<char>(0xf3)).put(0);  // RISC-V
    }
    CHECK(refusal(installation.registry(), request("org.example.sample"))
              .ends_with("; passed over: " + foreign.string() + ": built for another machine, not " +
                         own_machine()));
    for (const auto* name : {"t", "u", "v", "w", "x", "y"})
        std::ofstream{installation.foreign() / (std::string{name} + "\n.so")} << "no library";
    const auto why = refusal(installation.registry(), request("org.example.sample"));
    CHECK(why.find("/w .so: not a shared library, and 2 more") != std::string::npos);
    CHECK(why.find('\n') == std::string::npos);
}

TEST_CASE("a library that is refused is kept, however often it is tried", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "unlike-note");
    const auto registry = installation.registry();
    const auto asked = request(raw_id("unlike_note"));
    CHECK(refusal(registry, asked) == refusal(registry, asked));
    const auto maps = content("/proc/self/maps");
    CHECK(maps.find(installation.foreign().string() + "/unlike-note.so") != std::string::npos);
}

TEST_CASE("a near name of another kind is not what was meant", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "sample");
    auto wanted = request("org.example.smaple");
    wanted.kind = "conductor.sequencer-driver/1";
    const auto why = refusal(installation.registry(), wanted);
    CHECK(why.find("is not installed; searched: ") != std::string::npos);
    CHECK(why.find("did you mean") == std::string::npos);
}

TEST_CASE("a library for another ABI is refused by its note, in words an operator can use",
          "[plugin][registry]") {
    CHECK(refused_variant("other-abi", "other_abi") ==
          "conductord.toml:9:10: plugin \"org.example.raw.other_abi\" is installed as 1.0.0 for ABI 2.0; this "
          "conductord speaks ABI 0.1");
    CHECK(refused_variant("other-minor", "other_minor").find("for ABI 0.9;") != std::string::npos);
}

TEST_CASE("a library whose tables are unlike its promises is refused", "[plugin][registry]") {
    CHECK(refused_variant("bad-magic", "bad_magic").find("another magic number") != std::string::npos);
    CHECK(refused_variant("short-entry", "short_entry").find("its entry table has 8 bytes") !=
          std::string::npos);
    CHECK(refused_variant("unlike-note", "unlike_note").find("is unlike its note") != std::string::npos);
    CHECK(refused_variant("short-descriptor", "short_descriptor").find("descriptor has 16 bytes") !=
          std::string::npos);
    CHECK(refused_variant("young-option", "young_option").find("has type 99, which needs a younger ABI") !=
          std::string::npos);
    CHECK(refused_variant("needs-younger", "needs_younger").find("it needs ABI 0.7") != std::string::npos);
    CHECK(refused_variant("no-symbol", "no_symbol").find("has no symbol conductor_plugin_v1") !=
          std::string::npos);
}

TEST_CASE("a library that calls what nobody has, or needs what nobody finds, is refused in the linker's words",
          "[plugin][registry]") {
    CHECK(refused_variant("misses-symbol", "misses_symbol")
              .find("undefined symbol: conductor_test_no_such_function") != std::string::npos);
    CHECK(
        refused_variant("needs-absent", "needs_absent").find("libabsent.so: cannot open shared object file") !=
        std::string::npos);
}

TEST_CASE("a library that is replaced on the disk while it is mapped works on, and serves until a restart",
          "[plugin][registry]") {
    const Installation installation;
    const auto file = installation.install(installation.foreign(), "sample");
    const auto registry = installation.registry();
    const auto before = registry.admit(request("org.example.second"));
    REQUIRE(before);
    World world;
    Instance instance{{"test", *before, {}}, world.ports(), world.watch, world.core.post()};
    REQUIRE(world.open(instance));

    fs::rename(installation.install(installation.bundled(), "memory"), file);  // quite another library
    CHECK(world.judge(instance).verdict == Verdict::healthy);
    CHECK_FALSE(registry.admit(request("org.example.second")));
    fs::rename(installation.install(installation.bundled(), "sample"), file);
    const auto after = registry.admit(request("org.example.second"));
    REQUIRE(after);
    CHECK(after->library == before->library);
    world.close(instance);
}

TEST_CASE("a draft kind is let in only where drafts are", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "draft-kind");
    auto asked = request(raw_id("draft_kind"));
    asked.kind = "conductor.draft.thing/1";
    CHECK(refusal(installation.registry(), asked).find("plugins.drafts = true lets it in") !=
          std::string::npos);
    CHECK(installation.registry({}, true).admit(asked));
}

TEST_CASE("a plugin of another kind cannot stand in", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "memory");
    CHECK(refusal(installation.registry(), request("org.example.memory-driver"))
              .ends_with("is a \"conductor.sequencer-driver/1\"; health \"data-disk\" needs a "
                         "\"conductor.health-check/1\""));
}

TEST_CASE("an allow list shuts out foreign plugins, not bundled ones", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "sample");
    CHECK(refusal(installation.registry({"com.other.*"}), request("org.example.sample"))
              .ends_with("plugins.allow"));
    CHECK(installation.registry({"org.example.*"}).admit(request("org.example.sample")));
    CHECK(installation.registry({"org.example.sample"}).admit(request("org.example.sample")));

    const Installation bundled;
    (void)bundled.install(bundled.bundled(), "sample");
    CHECK(bundled.registry({"com.other.*"}).admit(request("org.example.sample")));
}

TEST_CASE("a library that a stranger could have written is never mapped", "[plugin][registry]") {
    const Installation installation;
    const auto file = installation.install(installation.foreign(), "crash-in-constructor");
    ::chmod(file.c_str(), 0777);
    ::setenv("CONDUCTOR_TEST_CRASH", "1", 1);  // mapping it now would end this program
    const auto why = refusal(installation.registry(), request("org.example.unborn"));
    ::unsetenv("CONDUCTOR_TEST_CRASH");
    CHECK(why.find("is not to be trusted: ") != std::string::npos);
    CHECK(why.find("chmod go-w '") != std::string::npos);
}

TEST_CASE("a sha256 of the configuration must be the file's", "[plugin][registry]") {
    const Installation installation;
    (void)installation.install(installation.foreign(), "sample");
    auto asked = request("org.example.sample");
    asked.sha256 = std::string(64, '0');
    CHECK(refusal(installation.registry(), asked).find("is another one: ") != std::string::npos);
}

TEST_CASE("what is vetted is judged as what is admitted, and not mapped", "[plugin][registry]") {
    const Installation installation;
    const auto file = installation.install(installation.foreign(), "crash-in-constructor");
    ::setenv("CONDUCTOR_TEST_CRASH", "1", 1);  // mapping it now would end this program
    CHECK(installation.registry().vet(request("org.example.unborn")));
    ::chmod(file.c_str(), 0777);
    const auto vetted = installation.registry().vet(request("org.example.unborn"));
    ::unsetenv("CONDUCTOR_TEST_CRASH");
    REQUIRE_FALSE(vetted);
    CHECK(vetted.error().text.starts_with("conductord.toml:9:10: plugin \"org.example.unborn\" is not to be"));
}

TEST_CASE("the executable this test runs is known", "[plugin][registry]") {
    CHECK(own_executable().filename() == "test_plugin");
}
