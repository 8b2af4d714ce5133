#include "core/replica/entry_cache.hpp"

namespace conductor::replica {

void EntryCache::put(wire::EncodedEntry entry) {
    const auto index = entry.facts.position.index;
    truncate(index);
    if (!entries_.empty() && entries_.back().facts.position.index.next() != index)
        clear();  // a gap: a snapshot
    octets_ += entry.size();
    entries_.push_back(std::move(entry));
}

void EntryCache::put_back(const wire::EncodedEntry& entry) {
    const auto index = entry.facts.position.index;
    if (find(index) == nullptr) return;
    auto& held = entries_[index.value() - entries_.front().facts.position.index.value()];
    octets_ = octets_ - held.size() + entry.size();
    held = entry;
}

void EntryCache::truncate(LogIndex from) {
    while (!entries_.empty() && entries_.back().facts.position.index >= from) {
        octets_ -= entries_.back().size();
        entries_.pop_back();
    }
}

void EntryCache::clear() {
    entries_.clear();
    octets_ = 0;
}

const wire::EncodedEntry* EntryCache::find(LogIndex index) const {
    if (entries_.empty()) return nullptr;
    const auto first = entries_.front().facts.position.index;
    if (index < first) return nullptr;
    const auto offset = index.value() - first.value();
    return offset < entries_.size() ? &entries_[offset] : nullptr;
}

void EntryCache::trim(LogIndex applied) {
    while (octets_ > bound_ && !entries_.empty() && entries_.front().facts.position.index <= applied) {
        octets_ -= entries_.front().size();
        entries_.pop_front();
    }
}

}  // namespace conductor::replica
