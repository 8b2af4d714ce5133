#include "core/storage/log_view.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace conductor::storage {

namespace {

constexpr std::uint64_t max_lost = 1ULL << 20U;

}  // namespace

const LogSlot& LogView::slot(LogIndex index) const {
    CONDUCTOR_CHECK(index > base_.index);
    CONDUCTOR_CHECK(index <= last().index);
    return slots_[index.value() - base_.index.value() - 1];
}

bool LogView::apply(const LocatedRecord& record) {
    const auto& header = record.header;
    const auto lost = header.sequence > next_sequence_ ? header.sequence - next_sequence_ : 0;
    reconcile(header.previous, lost);
    next_sequence_ = header.sequence + 1;

    switch (header.kind) {
        case RecordKind::entry:
            apply_entry(record);
            break;
        case RecordKind::snapshot:
            return apply_snapshot(record);
        case RecordKind::truncation:
            cut(header.position.index);
            break;
        case RecordKind::seal:
            break;
    }
    return false;
}

void LogView::reconcile(LogIndex end) {
    if (last().index > end) {
        cut(end.next());
    } else if (last().index < end) {
        const auto guess = last().term;
        add_lost_up_to({guess, end});
        if (!beyond_repair_) slots_.back().term_guessed = true;
    }
}

// Every record names the last entry before it. Where that is not what we have, records between are lost:
// truncations if we have more, entries if we have fewer or others.
void LogView::reconcile(consensus::Position previous, std::uint64_t lost_records) {
    if (last() == previous) return;
    if (last().index > previous.index) cut(previous.index.next());
    const auto missing = previous.index.value() - last().index.value();
    if (missing > 0) add_lost_up_to(previous);
    if (slots_.empty() || beyond_repair_) {
        base_ = previous;
        return;
    }
    if (missing == 0 && last().term == previous.term) return;

    // As many entries may have been replaced as records are lost.
    auto count = std::min<std::uint64_t>(std::max<std::uint64_t>({lost_records, missing, 1}), slots_.size());
    for (auto slot = slots_.rbegin(); count > 0; ++slot, --count) {
        slot->readable = false;
        slot->term_guessed = true;
    }
    slots_.back().position.term = previous.term;
    slots_.back().term_guessed = false;
}

void LogView::add_lost_up_to(consensus::Position position) {
    const auto missing = position.index.value() - last().index.value();
    if (missing > max_lost) {
        beyond_repair_ = true;
        return;
    }
    for (std::uint64_t i = 0; i < missing; ++i) {
        LogSlot slot;
        slot.position = {last().term, last().index.next()};
        slot.readable = false;
        slot.term_guessed = true;
        slots_.push_back(slot);
    }
    slots_.back().position.term = position.term;
    slots_.back().term_guessed = false;
}

void LogView::apply_entry(const LocatedRecord& record) {
    const auto& header = record.header;
    LogSlot slot;
    slot.position = header.position;
    slot.type = header.type;
    slot.readable = record.body_good;
    slot.data_at = header.data_at;
    slot.body_octets = header.body_octets;
    slot.data_octets = header.data_octets;
    slot.segment = header.segment;
    slot.offset = record.offset;

    const auto index = header.position.index;
    if (index > base_.index && index <= last().index) {
        const auto at = index.value() - base_.index.value() - 1;
        auto& held = slots_[at];
        const auto below = at == 0 ? base_.term : slots_[at - 1].position.term;
        const auto above = at + 1 == slots_.size() ? held.position.term : slots_[at + 1].position.term;
        const auto term = header.position.term;
        const auto fits = held.term_guessed ? below <= term && term <= above : held.position.term == term;
        if (fits) {  // the same entry, fetched again: what follows it still follows
            held = slot;
            return;
        }
        cut(index);
    } else if (index != last().index.next()) {
        // Behind a snapshot that covers all we have; or recovery began in the middle, and a later snapshot
        // will say so.
        const auto covered = snapshot_ && snapshot_->mark.last.index.next() == index;
        restart_behind(covered ? snapshot_->mark.last
                               : consensus::Position{header.previous.term,
                                                     LogIndex{std::max<std::uint64_t>(index.value(), 1) - 1}});
    }
    slots_.push_back(slot);
}

bool LogView::apply_snapshot(const LocatedRecord& record) {
    if (!record.snapshot) return false;  // unreadable: the one before still stands, if the log reaches it
    const auto& mark = record.snapshot->mark;
    snapshot_ = SnapshotSlot{mark, record.header.segment, record.offset, record.header};
    if (record.snapshot->discard_log || last().index < mark.last.index) {
        restart_behind(mark.last);
        return true;
    }
    drop_below(mark.first_kept);
    return false;
}

void LogView::cut(LogIndex from) {
    if (from <= base_.index) {
        restart_behind({base_.term, LogIndex{std::max<std::uint64_t>(from.value(), 1) - 1}});
        return;
    }
    while (!slots_.empty() && slots_.back().position.index >= from) slots_.pop_back();
}

void LogView::drop_below(LogIndex index) {
    while (!slots_.empty() && slots_.front().position.index < index) {
        base_ = slots_.front().position;
        slots_.pop_front();
    }
}

void LogView::restart_behind(consensus::Position position) {
    slots_.clear();
    base_ = position;
}

void LogView::mark_unreadable(LogIndex index) {
    CONDUCTOR_CHECK(index > base_.index);
    CONDUCTOR_CHECK(index <= last().index);
    slots_[index.value() - base_.index.value() - 1].readable = false;
}

}  // namespace conductor::storage
