// The ten messages of hashicorp/raft v1.7.3 field by field (raft-wire 1, 3): what Go encoded decodes and
// encodes to the same octets again, nil and empty kept apart. What the fields mean is wire_protocol.hpp's.
// Pure; one owner at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/transport/msgpack.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::wire {

inline constexpr std::int64_t protocol_version = 3;

/// The first octet of a request.
enum class Rpc : std::uint8_t {
    append_entries = 0,
    request_vote = 1,
    install_snapshot = 2,
    timeout_now = 3,
    request_pre_vote = 4,
};

/// Bytes fields are nil on the wire where data() is null.
struct Header {
    std::int64_t version{0};
    Bytes id;
    Bytes address;
};

struct AppendEntries {
    Header header;
    Term term;
    Bytes leader;
    LogIndex prev_index;
    Term prev_term;
    bool entries_are_nil{true};  ///< as in heartbeats; an empty array otherwise
    std::vector<consensus::Entry> entries;
    LogIndex commit;
};
struct AppendEntriesReply {
    Header header;
    Term term;
    LogIndex last_log;
    bool success{false};
    bool no_retry_backoff{false};
};
struct RequestVote {
    Header header;
    Term term;
    Bytes candidate;
    LogIndex last_index;
    Term last_term;
    bool transfer{false};
};
struct RequestVoteReply {
    Header header;
    Term term;
    Bytes peers;
    bool granted{false};
};
struct RequestPreVote {
    Header header;
    Term term;
    LogIndex last_index;
    Term last_term;
};
struct RequestPreVoteReply {
    Header header;
    Term term;
    bool granted{false};
};
struct InstallSnapshot {
    Header header;
    std::int64_t snapshot_version{0};
    Term term;
    Bytes leader;
    LogIndex last_index;
    Term last_term;
    Bytes peers;
    Bytes configuration;
    LogIndex configuration_index;
    std::int64_t size{0};  ///< octets that follow the message, without a frame
};
struct InstallSnapshotReply {
    Header header;
    Term term;
    bool success{false};
};
struct TimeoutNow {
    Header header;
};
struct TimeoutNowReply {
    Header header;
};

/// In the order of Rpc.
using Request = std::variant<AppendEntries, RequestVote, InstallSnapshot, TimeoutNow, RequestPreVote>;
[[nodiscard]] Rpc rpc_of(const Request& request);

/// Both objects of an answer. The body is nil (monostate) where the header check failed or the command is
/// unknown; a client ignores it when the error is not empty.
using ReplyBody = std::variant<std::monostate, AppendEntriesReply, RequestVoteReply, InstallSnapshotReply,
                               TimeoutNowReply, RequestPreVoteReply>;
struct Reply {
    std::string error;
    ReplyBody body;
};

/// Octets to be sent one after the other; large bodies are shared, small ones gathered.
using Pieces = std::vector<Bytes>;
[[nodiscard]] std::size_t size_of(const Pieces& pieces);

/// All fields, sorted, behind the type octet.
[[nodiscard]] Pieces encode(const Request& request);
/// With these entries instead of `fields.entries`; never nil.
[[nodiscard]] Pieces encode(const AppendEntries& fields, std::span<const EncodedEntry> entries);
[[nodiscard]] Bytes encode(const Reply& reply);

template <class Message>
struct Framed {
    Message message;
    std::size_t consumed{0};  ///< octets of the message; what follows is the next one's, or a snapshot's
};

/// Takes one request from octets that arrive piece by piece.
class RequestDecoder {
public:
    /// Where the request ends that `received` begins with, type octet included; for who decodes it later, from
    /// a buffer of the right size. Nothing, and errors, as advance().
    [[nodiscard]] Result<std::optional<std::size_t>, Complaint> find_end(ByteSpan received);
    /// `received` begins with the type octet and holds all that came since. Nothing: more is needed; call
    /// again with the same octets and more. After a message the decoder expects the next one.
    ///   errors  why the connection must be closed; the decoder is of no more use
    [[nodiscard]] Result<std::optional<Framed<Request>>, Complaint> advance(const Bytes& received);

private:
    msgpack::Extent extent_;
};

/// One whole request, as find_end() has measured it.
[[nodiscard]] Result<Request, Complaint> decode_request(const Bytes& whole);

/// Takes the answers to requests of ours, each with the type that was asked.
class ReplyDecoder {
public:
    /// As RequestDecoder::advance.
    [[nodiscard]] Result<std::optional<Framed<Reply>>, Complaint> advance(Rpc asked, const Bytes& received);

private:
    msgpack::Extent error_;
    msgpack::Extent body_;
};

/// Who sends, as far as the octets of an unfinished request tell: Go puts the address first. Empty texts
/// where nothing is known yet.
struct SenderSoFar {
    std::string id;
    std::string address;
};
[[nodiscard]] SenderSoFar sender_so_far(const Bytes& received);

}  // namespace conductor::wire
