// The nouns of Raft: positions, entries, configurations, what a disk must hold. Values only; they know no
// encoding (transport/wire) and no place (storage). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ordinal.hpp"

namespace conductor::consensus {

/// A place in a log. Ordered as §3.6.1 compares logs: by term first, then by index.
struct Position {
    Term term;
    LogIndex index;
    friend auto operator<=>(const Position&, const Position&) = default;
};

/// raft-wire 4.2. `staging` is never produced any more; it counts as nonvoter.
enum class Suffrage : std::uint8_t { voter = 0, nonvoter = 1, staging = 2 };

struct Server {
    ServerId id;
    std::string address;  ///< host:port as configured, dialled by others; an opaque text here
    Suffrage suffrage{Suffrage::voter};
    friend bool operator==(const Server&, const Server&) = default;
};

/// The members, in insertion order, which decides ties in the choice of a transfer target.
struct Configuration {
    std::vector<Server> servers;
    friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// raft-wire 4.1. Values are those on the wire.
enum class EntryType : std::uint8_t {
    command = 0,
    noop = 1,
    add_peer = 2,     ///< deprecated; read, never written
    remove_peer = 3,  ///< deprecated; read, never written
    barrier = 4,
    configuration = 5,
};

/// When a leader appended an entry, as the octets of its msgpack object (raft-wire 2.3): received stamps are
/// kept as they came, and nothing in the protocol reads them. Default: Go's zero time.
struct Stamp {
    std::array<std::uint8_t, 24> octets{0xaf, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::uint8_t size{16};
    [[nodiscard]] ByteSpan span() const noexcept { return {octets.data(), size}; }
    friend bool operator==(const Stamp& a, const Stamp& b) noexcept {
        return Bytes{nullptr, a.span()} == Bytes{nullptr, b.span()};
    }
};

struct Entry {
    Position position;
    EntryType type{EntryType::command};
    /// Command: the SSZ envelope. Configuration: its encoding where it was received, empty where this
    /// node made it (the wire encodes `configuration` then). Otherwise empty.
    Bytes data;
    /// Set iff this entry changes the configuration (types 2, 3 and 5); decoded by whoever read the entry.
    std::shared_ptr<const Configuration> configuration;
    Stamp appended_at;
    Bytes extensions;  ///< always empty in op-conductor; kept as received
    friend bool operator==(const Entry& a, const Entry& b) noexcept {
        return a.position == b.position && a.type == b.type && a.data == b.data &&
               a.appended_at == b.appended_at && a.extensions == b.extensions;
    }
};

/// What must be on disk before any answer that follows from it leaves (§3.8, raft-wire 5.13). The vote is
/// for an address, as in Go, and holds in `vote_term` only.
struct HardState {
    /// As `vote_term`: the vote is held, because this node may have forgotten one (raft-wire 5.4.1).
    static constexpr Term held{~std::uint64_t{0}};
    /// As `vote_term`: whether it may have forgotten one is being asked.
    static constexpr Term asking{~std::uint64_t{0} - 1};

    Term term;
    Term vote_term;
    std::string vote_candidate;  ///< empty: no vote given yet
    /// The end of what was acknowledged, while the log may be shorter because something unreadable in it is
    /// being put back (reliability 1.3.6). 0:0: the log has all of it.
    Position floor{};
    friend bool operator==(const HardState&, const HardState&) = default;
};

/// What a snapshot stands for; the payload itself is the shell's.
struct SnapshotMark {
    Position last;                 ///< last entry covered
    Configuration configuration;   ///< the committed one
    LogIndex configuration_index;  ///< of the entry that made it
    LogIndex first_kept;           ///< first index of the log that still counts; entries below may go
    friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

/// One entry as the log remembers it; bodies stay with the shell (cache and store).
struct EntryFacts {
    Position position;
    EntryType type{EntryType::command};
    std::uint64_t octets{0};  ///< of `data`; what batching, retention and the simulator charge for
    std::shared_ptr<const Configuration> configuration;  ///< as in Entry
};

/// What the store found at start. Entries are contiguous and in order.
struct StoredState {
    HardState hard_state;
    std::optional<SnapshotMark> snapshot;
    bool snapshot_has_payload{false};  ///< false: none, or one of size 0, which means "no head"
    std::vector<EntryFacts> entries;
    std::vector<LogIndex> corrupt;  ///< unreadable, above the snapshot: fetch again, until then never campaign
    /// Those of `corrupt` of which not even the term is known: the term that `entries` has is a guess, not
    /// above the true one.
    std::vector<LogIndex> guessed{};
};

}  // namespace conductor::consensus
