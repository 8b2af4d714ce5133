// What the fields of the wire mean to the protocol, and back (raft-wire 1.8, 1.9, 3): heartbeats are told
// apart, versions checked, entries proved contiguous, configurations decoded. Pure.
#pragma once

#include <optional>
#include <span>

#include "core/base/result.hpp"
#include "core/consensus/message.hpp"
#include "core/transport/wire_message.hpp"

namespace conductor::wire {

/// Ours: one constant header for everything this node sends.
[[nodiscard]] Header header_of(const consensus::Sender& self);

/// The shape in which Go answers before its header check and beside its main loop.
[[nodiscard]] bool is_heartbeat(const AppendEntries& message);

/// A request as the protocol sees it.
struct Asked {
    consensus::Sender from;
    consensus::Message message;        ///< a SnapshotRequest still without its payload
    std::uint64_t snapshot_octets{0};  ///< that follow on the connection and must be read before any answer
    std::optional<Reply> refusal;      ///< the answer is this, and the protocol is not asked
};

/// Says what a request asks. Entries keep sharing the octets they arrived in.
///   errors  why the connection must be closed: entries not contiguous or not behind their predecessor, an
///           undecodable configuration, a negative size
[[nodiscard]] Result<Asked, Complaint> understand(Request request);

/// An answer as the protocol sees it; an error string becomes ErrorReply, a nil body without one too.
[[nodiscard]] consensus::Message understand(Rpc asked, const Reply& reply);

/// A request of ours without bodies: an append's entries and a snapshot's payload are added by the caller.
///   before  `message` is a request
[[nodiscard]] Request request_of(const consensus::Sender& self, const consensus::Message& message,
                                 std::uint64_t snapshot_octets = 0);
/// An answer of ours to a request of that type. An ErrorReply gets an ordinary body, all zero, as Go's
/// handlers give it.
///   before  `message` is a reply that fits
[[nodiscard]] Reply reply_of(const consensus::Sender& self, Rpc asked, const consensus::Message& message);

}  // namespace conductor::wire
