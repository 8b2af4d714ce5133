// Records put together for one write: headers that name what came before them, bodies by reference, checksums.
// Pure; owned by the disk thread.
#pragma once

#include <deque>
#include <vector>

#include "core/storage/log_view.hpp"
#include "core/storage/record.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::storage {

/// A record before it has a place. The octets live as long as the write that asked for it.
struct Draft {
    RecordKind kind{};
    consensus::Position position;
    consensus::EntryType type{};
    std::uint32_t data_octets{0};
    std::uint16_t data_at{0};
    std::vector<ByteSpan> body;
    std::optional<SnapshotBody> snapshot{};
};

[[nodiscard]] Draft draft_entry(const wire::EncodedEntry& entry);
/// `head` must outlive the draft.
[[nodiscard]] Draft draft_snapshot(const consensus::SnapshotMark& mark, bool discard_log, ByteSpan head,
                                   ByteSpan payload);
[[nodiscard]] Draft draft_truncation(LogIndex from);
[[nodiscard]] Draft draft_seal();
[[nodiscard]] std::uint64_t body_octets(const Draft& draft);

class Batch {
public:
    /// Everything up to `durable_octets` of `segment`, and the log up to `durable`, has been flushed.
    Batch(SegmentId segment, std::uint64_t durable_octets, LogIndex durable)
        : segment_{segment}, start_{durable_octets}, durable_{durable} {}

    /// Adds the record behind those that are here, as the log has it now.
    LocatedRecord add(const Draft& draft, const LogView& log);
    [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
    [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }
    [[nodiscard]] std::vector<ByteSpan> take_pieces() { return std::move(pieces_); }

private:
    SegmentId segment_;
    std::uint64_t start_;
    LogIndex durable_;
    std::uint64_t octets_{0};
    std::deque<RecordHeaderOctets> headers_;  // a deque: the pieces point into it
    std::vector<ByteSpan> pieces_;
};

}  // namespace conductor::storage
