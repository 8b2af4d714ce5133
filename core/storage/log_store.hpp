// The durable log: every entry, the vote, and the newest snapshot of one member, in one directory that only
// this process uses. It never loses what write() has returned for, and never shows what was not written.
// Segments hold entries and snapshots, a two-slot file the vote, LevelDB an index that can be rebuilt
// (docs/formats). Every file operation passes a FileSystem, so that tests and the simulator own the disk.
//
// Owned by the disk thread: no member may run beside another one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/consensus/types.hpp"
#include "core/storage/store_error.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::storage {

class FileSystem;

struct StoreOptions {
    std::string directory;  ///< `<raft.storage.dir>/<server id>`; made if absent, mode 0755
    std::uint64_t segment_octets{64ULL << 20U};
    std::uint64_t retain_octets{1ULL << 30U};  ///< spare files beyond this are unlinked
    bool background_spares{true};              ///< false: tests and simulator; spares are made inline
};

/// What consensus::Write asks for, with its entries encoded and its snapshot's payload in place.
struct StoreWrite {
    std::optional<consensus::HardState> hard_state;
    std::optional<consensus::SnapshotMark> snapshot;
    Bytes snapshot_payload;
    bool discard_log{false};
    std::optional<LogIndex> truncate;
    std::vector<wire::EncodedEntry> entries;
};

struct StoreFigures {
    std::uint64_t flushes{0};
    std::uint64_t octets_written{0};
    std::uint64_t octets_on_disk{0};  ///< of segment files, spares included
    std::uint64_t segments{0};
    std::uint64_t free_octets{0};     ///< of the file system, when last looked at
    std::uint64_t spares{0};          ///< segment files ready for use
    std::uint64_t spare_failures{0};  ///< spares that a full disk refused: its early warning
};

class LogStore {
public:
    /// Locks, recovers, and says what is there.
    ///   errors  as StoreErrc; a foreign or newer directory is left exactly as it was
    [[nodiscard]] static Result<std::unique_ptr<LogStore>, StoreError> open(FileSystem& files,
                                                                            StoreOptions options);
    virtual ~LogStore() = default;

    /// What a protocol starts from. Valid as of open().
    [[nodiscard]] virtual const consensus::StoredState& recovered() const = 0;
    /// The payload of the newest snapshot; empty if there is none or it means "no head".
    [[nodiscard]] virtual Result<Bytes, StoreError> snapshot_payload() = 0;

    /// Makes the whole batch durable with one flush (a hard state costs two more), in order. After an error
    /// nothing may be written any more and nothing that depended on the batch may be said: it may or may not
    /// have happened, and the next start decides.
    [[nodiscard]] virtual Result<void, StoreError> write(std::span<const StoreWrite> batch) = 0;

    /// The entry at `index`, believed only if its checksums, index and term agree.
    ///   errors  corrupt_record, io. Asking outside [first, last] is our own bug.
    [[nodiscard]] virtual Result<consensus::Entry, StoreError> read(LogIndex index) = 0;
    /// The first `octets` of the entry's data, or all of it: enough for a payload's number, hash and parent.
    [[nodiscard]] virtual Result<Bytes, StoreError> read_data_prefix(LogIndex index, std::size_t octets) = 0;

    /// To be called when no write came for 1 s: gives the last batch a later record that calls it durable,
    /// and does the housekeeping that must not stand on the commit path.
    [[nodiscard]] virtual Result<void, StoreError> idle() = 0;
    /// A small synced write that changes nothing; how long it takes tells whether a stall is over.
    [[nodiscard]] virtual Result<void, StoreError> probe() = 0;
    [[nodiscard]] virtual StoreFigures figures() const = 0;
};

}  // namespace conductor::storage
