// The ten messages of Raft as op-conductor speaks them (raft-wire 3), without header and encoding: who sent
// a message stands beside it (Sender), and what only Go's decoder needs is added by transport/wire. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/consensus/types.hpp"

namespace conductor::consensus {

/// Replicates entries, announces a commit index, or, as heartbeat, does neither (raft-wire 1.8, 3.1).
struct AppendRequest {
    Term term;
    bool heartbeat{false};  ///< in exactly the shape of raft-wire 1.8; prev, entries and commit are zero then
    Position prev;
    /// Indices carried: [first, first + count). Outgoing: the shell fetches the bodies from its cache or the
    /// store, because the protocol keeps only facts. Incoming: `entries` holds them, contiguous from `first`.
    LogIndex first;
    std::uint64_t count{0};
    std::vector<Entry> entries;
    LogIndex commit;
};
struct AppendReply {
    Term term;
    LogIndex last_log;  ///< as it was before the request; a hint after a refusal
    bool success{false};
    bool no_retry_backoff{false};
};

enum class Ballot : std::uint8_t { pre_vote, vote };
struct VoteRequest {
    Ballot ballot{Ballot::vote};
    Term term;  ///< of a pre-vote: current term + 1, adopted by nobody
    Position last;
    bool transfer{false};  ///< the election was asked for by the leader (TimeoutNow)
};
struct VoteReply {
    Ballot ballot{Ballot::vote};
    Term term;
    bool granted{false};
};

struct SnapshotRequest {
    Term term;
    Position last;
    Configuration configuration;
    LogIndex configuration_index;
    Bytes payload;  ///< incoming: whole and decodable, the shell has checked; outgoing: the shell adds it
};
struct SnapshotReply {
    Term term;
    bool success{false};
};

struct TimeoutNowRequest {};
struct TimeoutNowReply {};

/// An answer whose error string is not empty (raft-wire 1.2); the body behind it is ignored.
struct ErrorReply {
    std::string text;
};

using Message = std::variant<AppendRequest, AppendReply, VoteRequest, VoteReply, SnapshotRequest, SnapshotReply,
                             TimeoutNowRequest, TimeoutNowReply, ErrorReply>;

/// Header of a request: identity and address are opaque texts, compared octet by octet (raft-wire 1.11).
struct Sender {
    ServerId id;
    std::string address;
};

/// Names one request until its answer: chosen by whoever sends it. A reply carries its request's.
using Exchange = Ordinal<struct ExchangeTag>;

struct Envelope {
    ServerId to;  ///< of a request; a reply finds its way by `exchange` alone
    Exchange exchange;
    Message message;
};

}  // namespace conductor::consensus
