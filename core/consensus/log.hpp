// What the protocol remembers of its log: positions, types and sizes of the entries kept, and the snapshot
// they stand on. No bodies. Positions before the snapshot may be kept or gone; those after it never have gaps.
// Asking outside the kept range is our own bug where a function does not say otherwise. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/consensus/types.hpp"

namespace conductor::consensus {

class Log {
public:
    Log() = default;
    /// Entries that end before the snapshot does not count: there would be a gap.
    Log(std::optional<SnapshotMark> snapshot, std::vector<EntryFacts> entries);

    /// Of the last entry, or of the snapshot where it is the last thing known, or 0:0.
    [[nodiscard]] Position last() const noexcept;
    /// The first entry kept; `last().index + 1` where none is.
    [[nodiscard]] LogIndex first() const noexcept;
    [[nodiscard]] bool empty() const noexcept { return last().index == LogIndex{}; }
    [[nodiscard]] bool holds(LogIndex index) const noexcept;
    [[nodiscard]] const EntryFacts& at(LogIndex index) const;
    /// The term at `index`: of an entry, of the snapshot's end, 0 at 0; nothing where it is unknown.
    [[nodiscard]] std::optional<Term> term_at(LogIndex index) const noexcept;
    /// The first index kept whose entry has the term of the entry at `index`.
    [[nodiscard]] LogIndex first_of_term_at(LogIndex index) const;
    /// Octets of the data of entries [first, last], as far as they are kept.
    [[nodiscard]] std::uint64_t octets(LogIndex first, LogIndex last) const;

    [[nodiscard]] const std::optional<SnapshotMark>& snapshot() const noexcept { return snapshot_; }

    void append(EntryFacts facts);  ///< must follow last()
    /// The same entry as the one there, told anew: of a kept index, with the same term.
    void put_back(EntryFacts facts);
    void truncate(LogIndex from);  ///< drops `from` and all above
    /// A snapshot whose end this log holds: entries before `mark.first_kept` go, the rest stays.
    void compact(const SnapshotMark& mark);
    /// A snapshot that this log does not lead up to: everything goes.
    void replace(const SnapshotMark& mark);

private:
    std::optional<SnapshotMark> snapshot_;
    std::deque<EntryFacts> entries_;
};

/// What must stay behind a snapshot up to `last`: at most `entries` and `octets` of the whole log, never
/// less than `payloads` commands (reliability 1.3.5), and nothing is dropped that the snapshot lacks.
struct Retention {
    std::uint64_t entries{0};
    std::uint64_t octets{0};
    std::uint64_t payloads{0};
};
[[nodiscard]] LogIndex first_to_keep(const Log& log, LogIndex last, const Retention& retention);

}  // namespace conductor::consensus
