// The store on the machine's own files.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/storage/posix_files.hpp"
#include "tests/unit/storage/store_fixture.hpp"

using namespace conductor;
using namespace conductor::test;
using storage::LogStore;
using storage::OpenMode;
using storage::PosixFiles;
using storage::StoreErrc;

namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "conductor-store-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Runs `work` in a child; its return value is the exit code.
template <class Work>
int in_child(Work work) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(work());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("on real files, with a thread for the spares, a log is there after restarts", "[storage][real]") {
    TemporaryDirectory directory;
    PosixFiles files;
    auto options = store_options(directory / "raft/a");
    options.background_spares = GENERATE(true, false);
    ModelLog model;
    for (std::uint64_t round = 0; round < 4; ++round) {
        auto store = must_open(files, options);
        CHECK(difference(*store, model) == "");
        const auto first = model.last().index.value() + 1;
        must_append(*store, round + 1, first, first + 30, 3000);
        for (const auto& entry : commands(round + 1, first, first + 30, 3000)) model.append(entry);
        const auto snapshot = snapshot_at(round + 1, first + 20, first + 10, filled(2000, round));
        must_write(*store, snapshot);
        model.take_snapshot(*snapshot.snapshot, snapshot.snapshot_payload, false);
        REQUIRE(store->idle().has_value());
        CHECK(store->figures().free_octets > 0);
    }
    CHECK(difference(*must_open(files, options), model) == "");
}

TEST_CASE("a directory held by another process is refused with that process's id", "[storage][real]") {
    TemporaryDirectory directory;
    PosixFiles files;
    const auto options = store_options(directory / "a");
    int ready[2];
    int done[2];
    REQUIRE(::pipe(&ready[0]) == 0);
    REQUIRE(::pipe(&done[0]) == 0);
    const auto child = ::fork();
    if (child == 0) {
        const auto store = LogStore::open(files, options);
        char octet = store ? 'y' : 'n';
        if (::write(ready[1], &octet, 1) != 1 || ::read(done[0], &octet, 1) != 1) ::_exit(1);
        ::_exit(0);
    }
    char octet = 0;
    REQUIRE(::read(ready[0], &octet, 1) == 1);
    REQUIRE(octet == 'y');
    const auto store = LogStore::open(files, options);
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::locked);
    CHECK(store.error().text.find("(pid " + std::to_string(child) + ")") != std::string::npos);
    REQUIRE(::write(done[1], &octet, 1) == 1);
    ::waitpid(child, nullptr, 0);
    for (const auto descriptor : {ready[0], ready[1], done[0], done[1]}) ::close(descriptor);
    must_open(files, options);  // a lock ends with its process
}

