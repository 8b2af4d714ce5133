// Encoded entries in memory: everything that is not yet committed and applied, and as much of the newest rest
// as the bound allows. What the disk, the followers and the state machine read without touching the disk.
// Core thread.
#pragma once

#include <cstdint>
#include <deque>

#include "core/transport/wire_entry.hpp"

namespace conductor::replica {

class EntryCache {
public:
    explicit EntryCache(std::uint64_t octets) : bound_{octets} {}

    /// Entries come in index order; one that replaces an older entry cuts everything above it.
    void put(wire::EncodedEntry entry);
    /// The same entry as the one at its index, where that is held.
    void put_back(const wire::EncodedEntry& entry);
    void truncate(LogIndex from);
    void clear();
    /// Null where the entry is not (or no longer) held.
    [[nodiscard]] const wire::EncodedEntry* find(LogIndex index) const;
    /// Entries up to `applied` may go; the oldest do until the bound holds.
    void trim(LogIndex applied);
    [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }

private:
    std::uint64_t bound_;
    std::uint64_t octets_{0};
    std::deque<wire::EncodedEntry> entries_;  // contiguous
};

}  // namespace conductor::replica
