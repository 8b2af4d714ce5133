// The log as its records tell it: feed them in the order in which they were written, and this is what counts.
// The running store and the recovery feed the same machine, so that a second reading equals the first. Pure.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "core/consensus/types.hpp"
#include "core/storage/segment_scan.hpp"

namespace conductor::storage {

/// One entry that counts, and where it is.
struct LogSlot {
    consensus::Position position;
    consensus::EntryType type{};
    bool readable{true};       ///< false: corruption took it; fetched again it is readable
    bool term_guessed{false};  ///< only while unreadable: not even its term is known, but its neighbours' are
    std::uint16_t data_at{0};
    std::uint32_t body_octets{0};
    std::uint32_t data_octets{0};
    SegmentId segment;
    std::uint64_t offset{0};
};

/// The newest snapshot and where it is.
struct SnapshotSlot {
    consensus::SnapshotMark mark;
    SegmentId segment;
    std::uint64_t offset{0};
    RecordHeader header;
};

class LogView {
public:
    [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
    [[nodiscard]] LogIndex first() const noexcept { return base_.index.next(); }
    [[nodiscard]] consensus::Position last() const noexcept {
        return slots_.empty() ? base_ : slots_.back().position;
    }
    /// What the entry before first() was; its term may be a guess where recovery began behind it.
    [[nodiscard]] consensus::Position base() const noexcept { return base_; }
    [[nodiscard]] const std::deque<LogSlot>& slots() const noexcept { return slots_; }
    [[nodiscard]] const LogSlot& slot(LogIndex index) const;
    [[nodiscard]] const std::optional<SnapshotSlot>& snapshot() const noexcept { return snapshot_; }
    [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_sequence_; }

    /// The segments before are gone, because nothing in them counts: the log begins behind `before`.
    void begin_behind(LogIndex before) { base_ = {Term{}, before}; }
    /// What the record says, and what it reveals about records before it that are lost. A record may void all
    /// that came before it: then this returns true, and older segments hold nothing that counts.
    bool apply(const LocatedRecord& record);
    /// The log was known to end here: entries above are void, entries missing below are lost.
    void reconcile(LogIndex last);
    void mark_unreadable(LogIndex index);

    /// More entries were lost than a log of ours can hold: nothing of it can be believed.
    [[nodiscard]] bool beyond_repair() const noexcept { return beyond_repair_; }

private:
    void reconcile(consensus::Position previous, std::uint64_t lost_records);
    void apply_entry(const LocatedRecord& record);
    bool apply_snapshot(const LocatedRecord& record);
    void cut(LogIndex from);
    void drop_below(LogIndex index);
    void restart_behind(consensus::Position position);
    void add_lost_up_to(consensus::Position position);

    std::deque<LogSlot> slots_;  // contiguous from base_.index + 1
    consensus::Position base_;
    std::optional<SnapshotSlot> snapshot_;
    std::uint64_t next_sequence_{1};
    bool beyond_repair_{false};
};

}  // namespace conductor::storage
