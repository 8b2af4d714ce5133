// Term and vote, in two slots that are never both in flight: whatever moment a crash picks, one of them is
// whole (docs/formats/vote.md). Owned by the disk thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/consensus/types.hpp"
#include "core/storage/file.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

class VoteFile {
public:
    /// What is in the file, without changing it.
    struct Found {
        consensus::HardState state;
        std::uint64_t sequence{0};
        std::optional<int> stale_slot;  ///< bad or older than the other: to be written again
    };
    /// nullopt: there is no file.
    ///   errors  vote_lost: both slots are bad; newer_format; io; not_permitted
    [[nodiscard]] static Result<std::optional<Found>, StoreError> look(FileSystem& files,
                                                                       const std::string& directory);

    /// Goes on with what look() found, both slots good again; nothing found: makes the file, so that it is
    /// either absent or whole.
    [[nodiscard]] static Result<VoteFile, StoreError> open(FileSystem& files, const std::string& directory,
                                                           std::optional<Found> found);

    [[nodiscard]] const consensus::HardState& state() const noexcept { return state_; }
    /// Durable when it returns; two flushes. After an error it may or may not have happened.
    [[nodiscard]] Result<void, StoreError> write(const consensus::HardState& state);

private:
    VoteFile(std::unique_ptr<File> file, const Found& found)
        : file_{std::move(file)}, state_{found.state}, sequence_{found.sequence} {}
    [[nodiscard]] FileResult<void> write_slot(int slot);

    std::unique_ptr<File> file_;
    consensus::HardState state_;
    std::uint64_t sequence_;
};

}  // namespace conductor::storage
