// The payloads of the log by number, hash and parent, without their bodies: what decides which entry becomes
// the head, and whether a new payload contradicts one that is already there (conductor.md P-51). Covers the
// log from the newest snapshot on, applied or not. Core thread; filled at start from the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/consensus/types.hpp"

namespace conductor::replica {

enum class RecordKind : std::uint8_t {
    other,  ///< no command
    payload,
    reset,        ///< replaces the head whatever its number (raft-wire 6)
    undecodable,  ///< every state machine skips it
};

struct PayloadFacts {
    consensus::Position position;
    RecordKind kind{RecordKind::other};
    BlockNumber number;
    BlockHash hash;
    BlockHash parent;
};

/// Octets of an entry's data that facts_of must see, a reset entry's marker included.
inline constexpr std::size_t facts_prefix = 16 + 32 + 560;

/// Reads number, hash and parent where the layout has them; a full check of the body is the state machine's.
[[nodiscard]] PayloadFacts facts_of(consensus::Position position, consensus::EntryType type, ByteSpan prefix);

/// Whether an entry becomes head where `head` is the present one: R0, strictly greater numbers only, or a
/// reset.
[[nodiscard]] bool moves_head(const PayloadFacts& facts, std::optional<BlockNumber> head);

class Ledger {
public:
    void put(PayloadFacts facts);
    /// Of an index that is there.
    void put_back(const PayloadFacts& facts);
    void truncate(LogIndex from);
    /// Entries below `index` no longer matter.
    void forget_below(LogIndex index);
    void clear() { facts_.clear(); }

    /// The state machine found that the entry does not decode after all.
    void mark_undecodable(LogIndex index);
    /// The entry of (from, to] that would be head after it, starting from `head`. Null: none moves the head.
    [[nodiscard]] const PayloadFacts* winner(std::optional<BlockNumber> head, LogIndex from, LogIndex to) const;
    [[nodiscard]] const PayloadFacts* find(LogIndex index) const;
    [[nodiscard]] LogIndex last() const;

private:
    std::deque<PayloadFacts> facts_;  // contiguous
};

}  // namespace conductor::replica
