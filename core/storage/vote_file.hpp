// Term and vote, and which segments must stand beside them, in two slots that are never both in flight:
// whatever moment a crash picks, one of them is whole (docs/formats/vote.md). Owned by the disk thread.
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
        std::uint64_t segment{0};  ///< ordinal of the newest segment when this was written; 0: none, unknown
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
    /// That the log has a segment: called once its name is durable, before anything in it counts. The first one
    /// costs a write of its own, so that a log which is gone can be told from one that was never begun; later
    /// ones go with the next hard state. True: it was written.
    [[nodiscard]] Result<bool, StoreError> saw_segment(std::uint64_t ordinal);

private:
    VoteFile(std::unique_ptr<File> file, const Found& found)
        : file_{std::move(file)}, state_{found.state}, sequence_{found.sequence}, segment_{found.segment} {}
    [[nodiscard]] FileResult<void> write_slot(int slot);

    std::unique_ptr<File> file_;
    consensus::HardState state_;
    std::uint64_t sequence_;
    std::uint64_t segment_;
};

}  // namespace conductor::storage
