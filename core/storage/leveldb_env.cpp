#include "core/storage/leveldb_env.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

namespace conductor::storage {

namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr std::size_t write_buffer = 64UL << 10U;

ByteSpace space(char* at, std::size_t octets) {
    return {reinterpret_cast<std::uint8_t*>(at), octets};
}

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

class Sequential final : public leveldb::SequentialFile {
public:
    Sequential(LeveldbEnv& env, std::unique_ptr<File> file) : env_{env}, file_{std::move(file)} {}
    Status Read(std::size_t octets, Slice* result, char* scratch) override {
        const auto got = read_all(*file_, at_, space(scratch, octets));
        if (!got) return env_.failed(got.error());
        at_ += *got;
        *result = Slice{scratch, *got};
        return Status::OK();
    }
    Status Skip(std::uint64_t octets) override {
        at_ += octets;
        return Status::OK();
    }

private:
    LeveldbEnv& env_;
    std::unique_ptr<File> file_;
    std::uint64_t at_{0};
};

class Random final : public leveldb::RandomAccessFile {
public:
    Random(LeveldbEnv& env, std::unique_ptr<File> file) : env_{env}, file_{std::move(file)} {}
    Status Read(std::uint64_t offset, std::size_t octets, Slice* result, char* scratch) const override {
        const auto got = read_all(*file_, offset, space(scratch, octets));
        if (!got) return env_.failed(got.error());
        *result = Slice{scratch, *got};
        return Status::OK();
    }

private:
    LeveldbEnv& env_;
    std::unique_ptr<File> file_;
};

class Writable final : public leveldb::WritableFile {
public:
    Writable(LeveldbEnv& env, FileSystem& files, std::unique_ptr<File> file, std::uint64_t at)
        : env_{env}, files_{files}, file_{std::move(file)}, at_{at} {}
    Status Append(const Slice& data) override {
        buffer_.append(data.data(), data.size());
        return buffer_.size() < write_buffer ? Status::OK() : Flush();
    }
    Status Flush() override {
        if (buffer_.empty()) return Status::OK();
        if (const auto done = write_all(*file_, at_, as_octets(buffer_)); !done)
            return env_.failed(done.error());
        at_ += buffer_.size();
        buffer_.clear();
        return Status::OK();
    }
    Status Sync() override {
        if (auto flushed = Flush(); !flushed.ok()) return flushed;
        if (const auto done = file_->sync(); !done) return env_.failed(done.error());
        // A new file's name is no more durable than its directory; once for each file is enough.
        if (!named_) {
            if (const auto done = files_.sync_directory(directory_of(file_->path())); !done)
                return env_.failed(done.error());
            named_ = true;
        }
        return Status::OK();
    }
    Status Close() override { return Flush(); }

private:
    LeveldbEnv& env_;
    FileSystem& files_;
    std::unique_ptr<File> file_;
    std::uint64_t at_;
    std::string buffer_;
    bool named_{false};
};

class Silence final : public leveldb::Logger {
public:
    void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}
};

class NoLock final : public leveldb::FileLock {};

}  // namespace

void LeveldbEnv::run_background() {
    while (!background_.empty()) {
        const auto [function, argument] = background_.front();
        background_.pop_front();
        function(argument);  // may schedule more
    }
}

Status LeveldbEnv::failed(const FileError& error) {
    if (error.code == ENOENT) return Status::NotFound(to_string(error));
    failure_ = error;
    return Status::IOError(to_string(error));
}

Status LeveldbEnv::NewSequentialFile(const std::string& path, leveldb::SequentialFile** result) {
    *result = nullptr;
    auto file = files_.open(path, OpenMode::read);
    if (!file) return failed(file.error());
    *result = new Sequential{*this, std::move(*file)};  // LevelDB owns it
    return Status::OK();
}

Status LeveldbEnv::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result) {
    *result = nullptr;
    auto file = files_.open(path, OpenMode::read);
    if (!file) return failed(file.error());
    *result = new Random{*this, std::move(*file)};
    return Status::OK();
}

Status LeveldbEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** result) {
    *result = nullptr;
    auto file = files_.open(path, OpenMode::create_new);
    if (!file) return failed(file.error());
    *result = new Writable{*this, files_, std::move(*file), 0};
    return Status::OK();
}

Status LeveldbEnv::NewAppendableFile(const std::string& path, leveldb::WritableFile** result) {
    *result = nullptr;
    auto file = files_.open(path, OpenMode::create);
    if (!file) return failed(file.error());
    const auto size = (*file)->size();
    if (!size) return failed(size.error());
    *result = new Writable{*this, files_, std::move(*file), *size};
    return Status::OK();
}

bool LeveldbEnv::FileExists(const std::string& path) {
    return files_.open(path, OpenMode::read).has_value();
}

Status LeveldbEnv::GetChildren(const std::string& directory, std::vector<std::string>* result) {
    auto names = files_.list(directory);
    if (!names) return failed(names.error());
    *result = std::move(*names);
    return Status::OK();
}

Status LeveldbEnv::RemoveFile(const std::string& path) {
    const auto done = files_.unlink(path);
    return done ? Status::OK() : failed(done.error());
}

Status LeveldbEnv::CreateDir(const std::string& directory) {
    const auto done = files_.make_directory(directory);
    return done ? Status::OK() : failed(done.error());
}

Status LeveldbEnv::RemoveDir(const std::string& directory) {
    const auto done = files_.remove_directory(directory);
    return done ? Status::OK() : failed(done.error());
}

Status LeveldbEnv::GetFileSize(const std::string& path, std::uint64_t* size) {
    *size = 0;
    const auto file = files_.open(path, OpenMode::read);
    if (!file) return failed(file.error());
    const auto octets = (*file)->size();
    if (!octets) return failed(octets.error());
    *size = *octets;
    return Status::OK();
}

Status LeveldbEnv::RenameFile(const std::string& from, const std::string& to) {
    const auto done = files_.rename(from, to);
    return done ? Status::OK() : failed(done.error());
}

Status LeveldbEnv::LockFile(const std::string& /*path*/, leveldb::FileLock** lock) {
    *lock = new NoLock;
    return Status::OK();
}

Status LeveldbEnv::UnlockFile(leveldb::FileLock* lock) {
    delete lock;
    return Status::OK();
}

void LeveldbEnv::Schedule(void (*function)(void*), void* argument) {
    background_.emplace_back(function, argument);
}

void LeveldbEnv::StartThread(void (*function)(void*), void* argument) {
    Schedule(function, argument);
}

Status LeveldbEnv::GetTestDirectory(std::string* path) {
    path->clear();
    return Status::NotSupported("test directory");
}

Status LeveldbEnv::NewLogger(const std::string& /*path*/, leveldb::Logger** result) {
    *result = new Silence;
    return Status::OK();
}

}  // namespace conductor::storage
