// Which records stand in a segment, told from its octets alone. A bad record at the very end is a torn write
// and does not count; a bad one that a later record calls durable is corruption and is reported, never cut.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/storage/record.hpp"
#include "core/storage/segment_name.hpp"
#include "core/storage/snapshot_body.hpp"

namespace conductor::storage {

struct LocatedRecord {
    RecordHeader header;
    std::uint64_t offset{0};
    bool body_good{true};
    std::optional<SnapshotBody> snapshot{};  ///< of a snapshot record whose head could be read
};

/// Whether something was written behind this segment, so that all of it was once durable.
enum class SegmentRole : std::uint8_t { sealed, tail };

struct SegmentScan {
    bool header_good{false};
    std::vector<LocatedRecord> records;  ///< in order; their headers are good, their bodies as marked
    std::uint64_t end{0};                ///< where the next batch goes
    /// Set if corruption reaches to the end of what is durable: the log went at least up to here.
    std::optional<LogIndex> lost_up_to;
    std::vector<std::uint64_t> leftovers;  ///< of a torn batch: must be wiped before anything is appended
};

[[nodiscard]] SegmentScan scan_segment(ByteSpan octets, const SegmentName& name, SegmentRole role);

/// The mark in a snapshot record's body, if what proves it is whole.
[[nodiscard]] std::optional<SnapshotBody> snapshot_of(const RecordHeader& header, ByteSpan body);

}  // namespace conductor::storage
