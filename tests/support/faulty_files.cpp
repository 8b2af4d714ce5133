#include "tests/support/faulty_files.hpp"

#include <algorithm>
#include <utility>

namespace conductor::test {

using storage::ByteSpace;
using storage::File;
using storage::FileError;
using storage::FileResult;
using storage::OpenMode;

class FaultyFiles::Handle final : public File {
public:
    Handle(FaultyFiles& files, std::unique_ptr<File> below) : files_{files}, below_{std::move(below)} {}

    FileResult<std::size_t> read(std::uint64_t offset, ByteSpace into) override {
        if (const auto code = files_.strikes("read", path())) return FileError{code, "read", path()};
        return below_->read(offset, into);
    }
    FileResult<std::size_t> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
        if (const auto code = files_.strikes("write", path())) return FileError{code, "write", path()};
        auto limit = files_.write_limit_;
        if (limit == 0) return below_->write(offset, pieces);
        std::vector<ByteSpan> fewer;
        for (const auto piece : pieces) {
            if (limit == 0) break;
            fewer.push_back(piece.first(std::min(piece.size(), limit)));
            limit -= fewer.back().size();
        }
        return below_->write(offset, fewer);
    }
    FileResult<void> sync() override {
        files_.pass_sync(path());
        if (const auto code = files_.strikes("fdatasync", path())) return FileError{code, "fdatasync", path()};
        return below_->sync();
    }
    FileResult<void> allocate(std::uint64_t offset, std::uint64_t octets) override {
        if (const auto code = files_.strikes("fallocate", path())) return FileError{code, "fallocate", path()};
        return below_->allocate(offset, octets);
    }
    FileResult<void> truncate(std::uint64_t octets) override {
        if (const auto code = files_.strikes("truncate", path())) return FileError{code, "truncate", path()};
        return below_->truncate(octets);
    }
    FileResult<std::uint64_t> size() override {
        if (const auto code = files_.strikes("stat", path())) return FileError{code, "stat", path()};
        return below_->size();
    }
    FileResult<void> lock() override {
        if (const auto code = files_.strikes("lock", path())) return FileError{code, "lock", path()};
        return below_->lock();
    }
    const std::string& path() const override { return below_->path(); }

private:
    FaultyFiles& files_;
    std::unique_ptr<File> below_;
};

void FaultyFiles::plan(Fault fault) {
    const std::lock_guard lock{mutex_};
    faults_.push_back(std::move(fault));
}

void FaultyFiles::clear() {
    const std::lock_guard lock{mutex_};
    faults_.clear();
}

std::size_t FaultyFiles::struck() const {
    const std::lock_guard lock{mutex_};
    return struck_;
}

void FaultyFiles::count(std::string operation) {
    const std::lock_guard lock{mutex_};
    counting_ = std::move(operation);
    counted_ = 0;
}

std::size_t FaultyFiles::counted() const {
    const std::lock_guard lock{mutex_};
    return counted_;
}

void FaultyFiles::write_at_most(std::size_t octets) {
    write_limit_ = octets;
}

void FaultyFiles::hang_syncs(const std::string& path_part) {
    const std::lock_guard lock{mutex_};
    hanging_part_ = path_part;
    hang_ = true;
}

void FaultyFiles::release_syncs() {
    {
        const std::lock_guard lock{mutex_};
        hang_ = false;
    }
    changed_.notify_all();
}

void FaultyFiles::await_hanging_sync() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return hanging_ > 0; });
}

void FaultyFiles::pass_sync(const std::string& path) {
    std::unique_lock lock{mutex_};
    if (!hang_ || path.find(hanging_part_) == std::string::npos) return;
    ++hanging_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hang_; });
    --hanging_;
}

int FaultyFiles::strikes(const std::string& operation, const std::string& path) {
    const std::lock_guard lock{mutex_};
    if (operation == counting_) ++counted_;
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
        if (fault->operation != operation || path.find(fault->path_part) == std::string::npos) continue;
        if (fault->after > 0) {
            --fault->after;
            continue;
        }
        ++struck_;
        const auto code = fault->code;
        if (fault->once) faults_.erase(fault);
        return code;
    }
    return 0;
}

FileResult<std::unique_ptr<File>> FaultyFiles::open(const std::string& path, OpenMode mode) {
    if (const auto code = strikes("open", path)) return FileError{code, "open", path};
    auto file = below_.open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<File>{std::make_unique<Handle>(*this, std::move(*file))};
}

FileResult<void> FaultyFiles::rename(const std::string& from, const std::string& to) {
    if (const auto code = strikes("rename", from)) return FileError{code, "rename", from};
    return below_.rename(from, to);
}
FileResult<void> FaultyFiles::unlink(const std::string& path) {
    if (const auto code = strikes("unlink", path)) return FileError{code, "unlink", path};
    return below_.unlink(path);
}
FileResult<std::vector<std::string>> FaultyFiles::list(const std::string& directory) {
    if (const auto code = strikes("list", directory)) return FileError{code, "list", directory};
    return below_.list(directory);
}
FileResult<void> FaultyFiles::make_directory(const std::string& directory) {
    if (const auto code = strikes("mkdir", directory)) return FileError{code, "mkdir", directory};
    return below_.make_directory(directory);
}
FileResult<void> FaultyFiles::remove_directory(const std::string& directory) {
    return below_.remove_directory(directory);
}
FileResult<void> FaultyFiles::sync_directory(const std::string& directory) {
    if (const auto code = strikes("fsync", directory)) return FileError{code, "fsync", directory};
    return below_.sync_directory(directory);
}
FileResult<std::uint64_t> FaultyFiles::free_octets(const std::string& directory) {
    return below_.free_octets(directory);
}

}  // namespace conductor::test
