// Records read back, each believed only if its checksums agree and it is the one that was asked for. Keeps a
// few files open. Disk thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/storage/file.hpp"
#include "core/storage/record.hpp"
#include "core/storage/segment_name.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

/// Where a record is, and what its header must say.
struct RecordPlace {
    SegmentName segment;
    std::uint64_t offset{0};
    RecordKind kind{};
    consensus::Position position;
    std::uint32_t body_octets{0};
};

struct StoredRecord {
    RecordHeader header;
    Bytes body;  ///< of read_prefix(): its first octets only
};

class RecordReader {
public:
    RecordReader(FileSystem& files, std::string directory) : files_{files}, directory_{std::move(directory)} {}

    ///   errors  corrupt_record, io
    [[nodiscard]] Result<StoredRecord, StoreError> read(const RecordPlace& place);
    /// At most prefix_octets of the body, proved without the rest.
    [[nodiscard]] Result<StoredRecord, StoreError> read_prefix(const RecordPlace& place);
    /// The header at `offset`, whatever it says; corrupt_record if there is none of this segment.
    [[nodiscard]] Result<RecordHeader, StoreError> read_header(const SegmentName& segment,
                                                               std::uint64_t offset);
    void forget(SegmentId segment);

private:
    struct OpenSegment {
        SegmentId id;
        std::unique_ptr<File> file;
    };
    [[nodiscard]] Result<File*, StoreError> open(const SegmentName& segment);
    [[nodiscard]] Result<StoredRecord, StoreError> fetch(const RecordPlace& place, std::size_t body_octets);

    FileSystem& files_;
    std::string directory_;
    std::vector<OpenSegment> open_;  // the one used last at the back
};

}  // namespace conductor::storage
