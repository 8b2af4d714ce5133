#include "core/plugin/trust.hpp"

#include <sys/stat.h>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

std::string refusal(const conductor::Result<void, conductor::Complaint>& result) {
    REQUIRE_FALSE(result);
    return result.error().text;
}

// Of mode 0755 and ours: trusted in mode `user`.
fs::path good_library(const TemporaryDirectory& directory) {
    const auto file = directory.write("good.so", "x");
    ::chmod(file.c_str(), 0644);
    return file;
}

}  // namespace

TEST_CASE("trust in the user accepts his own files below sticky directories", "[plugin][trust]") {
    const TemporaryDirectory directory;
    CHECK(check_trust(good_library(directory), Trust::user));
}

TEST_CASE("trust in root alone refuses what lies below a directory for everybody", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto why = refusal(check_trust(good_library(directory), Trust::root));
    // As root the sticky directory is in the way, as another user the owner is.
    const bool named =
        why.find("chmod go-w") != std::string::npos || why.find("chown root:root") != std::string::npos;
    CHECK(named);
}

TEST_CASE("a file that others may write is refused with the command that mends it", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = good_library(directory);
    ::chmod(file.c_str(), 0666);
    CHECK(refusal(check_trust(file, Trust::user)) ==
          fs::canonical(file).string() + ": others than its owner may write to it; mend it with: chmod go-w '" +
              fs::canonical(file).string() + "'");
}

TEST_CASE("a directory above that others may write is refused", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = good_library(directory);
    ::chmod(directory.path().c_str(), 0777);
    CHECK(refusal(check_trust(file, Trust::user)).find("a directory above the library") != std::string::npos);
}

TEST_CASE("a link is no way around: what it names is judged", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = good_library(directory);
    ::chmod(file.c_str(), 0646);
    fs::create_symlink(file, directory.path() / "link.so");
    CHECK(refusal(check_trust(directory.path() / "link.so", Trust::user)).find("good.so: others than") !=
          std::string::npos);
}

TEST_CASE("a link in a directory for everybody is refused, whatever it names", "[plugin][trust]") {
    const TemporaryDirectory safe;
    const TemporaryDirectory open;
    fs::create_symlink(good_library(safe), open.path() / "link.so");
    ::chmod(open.path().c_str(), 0777);
    CHECK(refusal(check_trust(open.path() / "link.so", Trust::user)).find("a directory above") !=
          std::string::npos);
}

TEST_CASE("a link in the middle of the way is judged like one at its ends", "[plugin][trust]") {
    const TemporaryDirectory safe;
    const TemporaryDirectory open;
    const auto file = good_library(safe);
    // Safe, open, safe: whoever may write to the middle decides what is loaded.
    fs::create_symlink(file, open.path() / "middle.so");
    fs::create_symlink(open.path() / "middle.so", safe.path() / "first.so");
    CHECK(check_trust(safe.path() / "first.so", Trust::user));
    ::chmod(open.path().c_str(), 0777);
    CHECK(refusal(check_trust(safe.path() / "first.so", Trust::user))
              .find(open.path().string() + ": a directory") != std::string::npos);
    // The same for directories that are links.
    fs::create_directory_symlink(safe.path(), open.path() / "plugins");
    fs::create_directory_symlink(open.path() / "plugins", safe.path() / "dir");
    CHECK(refusal(check_trust(safe.path() / "dir/good.so", Trust::user)).find("a directory above") !=
          std::string::npos);
}

TEST_CASE("links of every shape are followed to their end, and one without an end is refused",
          "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = good_library(directory);
    fs::create_directory(directory.path() / "below");
    fs::create_symlink("../good.so", directory.path() / "below/up.so");
    fs::create_symlink("./below/../below/up.so", directory.path() / "round.so");
    CHECK(check_trust(directory.path() / "round.so", Trust::user));
    CHECK(check_trust(directory.path() / "below/.././/round.so", Trust::user));
    fs::create_symlink("loop.so", directory.path() / "loop.so");
    CHECK(refusal(check_trust(directory.path() / "loop.so", Trust::user)).find("Too many levels") !=
          std::string::npos);
    fs::create_symlink("nowhere.so", directory.path() / "dangling.so");
    CHECK(refusal(check_trust(directory.path() / "dangling.so", Trust::user)).find("No such file") !=
          std::string::npos);
}

TEST_CASE("a directory that is left again on the way is judged: as a link it would lead elsewhere",
          "[plugin][trust]") {
    const TemporaryDirectory safe;
    const TemporaryDirectory open;
    const auto file = good_library(safe);
    fs::create_directory(open.path() / "turn");
    const auto way = open.path() / "turn/../.." / fs::relative(file, open.path().parent_path());
    REQUIRE(fs::equivalent(way, file));
    CHECK(check_trust(way, Trust::user));
    ::chmod(open.path().c_str(), 0777);
    CHECK(refusal(check_trust(way, Trust::user)).find(open.path().string() + ": a directory") !=
          std::string::npos);
}

TEST_CASE("set-uid bits and odd files are refused", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = good_library(directory);
    ::chmod(file.c_str(), 04755);
    CHECK(refusal(check_trust(file, Trust::user)).find("chmod u-s,g-s") != std::string::npos);

    const auto pipe = directory.path() / "pipe.so";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal(check_trust(pipe, Trust::user)).ends_with("not a regular file"));
    CHECK(refusal(check_trust(directory.path() / "absent.so", Trust::user)).find("No such file") !=
          std::string::npos);
}

TEST_CASE("a bundled library is trusted as the program is, and no more", "[plugin][trust]") {
    const TemporaryDirectory prefix;
    fs::create_directories(prefix.path() / "bin");
    fs::create_directories(prefix.path() / "lib/conductord/plugins");
    const auto program = prefix.write("bin/conductord", "program");
    const auto file = prefix.write("lib/conductord/plugins/a.so", "library");
    ::chmod(program.c_str(), 0755);
    ::chmod(file.c_str(), 0755);
    CHECK(check_bundled(file, program));

    ::chmod(file.c_str(), 0777);
    CHECK(refusal(check_bundled(file, program)).find("may be written to by more users") != std::string::npos);

    ::chmod(file.c_str(), 0755);
    ::chmod((prefix.path() / "lib/conductord").c_str(), 0777);
    CHECK(refusal(check_bundled(file, program)).find("lib/conductord: may be written") != std::string::npos);

    // Who may replace the program needs no plugin: a group that owns the whole tree is no news.
    ::chmod((prefix.path() / "lib/conductord").c_str(), 0775);
    ::chmod(file.c_str(), 0775);
    ::chmod(program.c_str(), 0775);
    CHECK(check_bundled(file, program));
}

TEST_CASE("a sha256 that differs names both sums", "[plugin][trust]") {
    const TemporaryDirectory directory;
    const auto file = directory.write("abc", "abc");
    CHECK(check_sha256(file, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
    CHECK(refusal(check_sha256(file, "00")).find("ba7816bf8f01cfea") != std::string::npos);
    CHECK_FALSE(check_sha256(directory.path() / "absent", "00"));
}
