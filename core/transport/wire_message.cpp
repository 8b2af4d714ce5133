#include "core/transport/wire_message.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/transport/wire_fields.hpp"

namespace conductor::wire {

using consensus::Entry;
using msgpack::Extent;
using msgpack::Reader;

namespace {

// ---- reading: one function a message, each naming its fields

bool read_header_field(Reader& reader, std::string_view key, Header& header) {
    if (key == "Addr") return header.address = reader.octets(), true;
    if (key == "ID") return header.id = reader.octets(), true;
    if (key == "ProtocolVersion") return header.version = reader.signed_number(), true;
    return false;
}

Term read_term(Reader& reader) {
    return Term{reader.unsigned_number()};
}
LogIndex read_index(Reader& reader) {
    return LogIndex{reader.unsigned_number()};
}

void read_entries(Reader& reader, AppendEntries& message) {
    message.entries.clear();
    const auto count = reader.array(&message.entries_are_nil);
    reader.charge(count * sizeof(Entry));
    if (reader.ok()) message.entries.reserve(count);
    for (std::size_t i = 0; i < count && reader.ok(); ++i) message.entries.push_back(read_entry(reader));
}

bool read_field(Reader& reader, std::string_view key, AppendEntries& message) {
    if (key == "Entries") return read_entries(reader, message), true;
    if (key == "Leader") return message.leader = reader.octets(), true;
    if (key == "LeaderCommitIndex") return message.commit = read_index(reader), true;
    if (key == "PrevLogEntry") return message.prev_index = read_index(reader), true;
    if (key == "PrevLogTerm") return message.prev_term = read_term(reader), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, AppendEntriesReply& message) {
    if (key == "LastLog") return message.last_log = read_index(reader), true;
    if (key == "NoRetryBackoff") return message.no_retry_backoff = reader.boolean(), true;
    if (key == "Success") return message.success = reader.boolean(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, RequestVote& message) {
    if (key == "Candidate") return message.candidate = reader.octets(), true;
    if (key == "LastLogIndex") return message.last_index = read_index(reader), true;
    if (key == "LastLogTerm") return message.last_term = read_term(reader), true;
    if (key == "LeadershipTransfer") return message.transfer = reader.boolean(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, RequestVoteReply& message) {
    if (key == "Granted") return message.granted = reader.boolean(), true;
    if (key == "Peers") return message.peers = reader.octets(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, RequestPreVote& message) {
    if (key == "LastLogIndex") return message.last_index = read_index(reader), true;
    if (key == "LastLogTerm") return message.last_term = read_term(reader), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, RequestPreVoteReply& message) {
    if (key == "Granted") return message.granted = reader.boolean(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, InstallSnapshot& message) {
    if (key == "Configuration") return message.configuration = reader.octets(), true;
    if (key == "ConfigurationIndex") return message.configuration_index = read_index(reader), true;
    if (key == "LastLogIndex") return message.last_index = read_index(reader), true;
    if (key == "LastLogTerm") return message.last_term = read_term(reader), true;
    if (key == "Leader") return message.leader = reader.octets(), true;
    if (key == "Peers") return message.peers = reader.octets(), true;
    if (key == "Size") return message.size = reader.signed_number(), true;
    if (key == "SnapshotVersion") return message.snapshot_version = reader.signed_number(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader& reader, std::string_view key, InstallSnapshotReply& message) {
    if (key == "Success") return message.success = reader.boolean(), true;
    if (key == "Term") return message.term = read_term(reader), true;
    return false;
}

bool read_field(Reader&, std::string_view, TimeoutNow&) {
    return false;
}
bool read_field(Reader&, std::string_view, TimeoutNowReply&) {
    return false;
}

template <class Message>
Message read_message(Reader& reader) {
    Message message;
    reader.fields([&](std::string_view key) {
        return read_header_field(reader, key, message.header) || read_field(reader, key, message);
    });
    return message;
}

std::optional<Rpc> rpc_named(std::uint8_t octet) {
    if (octet > static_cast<std::uint8_t>(Rpc::request_pre_vote)) return std::nullopt;
    return static_cast<Rpc>(octet);
}

Request read_request(Rpc rpc, Reader& reader) {
    switch (rpc) {
        case Rpc::append_entries:
            return read_message<AppendEntries>(reader);
        case Rpc::request_vote:
            return read_message<RequestVote>(reader);
        case Rpc::install_snapshot:
            return read_message<InstallSnapshot>(reader);
        case Rpc::timeout_now:
            return read_message<TimeoutNow>(reader);
        case Rpc::request_pre_vote:
            return read_message<RequestPreVote>(reader);
    }
    check_failed("rpc is one of five", __FILE__, __LINE__);
}

ReplyBody read_reply(Rpc rpc, Reader& reader) {
    if (const auto head = reader.peek(); head && head->kind == msgpack::Kind::nil) return {};
    switch (rpc) {
        case Rpc::append_entries:
            return read_message<AppendEntriesReply>(reader);
        case Rpc::request_vote:
            return read_message<RequestVoteReply>(reader);
        case Rpc::install_snapshot:
            return read_message<InstallSnapshotReply>(reader);
        case Rpc::timeout_now:
            return read_message<TimeoutNowReply>(reader);
        case Rpc::request_pre_vote:
            return read_message<RequestPreVoteReply>(reader);
    }
    check_failed("rpc is one of five", __FILE__, __LINE__);
}

}  // namespace

Rpc rpc_of(const Request& request) {
    return static_cast<Rpc>(request.index());
}

Result<std::optional<std::size_t>, Complaint> RequestDecoder::find_end(ByteSpan received) {
    std::optional<std::size_t> none;
    if (received.empty()) return none;
    if (!rpc_named(received.front())) return Complaint{"unknown rpc type " + std::to_string(received.front())};
    const auto end = extent_.find(received.subspan(1));
    if (!end) return end.error();
    if (!*end) return none;
    extent_ = Extent{};
    return std::optional<std::size_t>{1 + **end};
}

Result<Request, Complaint> decode_request(const Bytes& whole) {
    CONDUCTOR_CHECK(!whole.empty());
    const auto rpc = rpc_named(whole.span().front());
    CONDUCTOR_CHECK(rpc.has_value());
    Reader reader{whole.slice(1, whole.size() - 1)};
    auto request = read_request(*rpc, reader);
    if (!reader.ok()) return reader.failure();
    return request;
}

Result<std::optional<Framed<Request>>, Complaint> RequestDecoder::advance(const Bytes& received) {
    std::optional<Framed<Request>> framed;
    const auto end = find_end(received.span());
    if (!end) return end.error();
    if (!*end) return framed;
    auto request = decode_request(received.slice(0, **end));
    if (!request) return request.error();
    framed = Framed<Request>{std::move(*request), **end};
    return framed;
}

Result<std::optional<Framed<Reply>>, Complaint> ReplyDecoder::advance(Rpc asked, const Bytes& received) {
    std::optional<Framed<Reply>> framed;
    const auto error_end = error_.find(received.span());
    if (!error_end) return error_end.error();
    if (!*error_end) return framed;
    const auto body_end = body_.find(received.span().subspan(**error_end));
    if (!body_end) return body_end.error();
    if (!*body_end) return framed;

    error_ = Extent{};
    body_ = Extent{};
    Reader error{received.slice(0, **error_end)};
    Reader body{received.slice(**error_end, **body_end)};
    Reply reply;
    reply.error = error.text();
    reply.body = read_reply(asked, body);
    framed = Framed<Reply>{std::move(reply), **error_end + **body_end};
    if (!error.ok()) return error.failure();
    if (!body.ok()) return body.failure();
    return framed;
}

SenderSoFar sender_so_far(const Bytes& received) {
    SenderSoFar sender;
    if (received.empty()) return sender;
    Reader reader{received.slice(1, received.size() - 1)};
    reader.fields([&](std::string_view key) {
        if (key == "Addr") return sender.address = reader.text(), true;
        if (key == "ID") return sender.id = reader.text(), true;
        return false;
    });
    return sender;
}

}  // namespace conductor::wire
