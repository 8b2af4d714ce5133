// LevelDB's view of the world, on top of the FileSystem port: no thread, no clock, no lock of its own (the
// directory has one, and fcntl locks vanish when any descriptor of the file closes). Work that LevelDB wants
// done in the background waits until run_background() is called. Used by one thread at a time.
#pragma once

#include <leveldb/env.h>

#include <deque>
#include <optional>
#include <utility>

#include "core/storage/file.hpp"

namespace conductor::storage {

class LeveldbEnv final : public leveldb::Env {
public:
    explicit LeveldbEnv(FileSystem& files) : files_{files} {}

    /// Does what is due; LevelDB must not be inside a call.
    void run_background();
    /// The last file operation that failed, other than for want of the file; forgets it.
    [[nodiscard]] std::optional<FileError> take_failure() { return std::exchange(failure_, std::nullopt); }
    leveldb::Status failed(const FileError& error);

    leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** result) override;
    leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result) override;
    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** result) override;
    leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** result) override;
    bool FileExists(const std::string& path) override;
    leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* result) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    leveldb::Status CreateDir(const std::string& directory) override;
    leveldb::Status RemoveDir(const std::string& directory) override;
    leveldb::Status GetFileSize(const std::string& path, std::uint64_t* size) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
    leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
    void Schedule(void (*function)(void*), void* argument) override;
    void StartThread(void (*function)(void*), void* argument) override;
    leveldb::Status GetTestDirectory(std::string* path) override;
    leveldb::Status NewLogger(const std::string& path, leveldb::Logger** result) override;
    std::uint64_t NowMicros() override { return 0; }
    void SleepForMicroseconds(int /*micros*/) override {}

private:
    FileSystem& files_;
    std::deque<std::pair<void (*)(void*), void*>> background_;
    std::optional<FileError> failure_;
};

}  // namespace conductor::storage