TEST_CASE("the lock outlives another descriptor of the lock file", "[storage][real]") {
    TemporaryDirectory directory;
    PosixFiles files;
    const auto options = store_options(directory / "a");
    const auto store = must_open(files, options);
    ::close(::open((directory / "a/lock").c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(in_child([&] {
              const auto second = LogStore::open(files, options);
              return !second && second.error().code == StoreErrc::locked ? 7 : 1;
          }) == 7);
}

TEST_CASE("a directory that may not be written is not permitted", "[storage][real]") {
    TemporaryDirectory directory;
    REQUIRE(::chmod(directory.path().c_str(), 0555) == 0);
    const auto code = in_child([&] {
        if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
        PosixFiles files;
        const auto store = LogStore::open(files, store_options(directory / "a"));
        return store ? 2 : 10 + static_cast<int>(store.error().code);
    });
    CHECK(code == 10 + static_cast<int>(StoreErrc::not_permitted));
}

TEST_CASE("a Go conductor's directory is refused with the two ways on, and stays as it is", "[storage][real]") {
    TemporaryDirectory directory;
    const auto* const file = GENERATE("raft-log.db", "raft-stable.db");
    fs::create_directories(directory / "a/snapshots");
    std::ofstream{directory / "a/" + file} << "bolt";
    PosixFiles files;
    const auto store = LogStore::open(files, store_options(directory / "a"));
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == StoreErrc::foreign);
    CHECK(store.error().text.find(file) != std::string::npos);
    CHECK(store.error().text.find("take it over in place") != std::string::npos);
    CHECK(store.error().text.find("replace the member") != std::string::npos);
    std::size_t names = 0;
    for (const auto& entry : fs::recursive_directory_iterator{directory / "a"}) {
        static_cast<void>(entry);
        ++names;
    }
    CHECK(names == 2);
}

TEST_CASE("a Go conductor's file beside a store of ours disturbs nobody", "[storage][real]") {
    TemporaryDirectory directory;
    PosixFiles files;
    must_append(*must_open(files, store_options(directory / "a")), 1, 1, 2);
    std::ofstream{directory / "a/raft-log.db"} << "bolt";
    CHECK(must_open(files, store_options(directory / "a"))->recovered().entries.size() == 2);
}

TEST_CASE("a process that is killed in the middle loses nothing that it was told is written",
          "[storage][real]") {
    TemporaryDirectory directory;
    const auto options = store_options(directory / "a");
    int told[2];
    REQUIRE(::pipe(&told[0]) == 0);
    const auto child = ::fork();
    if (child == 0) {
        PosixFiles files;
        auto store = LogStore::open(files, options);
        for (std::uint64_t index = 1; store; ++index) {
            const auto write = write_of(commands(1, index, index, 2000));
            if (!(*store)->write({&write, 1}) || ::write(told[1], &index, sizeof index) != sizeof index) break;
        }
        ::_exit(1);
    }
    std::uint64_t acknowledged = 0;
    for (int i = 0; i < 40; ++i)
        REQUIRE(::read(told[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(told[1]);
    std::uint64_t later = 0;
    while (::read(told[0], &later, sizeof later) == sizeof later) acknowledged = later;
    ::close(told[0]);
    PosixFiles files;
    const auto store = must_open(files, options);
    REQUIRE(store->recovered().entries.size() >= acknowledged);
    CHECK(*store->read(LogIndex{acknowledged}) == commands(1, acknowledged, acknowledged, 2000).front());
}

TEST_CASE("file operations fail with their errno and the path", "[storage][file]") {
    TemporaryDirectory directory;
    PosixFiles files;
    const auto missing = directory / "missing";
    for (const auto mode : {OpenMode::read, OpenMode::read_direct, OpenMode::update}) {
        const auto file = files.open(missing, mode);
        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().code == ENOENT);
        CHECK(storage::to_string(file.error()) == "open " + missing + ": No such file or directory");
    }
    CHECK(files.rename(missing, missing + "2").error().code == ENOENT);
    CHECK(files.unlink(missing).error().code == ENOENT);
    CHECK(files.list(missing).error().code == ENOENT);
    CHECK(files.sync_directory(missing).error().code == ENOENT);
    CHECK(files.remove_directory(missing).error().code == ENOENT);
    CHECK(files.free_octets(missing).error().code == ENOENT);
    std::ofstream{directory / "file"} << "x";
    CHECK(files.make_directory(directory / "file/below").error().code == ENOTDIR);
    CHECK(files.make_directory(directory / "one/two/three").has_value());
    CHECK(files.make_directory(directory / "one/two/three").has_value());
    CHECK(*files.list(directory.path()) == std::vector<std::string>{"file", "one"});
}

TEST_CASE("a file is read and written where it is told", "[storage][file]") {
    TemporaryDirectory directory;
    PosixFiles files;
    auto opened = files.open(directory / "f", OpenMode::create);
    REQUIRE(opened.has_value());
    auto& file = *opened;
    const auto a = Bytes::copy_of("abc");
    const auto b = Bytes::copy_of("defg");
    const std::vector<ByteSpan> pieces{a.span(), b.span()};
    REQUIRE(storage::write_all(*file, 4, pieces).has_value());
    REQUIRE(file->sync().has_value());
    CHECK(*file->size() == 11);
    std::vector<std::uint8_t> into(20);
    CHECK(*storage::read_all(*file, 4, into) == 7);
    CHECK(as_text(ByteSpan{into}.first(7)) == "abcdefg");
    REQUIRE(file->allocate(0, 8192).has_value());
    CHECK(*file->size() == 8192);
    REQUIRE(file->truncate(2).has_value());
    CHECK(*file->size() == 2);

    // More pieces than one call takes.
    const std::vector<ByteSpan> many(3000, a.span());
    REQUIRE(storage::write_all(*file, 0, many).has_value());
    CHECK(*file->size() == 9000);
}
