#include <algorithm>
#include <iterator>

#include "disk.hpp"
#include "planted/planted.hpp"
#include "trace.hpp"

namespace conductor::sim {

Disk::Found ModelDisk::open() {
    Found found;
    found.state.hard_state = hard_state_;
    found.state.snapshot = snapshot_;
    found.state.snapshot_has_payload = snapshot_ && !payload_.empty();
    found.snapshot_payload = payload_;
    std::erase_if(rotten_, [&](LogIndex index) {
        return log_.count(index) == 0 || (snapshot_ && index <= snapshot_->last.index);
    });
    for (const auto& [index, entry] : log_) {
        found.state.entries.push_back({entry.position, entry.type, entry.data.size(), entry.configuration});
        if (rotten_.count(index) == 0) {
            found.entries.push_back(entry);
            continue;
        }
        found.state.corrupt.push_back(index);
        if (rotten_.count(index.next()) == 0) continue;  // the record behind it names this place
        found.state.guessed.push_back(index);
        const auto before = found.state.entries.size() - 1;
        found.state.entries.back().position.term =
            before > 0 ? found.state.entries[before - 1].position.term
                       : (snapshot_ && snapshot_->last.index.next() == index ? snapshot_->last.term : Term{});
        found.state.entries.back().configuration.reset();
    }
    return found;
}

void ModelDisk::write(std::span<const DiskWrite> batch) {
    unsynced_.reset();
    if (planted(Fault::skips_a_flush)) unsynced_ = std::make_shared<ModelDisk>(*this);
    for (const auto& one : batch) apply(one, one.what.entries.size());
}

// Hard state first, synced; then the rest, of which the end may be missing.
void ModelDisk::crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) {
    if (power && unsynced_) {
        const auto before = std::move(unsynced_);
        *this = *before;
    }
    auto whole = draw.next() % (batch.size() + 1);
    for (const auto& one : batch) {
        if (whole == 0) {
            const auto kept = draw.next() % 3;
            if (kept == 0) return;
            if (one.what.hard_state) hard_state_ = *one.what.hard_state;
            const bool plain = !one.what.snapshot && !one.what.discard_log;
            if (kept == 2 && plain) apply(one, draw.next() % (one.what.entries.size() + 1));
            return;
        }
        --whole;
        apply(one, one.what.entries.size());
    }
}

void ModelDisk::apply(const DiskWrite& write, std::size_t entries) {
    const auto& what = write.what;
    if (what.hard_state) hard_state_ = *what.hard_state;
    if (what.snapshot) {
        snapshot_ = what.snapshot;
        payload_ = write.snapshot_payload;
    }
    if (what.discard_log) log_.clear();
    for (const auto& entry : what.put_back) {
        if (!holds(entry.position)) throw Violation{"another entry is put back than the one that was there"};
        rotten_.erase(entry.position.index);
    }
    if (what.snapshot) log_.erase(log_.begin(), log_.lower_bound(what.snapshot->first_kept));
    if (what.truncate) {
        rotten_.erase(rotten_.lower_bound(*what.truncate), rotten_.end());
        log_.erase(log_.lower_bound(*what.truncate), log_.end());
    }
    for (std::size_t i = 0; i < entries; ++i) {
        const auto& entry = what.entries[i];
        if (!log_.empty() && log_.rbegin()->first.next() != entry.position.index)
            throw Violation{"a write leaves a gap in the log"};
        log_.emplace_hint(log_.end(), entry.position.index, entry);
    }
}

void ModelDisk::wipe() {
    *this = ModelDisk{};
}

bool ModelDisk::rot(consensus::Random& draw) {
    if (!rotten_.empty() || log_.empty()) return false;
    auto found = std::next(log_.begin(), static_cast<std::ptrdiff_t>(draw.next() % log_.size()));
    if (snapshot_ && found->first <= snapshot_->last.index) return false;
    // One, or as many as a bad stretch of the disk takes with it.
    const auto run = draw.next() % 2 == 0 ? 1 : 1 + draw.next() % 80;
    for (std::uint64_t i = 0; i < run && found != log_.end(); ++i, ++found) rotten_.insert(found->first);
    return true;
}

consensus::Position ModelDisk::last() const {
    if (!log_.empty()) return log_.rbegin()->second.position;
    return snapshot_ ? snapshot_->last : consensus::Position{};
}

bool ModelDisk::holds(consensus::Position position) const {
    if (snapshot_ && position.index <= snapshot_->last.index) return true;
    const auto found = log_.find(position.index);
    return found != log_.end() && found->second.position == position;
}

}  // namespace conductor::sim
