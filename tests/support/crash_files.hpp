// A disk in memory that remembers every operation, so that a test can build the directory as a crash at any
// moment could have left it: what was synced is there; of the rest any part may be, each write torn at
// 512-octet borders in any order, each name old or new. Also what deterministic tests run on: equal seeds and
// equal calls give equal octets. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/storage/file.hpp"

namespace conductor::test {

using storage::File;
using storage::FileError;
using storage::FileResult;
using storage::FileSystem;
using storage::OpenMode;

using Inode = std::uint64_t;

/// What happened, in order.
struct Wrote {
    Inode inode;
    std::uint64_t offset;
    std::vector<std::uint8_t> octets;
};
struct Resized {
    Inode inode;
    std::uint64_t octets;
};
struct Synced {
    Inode inode;
};
struct Linked {  ///< a name now means this file; whatever it meant before
    std::string path;
    Inode inode;
};
struct Unlinked {
    std::string path;
};
struct Renamed {
    std::string from;
    std::string to;
};
struct SyncedDirectory {
    std::string path;
};
using Operation = std::variant<Wrote, Resized, Synced, Linked, Unlinked, Renamed, SyncedDirectory>;

/// Files and names, without history.
struct DiskImage {
    std::map<Inode, std::vector<std::uint8_t>> files;
    std::map<std::string, Inode> names;
    std::set<std::string> directories;

    [[nodiscard]] std::vector<std::uint8_t>* find(const std::string& path);
    void apply(const Operation& operation);
    /// Of every file whose path holds `part`.
    [[nodiscard]] std::vector<std::string> paths(const std::string& part) const;
    void remove(const std::string& path) { names.erase(path); }
    friend bool operator==(const DiskImage&, const DiskImage&) = default;
};

/// Builds what a crash after the first `count` operations on `start` may have left: names and octets that were
/// synced, and of the others what `draw` decides.
class CrashedDisk {
public:
    CrashedDisk(const std::vector<Operation>& history, DiskImage start)
        : history_{history}, start_{std::move(start)} {}
    [[nodiscard]] DiskImage image(std::size_t count, std::mt19937_64& draw) const;
    /// As if the machine had stayed up and only the process had died: everything is there.
    [[nodiscard]] DiskImage whole(std::size_t count) const;

private:
    const std::vector<Operation>& history_;
    DiskImage start_;
};

class CrashFiles final : public FileSystem {
public:
    explicit CrashFiles(DiskImage image = {}, std::uint64_t seed = 1);

    [[nodiscard]] const std::vector<Operation>& history() const noexcept { return history_; }
    [[nodiscard]] DiskImage& disk() noexcept { return disk_; }
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

    [[nodiscard]] FileResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    [[nodiscard]] FileResult<void> rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] FileResult<void> unlink(const std::string& path) override;
    [[nodiscard]] FileResult<std::vector<std::string>> list(const std::string& directory) override;
    [[nodiscard]] FileResult<void> make_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<void> remove_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<void> sync_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<std::uint64_t> free_octets(const std::string& directory) override;
    [[nodiscard]] std::uint64_t owner() const override { return 4711; }
    [[nodiscard]] std::uint32_t entropy() override { return static_cast<std::uint32_t>(draw_()); }

private:
    class Handle;
    void did(Operation operation);

    DiskImage disk_;
    std::vector<Operation> history_;
    std::set<Inode> locked_;
    Inode next_inode_{1};
    std::uint64_t syncs_{0};
    std::mt19937_64 draw_;
};

}  // namespace conductor::test
