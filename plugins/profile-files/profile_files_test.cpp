#include <sys/stat.h>

#include "tests/unit/plugins/providing.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

/// Two directories of networks.
struct Files {
    TemporaryDirectory own;
    TemporaryDirectory shipped;
    Providing provider{"profile-files",
                       "io.conductord.profile-files",
                       {raw("directory", own.path().string()), raw("shipped", shipped.path().string())}};
};

}  // namespace

TEST_CASE("a network is a file of its name; the operator's counts before a package's",
          "[plugins][profile-files]") {
    Files files;
    files.own.write("ours.toml", "own");
    files.shipped.write("ours.toml", "shipped");
    files.shipped.write("Theirs.toml", "theirs");
    files.own.write("notes.txt", "no network");
    files.own.write(".hidden.toml", "no network");
    CHECK(files.provider.list() == std::vector<std::string>{"ours", "theirs"});
    CHECK(files.provider.resolve("ours") == "own");
    CHECK(files.provider.resolve("OURS") == "own");
    CHECK(files.provider.resolve("theirs") == "theirs");
}

TEST_CASE("a name never leads out of the directories", "[plugins][profile-files]") {
    Files files;
    files.own.write("ours.toml", "own");
    for (const auto* name : {"", ".hidden", "notes", "../ours", "./ours", "ours.toml", "/etc/passwd"})
        CHECK(files.provider.resolve(name) == std::nullopt);
}

TEST_CASE("directories that are not there hold nothing", "[plugins][profile-files]") {
    Providing provider{"profile-files",
                       "io.conductord.profile-files",
                       {raw("directory", "/nowhere/a"), raw("shipped", "/nowhere/b")}};
    CHECK(provider.list().empty());
    CHECK(provider.resolve("ours") == std::nullopt);
}

TEST_CASE("a directory that cannot be read is not taken for an empty one", "[plugins][profile-files]") {
    const TemporaryDirectory directory;
    const auto file = directory.write("networks.d", "").string();
    Providing provider{
        "profile-files", "io.conductord.profile-files", {raw("directory", file), raw("shipped", "/nowhere/b")}};
    const auto answer = provider.asked("op-mainnet");
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().text == file + " cannot be read: Not a directory");
}

TEST_CASE("a file that is too long, or no file, is refused by name", "[plugins][profile-files]") {
    Files files;
    files.own.write("long.toml", std::string(256 * 1024 + 1, '#'));
    auto answer = files.provider.asked("long");
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().status == CONDUCTOR_BAD_CONFIG);
    CHECK(answer.error().text == (files.own.path() / "long.toml").string() + " is above 256 KiB");
    fs::create_directory(files.own.path() / "folder.toml");
    answer = files.provider.asked("folder");
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().text ==
          (files.own.path() / "folder.toml").string() + " cannot be read: it is no regular file");
    fs::create_symlink("nowhere", files.own.path() / "dangling.toml");
    answer = files.provider.asked("dangling");
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().text ==
          (files.own.path() / "dangling.toml").string() + " cannot be read: No such file or directory");
    REQUIRE(::mkfifo((files.own.path() / "pipe.toml").c_str(), 0600) == 0);
    CHECK_FALSE(files.provider.asked("pipe").has_value());  // and nobody waits for its writer
}
