// For each segment that is complete, the table of its records, so that a start reads tables instead of
// gigabytes (docs/formats/index.md). Nothing rests on it: a table that is missing or damaged, or a LevelDB that
// does not open, costs the time to scan the segments again. A table never changes and belongs to an id that is
// never used twice, so that one that can be read is right. Used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/file.hpp"
#include "core/storage/segment_scan.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

/// The records of one segment, as scan_segment() would find them; snapshots without their marks.
using SegmentTable = std::vector<LocatedRecord>;

class LeveldbIndex {
public:
    /// Deletes what does not open, and begins anew.
    [[nodiscard]] static Result<std::unique_ptr<LeveldbIndex>, StoreError> open(FileSystem& files,
                                                                                std::string directory);
    ~LeveldbIndex();
    LeveldbIndex(const LeveldbIndex&) = delete;
    LeveldbIndex& operator=(const LeveldbIndex&) = delete;

    [[nodiscard]] std::optional<SegmentTable> find(SegmentId segment);
    [[nodiscard]] Result<void, StoreError> put(SegmentId segment, const SegmentTable& table);
    /// The newest segment that has a table which can be read; nothing: none has.
    [[nodiscard]] std::optional<SegmentId> newest() const;
    [[nodiscard]] Result<void, StoreError> forget(const std::vector<SegmentId>& segments);
    /// Forgets every table of a segment that is not in `present`.
    [[nodiscard]] Result<void, StoreError> keep_only(const std::vector<SegmentId>& present);
    /// Deletes everything and begins anew.
    [[nodiscard]] Result<void, StoreError> reset();

private:
    struct Database;
    LeveldbIndex(FileSystem& files, std::string directory);

    FileSystem& files_;
    std::string directory_;
    std::unique_ptr<Database> database_;
};

[[nodiscard]] std::string encode_table(const SegmentTable& table);
/// nullopt: damaged, or another segment's.
[[nodiscard]] std::optional<SegmentTable> decode_table(ByteSpan octets, SegmentId segment);

}  // namespace conductor::storage
