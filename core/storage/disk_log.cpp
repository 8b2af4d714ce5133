#include "core/storage/disk_log.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/storage/errors.hpp"
#include "core/storage/snapshot_body.hpp"

namespace conductor::storage {

DiskLog::DiskLog(FileSystem& files, StoreOptions options, Parts parts)
    : files_{files},
      options_{std::move(options)},
      lock_{std::move(parts.lock)},
      vote_{std::move(parts.vote)},
      view_{std::move(parts.log.view)},
      segments_{std::move(parts.log.segments)},
      tail_{std::move(parts.tail)},
      tail_table_{std::move(parts.log.tail_table)},
      reader_{files, segment_directory()},
      housekeeper_{std::move(parts.housekeeper)} {}

Result<void, StoreError> DiskLog::settle() {
    recovered_.hard_state = vote_.state();
    if (const auto& snapshot = view_.snapshot()) {
        recovered_.snapshot = snapshot->mark;
        recovered_.snapshot_has_payload = snapshot->header.data_octets > 0;
    }
    recovered_.entries.reserve(view_.slots().size());
    for (const auto& slot : view_.slots()) {
        consensus::EntryFacts facts{slot.position, slot.type, slot.data_octets, nullptr};
        auto readable = slot.readable;
        using enum consensus::EntryType;
        if (readable && (slot.type == configuration || slot.type == add_peer || slot.type == remove_peer)) {
            auto entry = read_slot(slot);
            if (!entry && entry.error().code != StoreErrc::corrupt_record) return entry.error();
            readable = entry.has_value();
            if (entry) facts.configuration = std::move(entry->configuration);
        }
        recovered_.entries.push_back(std::move(facts));
        const auto covered = recovered_.snapshot && slot.position.index <= recovered_.snapshot->last.index;
        if (readable || covered) continue;
        recovered_.corrupt.push_back(slot.position.index);
        if (slot.term_guessed) recovered_.guessed.push_back(slot.position.index);
    }
    for (const auto index : recovered_.corrupt) view_.mark_unreadable(index);
    let_go();
    housekeeper_->tend();
    look_at_space();
    return {};
}

std::optional<StoreError> DiskLog::why_not() const {
    return failure_ ? failure_ : housekeeper_->failure();
}

StoreError DiskLog::final(StoreError error) {
    failure_ = error;
    return error;
}

Result<void, StoreError> DiskLog::write(std::span<const StoreWrite> batch) {
    if (const auto why = why_not()) return *why;

    // The last one stands for all: a higher term, or a vote, without the entries of the writes before it is
    // what a crash between the two would leave, and legal.
    const StoreWrite* voted = nullptr;
    std::vector<Bytes> heads;  // of snapshots; the drafts point into them
    std::vector<Draft> drafts;
    for (const auto& one : batch) {
        if (one.hard_state) voted = &one;
        if (one.snapshot) {
            heads.push_back(encode_snapshot_head(*one.snapshot, one.discard_log));
            drafts.push_back(draft_snapshot(*one.snapshot, one.discard_log, heads.back().span(),
                                            one.snapshot_payload.span()));
        }
        if (one.truncate) drafts.push_back(draft_truncation(*one.truncate));
        for (const auto& entry : one.entries) drafts.push_back(draft_entry(entry));
    }
    if (voted != nullptr) {
        if (const auto done = vote_.write(*voted->hard_state); !done) return final(done.error());
        figures_.flushes += 2;
    }
    if (const auto done = write_drafts(drafts); !done) return done.error();
    let_go();
    return {};
}

Result<void, StoreError> DiskLog::write_drafts(const std::vector<Draft>& drafts) {
    std::optional<Batch> batch;
    for (const auto& draft : drafts) {
        if (draft.kind == RecordKind::truncation && draft.position.index > view_.last().index) continue;
        if (draft.kind == RecordKind::entry) {
            const auto index = draft.position.index;
            const auto& snapshot = view_.snapshot();
            const auto behind_snapshot = snapshot && index == snapshot->mark.last.index.next();
            CONDUCTOR_CHECK(behind_snapshot || index <= view_.last().index.next());
            CONDUCTOR_CHECK(index >= view_.first());
        }
        const auto needed = record_octets(body_octets(draft));
        const auto pending = batch ? batch->octets() : 0;
        if (!tail_ || aligned(pending + needed, block_octets) > tail_->room()) {
            // What is pending must be durable before a later segment exists: its successor says that it was.
            if (batch)
                if (const auto done = flush(*batch); !done) return done.error();
            batch.reset();
            if (!tail_ || aligned(needed, block_octets) > tail_->room())
                if (const auto begun = begin_segment(needed); !begun) return final(begun.error());
        }
        if (!batch) batch.emplace(tail_->name().id, tail_->end(), view_.last().index);
        note(batch->add(draft, view_));
    }
    return batch ? flush(*batch) : Result<void, StoreError>{};
}

Result<void, StoreError> DiskLog::flush(Batch& batch) {
    const auto written = tail_->append(batch.take_pieces());
    if (!written) return final(store_error(written.error()));
    figures_.octets_written += *written;
    ++figures_.flushes;
    return {};
}

// The record counts in memory from here on. If its write fails nothing is answered any more, so nobody sees
// that it does.
void DiskLog::note(const LocatedRecord& record) {
    if (view_.apply(record))
        for (auto& segment : segments_) segment.max_index = LogIndex{};
    auto& tail = segments_.back();
    if (record.header.kind == RecordKind::entry)
        tail.max_index = std::max(tail.max_index, record.header.position.index);
    tail_table_.push_back(record);
}

// Order matters. The new name is durable before records of the new id are written: a crash must not leave
// them in a file that counts as a spare and will get that id again.
Result<void, StoreError> DiskLog::begin_segment(std::uint64_t octets) {
    const auto needed = aligned(octets, block_octets) + block_octets;
    const auto capacity = std::max(needed, options_.segment_octets);
    const SegmentName name{housekeeper_->draw_id(), view_.last().index.next()};
    const auto path = segment_directory() + "/" + to_file_name(name);

    const auto spare = capacity == options_.segment_octets ? housekeeper_->take_spare() : std::nullopt;
    if (spare) {
        if (const auto moved = files_.rename(*spare, path); !moved) return store_error(moved.error());
    }
    auto file = files_.open(path, spare ? OpenMode::update : OpenMode::create_new);
    if (!file) return store_error(file.error());
    if (!spare) {
        // Slower to write into than a spare, faster than waiting for one.
        if (const auto done = (*file)->allocate(0, capacity); !done) return store_error(done.error());
        if (const auto done = (*file)->sync(); !done) return store_error(done.error());
        housekeeper_->made_segment(capacity);
    }
    if (const auto done = files_.sync_directory(segment_directory()); !done) return store_error(done.error());
    const auto told = vote_.saw_segment(ordinal_of(name.id));
    if (!told) return told.error();
    if (*told) figures_.flushes += 2;
    if (tail_) housekeeper_->sealed(tail_->name().id, std::move(tail_table_));
    tail_table_.clear();
    segments_.push_back({name, capacity, LogIndex{}});
    tail_.emplace(name, std::move(*file), SegmentFile::Place{block_octets, capacity, true});
    housekeeper_->tend();
    return {};
}

// Whole segments, oldest first, of which no entry is kept and in which the newest snapshot does not stand.
void DiskLog::let_go() {
    const auto& snapshot = view_.snapshot();
    if (!snapshot) return;
    std::vector<Housekeeper::Retired> gone;
    while (segments_.size() > 1 && segments_.front().max_index < view_.first() &&
           segments_.front().name.id != snapshot->segment) {
        gone.push_back({segments_.front().name, segments_.front().octets});
        reader_.forget(segments_.front().name.id);
        segments_.erase(segments_.begin());
    }
    if (!gone.empty()) housekeeper_->retire(std::move(gone));
}

Result<Bytes, StoreError> DiskLog::snapshot_payload() {
    const auto& snapshot = view_.snapshot();
    if (!snapshot || snapshot->header.data_octets == 0) return Bytes{};
    auto record = reader_.read({name_of(snapshot->segment), snapshot->offset, RecordKind::snapshot,
                                snapshot->header.position, snapshot->header.body_octets});
    if (!record) return record.error();
    return record->body.slice(record->header.data_at, record->header.data_octets);
}

const SegmentName& DiskLog::name_of(SegmentId segment) const {
    const auto found =
        std::ranges::find_if(segments_, [&](const SegmentState& held) { return held.name.id == segment; });
    CONDUCTOR_CHECK(found != segments_.end());
    return found->name;
}

RecordPlace DiskLog::place_of(const LogSlot& slot) const {
    return {name_of(slot.segment), slot.offset, RecordKind::entry, slot.position, slot.body_octets};
}

namespace {

StoreError unreadable(const std::string& directory, LogIndex index) {
    return {StoreErrc::corrupt_record, directory,
            directory + ": the entry at index " + std::to_string(index.value()) + " was lost to corruption"};
}

}  // namespace

Result<consensus::Entry, StoreError> DiskLog::read(LogIndex index) {
    const auto& slot = view_.slot(index);
    if (!slot.readable) return unreadable(segment_directory(), index);
    return read_slot(slot);
}

Result<consensus::Entry, StoreError> DiskLog::read_slot(const LogSlot& slot) {
    const auto record = reader_.read(place_of(slot));
    if (!record) return record.error();
    auto entry = wire::decode_entry(record->body);
    if (!entry || entry->position != slot.position) {
        const auto path = segment_directory() + "/" + to_file_name(name_of(slot.segment));
        return StoreError{StoreErrc::corrupt_record, path,
                          path + ": the entry at index " + std::to_string(slot.position.index.value()) +
                              " cannot be decoded" + (entry ? std::string{} : ": " + entry.error().text)};
    }
    return std::move(*entry);
}

Result<Bytes, StoreError> DiskLog::read_data_prefix(LogIndex index, std::size_t octets) {
    const auto& slot = view_.slot(index);
    if (!slot.readable) return unreadable(segment_directory(), index);
    const auto wanted = std::min<std::size_t>(octets, slot.data_octets);
    const auto in_front = slot.data_at + wanted <= prefix_octets;
    const auto record = in_front ? reader_.read_prefix(place_of(slot)) : reader_.read(place_of(slot));
    if (!record) return record.error();
    return record->body.slice(slot.data_at, wanted);
}

Result<void, StoreError> DiskLog::idle() {
    if (const auto why = why_not()) return *why;
    if (!tail_table_.empty() && tail_table_.back().header.kind != RecordKind::seal)
        if (const auto done = write_drafts({draft_seal()}); !done) return done.error();
    housekeeper_->tend();
    look_at_space();
    if (const auto why = why_not()) return *why;
    return {};
}

Result<void, StoreError> DiskLog::probe() {
    if (const auto why = why_not()) return *why;
    if (tail_) {
        if (const auto done = tail_->touch(); !done) return final(store_error(done.error()));
        figures_.octets_written += block_octets;
        ++figures_.flushes;
        return {};
    }
    // Nothing was ever written into a segment: the vote, as it is, serves as well.
    if (const auto done = vote_.write(vote_.state()); !done) return final(done.error());
    figures_.flushes += 2;
    return {};
}

void DiskLog::look_at_space() {
    if (const auto octets = files_.free_octets(options_.directory)) figures_.free_octets = *octets;
}

StoreFigures DiskLog::figures() const {
    auto figures = figures_;
    const auto keeper = housekeeper_->figures();
    figures.octets_on_disk = keeper.octets_on_disk;
    figures.segments = segments_.size();
    figures.spares = keeper.spares;
    figures.spare_failures = keeper.spare_failures;
    return figures;
}

}  // namespace conductor::storage
