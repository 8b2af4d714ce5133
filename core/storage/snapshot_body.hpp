// The body of a snapshot record: what a snapshot stands for, and its payload (docs/formats/segment.md). Pure.
#pragma once

#include <optional>

#include "core/base/bytes.hpp"
#include "core/consensus/types.hpp"

namespace conductor::storage {

struct SnapshotBody {
    consensus::SnapshotMark mark;  ///< without `last`, which the record's header holds
    bool discard_log{false};
};

/// All but the payload, which follows; its length is where the payload starts.
[[nodiscard]] Bytes encode_snapshot_head(const consensus::SnapshotMark& mark, bool discard_log);
/// nullopt: not as we write it.
[[nodiscard]] std::optional<SnapshotBody> decode_snapshot_head(ByteSpan head, consensus::Position last);

}  // namespace conductor::storage
