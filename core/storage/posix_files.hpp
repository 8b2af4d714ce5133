// The machine's own files. Stateless; any thread.
#pragma once

#include "core/storage/file.hpp"

namespace conductor::storage {

class PosixFiles final : public FileSystem {
public:
    [[nodiscard]] FileResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    [[nodiscard]] FileResult<void> rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] FileResult<void> unlink(const std::string& path) override;
    [[nodiscard]] FileResult<std::vector<std::string>> list(const std::string& directory) override;
    [[nodiscard]] FileResult<void> make_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<void> remove_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<void> sync_directory(const std::string& directory) override;
    [[nodiscard]] FileResult<std::uint64_t> free_octets(const std::string& directory) override;
    [[nodiscard]] std::uint64_t owner() const override;
    [[nodiscard]] std::uint32_t entropy() override;
};

}  // namespace conductor::storage
