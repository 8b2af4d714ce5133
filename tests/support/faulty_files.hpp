// Another file system with faults on command: each operation can be made to fail, once or for ever, a flush to
// hang until it is let go, a write to be short. Thread-safe, as far as the file system below is.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/storage/file.hpp"

namespace conductor::test {

struct Fault {
    std::string operation;  ///< as FileError names it: write, fdatasync, fsync, open, rename, fallocate, …
    std::string path_part;  ///< only files whose path holds this; empty: all
    int code{0};
    std::size_t after{0};  ///< so many that fit pass before it strikes
    bool once{true};
};

class FaultyFiles final : public storage::FileSystem {
public:
    explicit FaultyFiles(storage::FileSystem& below) : below_{below} {}

    void plan(Fault fault);
    void clear();
    [[nodiscard]] std::size_t struck() const;  ///< how often a fault has struck
    void count(std::string operation);         ///< from now on; counted() says how often
    [[nodiscard]] std::size_t counted() const;
    void write_at_most(std::size_t octets);  ///< each write call; 0: no limit
    void hang_syncs(const std::string& path_part);
    void release_syncs();
    /// Waits until a flush hangs.
    void await_hanging_sync();

    [[nodiscard]] storage::FileResult<std::unique_ptr<storage::File>> open(const std::string& path,
                                                                           storage::OpenMode mode) override;
    [[nodiscard]] storage::FileResult<void> rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] storage::FileResult<void> unlink(const std::string& path) override;
    [[nodiscard]] storage::FileResult<std::vector<std::string>> list(const std::string& directory) override;
    [[nodiscard]] storage::FileResult<void> make_directory(const std::string& directory) override;
    [[nodiscard]] storage::FileResult<void> remove_directory(const std::string& directory) override;
    [[nodiscard]] storage::FileResult<void> sync_directory(const std::string& directory) override;
    [[nodiscard]] storage::FileResult<std::uint64_t> free_octets(const std::string& directory) override;
    [[nodiscard]] std::uint64_t owner() const override { return below_.owner(); }
    [[nodiscard]] std::uint32_t entropy() override { return below_.entropy(); }

private:
    class Handle;
    [[nodiscard]] int strikes(const std::string& operation, const std::string& path);
    void pass_sync(const std::string& path);

    storage::FileSystem& below_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Fault> faults_;
    std::size_t struck_{0};
    std::string counting_;
    std::size_t counted_{0};
    std::size_t write_limit_{0};
    std::string hanging_part_;
    bool hang_{false};
    std::size_t hanging_{0};
};

}  // namespace conductor::test
