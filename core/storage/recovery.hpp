// From a directory as a crash left it to a log that counts. look_around() only reads, so that a directory
// which is not ours to open stays as it is; recover() repairs what a crash may have torn. Disk thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/consensus/types.hpp"
#include "core/storage/file.hpp"
#include "core/storage/leveldb_index.hpp"
#include "core/storage/log_view.hpp"
#include "core/storage/segment_file.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

/// A segment that is part of the log.
struct SegmentState {
    SegmentName name;
    std::uint64_t octets{0};  ///< of the file
    LogIndex max_index;       ///< the highest entry in it that may have counted; 0: none
};

/// The directory of segments, as the names in it tell.
struct Inventory {
    std::vector<SegmentState> segments;  ///< oldest first
    std::vector<SegmentId> spares;
    std::vector<std::string> unfinished;
    std::uint64_t next_ordinal{1};
};

struct Recovered {
    LogView view;
    std::vector<SegmentState> segments;
    SegmentTable tail_table;
    std::optional<SegmentFile::Place> tail;  ///< of the last segment, if there is one
    std::uint64_t scanned{0};                ///< segments whose octets were read
};

/// Lists, and refuses a newer format; changes nothing. An absent directory is an empty one.
[[nodiscard]] Result<Inventory, StoreError> look_around(FileSystem& files, const std::string& directory);

/// Reads tables and scans what has none; wipes a torn end; makes durable what it found.
///   errors  corrupt_record: the log does not reach down to its snapshot; io
[[nodiscard]] Result<Recovered, StoreError> recover(FileSystem& files, const std::string& directory,
                                                    const Inventory& inventory, LeveldbIndex& index,
                                                    std::uint64_t segment_octets);

}  // namespace conductor::storage
