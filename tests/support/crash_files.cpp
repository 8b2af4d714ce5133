#include "tests/support/crash_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace conductor::test {

namespace {

constexpr std::size_t sector = 512;

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

void write_into(std::vector<std::uint8_t>& file, std::uint64_t offset, ByteSpan octets) {
    if (file.size() < offset + octets.size()) file.resize(offset + octets.size());
    std::ranges::copy(octets, file.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

std::vector<std::uint8_t>* DiskImage::find(const std::string& path) {
    const auto name = names.find(path);
    return name == names.end() ? nullptr : &files[name->second];
}

std::vector<std::string> DiskImage::paths(const std::string& part) const {
    std::vector<std::string> found;
    for (const auto& [path, inode] : names)
        if (path.find(part) != std::string::npos) found.push_back(path);
    return found;
}

void DiskImage::apply(const Operation& operation) {
    std::visit(
        [this](const auto& what) {
            using What = std::decay_t<decltype(what)>;
            if constexpr (std::is_same_v<What, Wrote>) {
                write_into(files[what.inode], what.offset, what.octets);
            } else if constexpr (std::is_same_v<What, Resized>) {
                files[what.inode].resize(what.octets);
            } else if constexpr (std::is_same_v<What, Linked>) {
                names[what.path] = what.inode;
                files[what.inode];
            } else if constexpr (std::is_same_v<What, Unlinked>) {
                names.erase(what.path);
            } else if constexpr (std::is_same_v<What, Renamed>) {
                const auto from = names.find(what.from);
                if (from == names.end()) return;  // the rename before it was lost
                names[what.to] = from->second;
                names.erase(what.from);
            }
        },
        operation);
}

// For each operation of the prefix: is it known to be on disk, because its file or directory was synced later?
DiskImage CrashedDisk::image(std::size_t count, std::mt19937_64& draw) const {
    std::map<Inode, std::size_t> synced;  // the last sync within the prefix
    std::map<std::string, std::size_t> synced_names;
    for (std::size_t i = 0; i < count; ++i) {
        if (const auto* file = std::get_if<Synced>(&history_[i])) synced[file->inode] = i;
        if (const auto* names = std::get_if<SyncedDirectory>(&history_[i])) synced_names[names->path] = i;
    }
    const auto durable = [](const auto& last, const auto& key, std::size_t at) {
        const auto found = last.find(key);
        return found != last.end() && found->second > at;
    };

    // How much of what was never synced survives is drawn once for each image: all, nothing, and in between.
    const auto luck = std::uniform_int_distribution<int>{0, 4}(draw);
    const auto survives = [&] { return std::uniform_int_distribution<int>{0, 3}(draw) < luck; };

    auto image = start_;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& operation = history_[i];
        if (const auto* wrote = std::get_if<Wrote>(&operation)) {
            if (durable(synced, wrote->inode, i)) {
                image.apply(operation);
                continue;
            }
            // Sectors reach the disk one by one, in any order; a size may grow over octets that never came.
            auto& file = image.files[wrote->inode];
            const auto end = wrote->offset + wrote->octets.size();
            const auto whole = luck > 0 && std::uniform_int_distribution<int>{0, 2}(draw) == 0;
            for (auto at = wrote->offset; at < end;) {
                const auto next = std::min<std::uint64_t>((at / sector + 1) * sector, end);
                if (whole || survives())
                    write_into(file, at, ByteSpan{wrote->octets}.subspan(at - wrote->offset, next - at));
                at = next;
            }
        } else if (const auto* resized = std::get_if<Resized>(&operation)) {
            if (durable(synced, resized->inode, i) || survives()) image.apply(operation);
        } else if (const auto* linked = std::get_if<Linked>(&operation)) {
            if (durable(synced_names, directory_of(linked->path), i) || survives()) image.apply(operation);
        } else if (const auto* gone = std::get_if<Unlinked>(&operation)) {
            if (durable(synced_names, directory_of(gone->path), i) || survives()) image.apply(operation);
        } else if (const auto* moved = std::get_if<Renamed>(&operation)) {
            if (durable(synced_names, directory_of(moved->to), i) || survives()) image.apply(operation);
        }
    }
    return image;
}

DiskImage CrashedDisk::whole(std::size_t count) const {
    auto image = start_;
    for (std::size_t i = 0; i < count; ++i) image.apply(history_[i]);
    return image;
}

class CrashFiles::Handle final : public File {
public:
    Handle(CrashFiles& files, Inode inode, std::string path)
        : files_{files}, inode_{inode}, path_{std::move(path)} {}
    ~Handle() override {
        if (locks_) files_.locked_.erase(inode_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    FileResult<std::size_t> read(std::uint64_t offset, storage::ByteSpace into) override {
        const auto& octets = files_.disk_.files[inode_];
        if (offset >= octets.size()) return std::size_t{0};
        const auto count = std::min<std::size_t>(into.size(), octets.size() - offset);
        std::memcpy(into.data(), octets.data() + offset, count);
        return count;
    }
    FileResult<std::size_t> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
        std::vector<std::uint8_t> octets;
        for (const auto piece : pieces) octets.insert(octets.end(), piece.begin(), piece.end());
        const auto count = octets.size();
        files_.did(Wrote{inode_, offset, std::move(octets)});
        return count;
    }
    FileResult<void> sync() override {
        ++files_.syncs_;
        files_.did(Synced{inode_});
        return {};
    }
    FileResult<void> allocate(std::uint64_t offset, std::uint64_t octets) override {
        const auto now = files_.disk_.files[inode_].size();
        if (now < offset + octets) files_.did(Resized{inode_, offset + octets});
        return {};
    }
    FileResult<void> truncate(std::uint64_t octets) override {
        files_.did(Resized{inode_, octets});
        return {};
    }
    FileResult<std::uint64_t> size() override { return std::uint64_t{files_.disk_.files[inode_].size()}; }
    FileResult<void> lock() override {
        if (!files_.locked_.insert(inode_).second) return FileError{EWOULDBLOCK, "lock", path_};
        locks_ = true;
        return {};
    }
    const std::string& path() const override { return path_; }

private:
    CrashFiles& files_;
    Inode inode_;
    std::string path_;
    bool locks_{false};
};

CrashFiles::CrashFiles(DiskImage image, std::uint64_t seed) : disk_{std::move(image)}, draw_{seed} {
    for (const auto& [inode, octets] : disk_.files) next_inode_ = std::max(next_inode_, inode + 1);
}

void CrashFiles::did(Operation operation) {
    disk_.apply(operation);
    history_.push_back(std::move(operation));
}

FileResult<std::unique_ptr<File>> CrashFiles::open(const std::string& path, OpenMode mode) {
    const auto found = disk_.names.find(path);
    if (found != disk_.names.end()) {
        const auto inode = found->second;
        if (mode == OpenMode::create_new) did(Resized{inode, 0});
        return std::unique_ptr<File>{std::make_unique<Handle>(*this, inode, path)};
    }
    if (mode != OpenMode::create && mode != OpenMode::create_new) return FileError{ENOENT, "open", path};
    if (!disk_.directories.contains(directory_of(path))) return FileError{ENOENT, "open", path};
    const auto inode = next_inode_++;
    did(Linked{path, inode});
    return std::unique_ptr<File>{std::make_unique<Handle>(*this, inode, path)};
}

FileResult<void> CrashFiles::rename(const std::string& from, const std::string& to) {
    if (!disk_.names.contains(from)) return FileError{ENOENT, "rename", from};
    did(Renamed{from, to});
    return {};
}

FileResult<void> CrashFiles::unlink(const std::string& path) {
    if (!disk_.names.contains(path)) return FileError{ENOENT, "unlink", path};
    did(Unlinked{path});
    return {};
}

FileResult<std::vector<std::string>> CrashFiles::list(const std::string& directory) {
    if (!disk_.directories.contains(directory)) return FileError{ENOENT, "open", directory};
    std::set<std::string> names;
    const auto add = [&](const std::string& path) {
        if (path.size() > directory.size() + 1 && path.starts_with(directory + "/")) {
            const auto rest = path.substr(directory.size() + 1);
            names.insert(rest.substr(0, rest.find('/')));
        }
    };
    for (const auto& [path, inode] : disk_.names) add(path);
    for (const auto& path : disk_.directories) add(path);
    return std::vector<std::string>{names.begin(), names.end()};
}

// Directories are made once, in front of everything that a test is about; they are durable at once.
FileResult<void> CrashFiles::make_directory(const std::string& directory) {
    for (auto part = directory; !part.empty(); part = directory_of(part)) disk_.directories.insert(part);
    return {};
}

FileResult<void> CrashFiles::remove_directory(const std::string& directory) {
    disk_.directories.erase(directory);
    return {};
}

FileResult<void> CrashFiles::sync_directory(const std::string& directory) {
    if (!disk_.directories.contains(directory)) return FileError{ENOENT, "fsync", directory};
    ++syncs_;
    did(SyncedDirectory{directory});
    return {};
}

FileResult<std::uint64_t> CrashFiles::free_octets(const std::string& /*directory*/) {
    return std::uint64_t{1} << 40U;
}

}  // namespace conductor::test
