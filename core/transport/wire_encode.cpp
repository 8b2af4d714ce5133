// The writing half of wire_message.hpp. Keys stand in the order in which Go sorts them; the vectors of the
// specification and the recordings hold every line of this file in place.
#include <utility>

#include "core/base/check.hpp"
#include "core/transport/wire_fields.hpp"
#include "core/transport/wire_message.hpp"

namespace conductor::wire {

using msgpack::Writer;

namespace {

// Copying less than this is cheaper than one more piece in a gathered write.
constexpr std::size_t worth_sharing = 4096;

// Collects small octets and lets large ones pass by reference.
class Gathering {
public:
    [[nodiscard]] Writer& writer() noexcept { return writer_; }
    void add(const Bytes& octets) {
        if (octets.size() < worth_sharing) return writer_.verbatim(octets.span());
        flush();
        pieces_.push_back(octets);
    }
    [[nodiscard]] Pieces take() {
        flush();
        return std::move(pieces_);
    }

private:
    void flush() {
        if (writer_.size() != 0) pieces_.push_back(writer_.take());
    }
    Writer writer_;
    Pieces pieces_;
};

void field(Writer& writer, std::string_view key, const Bytes& octets) {
    writer.raw(key);
    write_octets(writer, octets);
}
void field(Writer& writer, std::string_view key, bool value) {
    writer.raw(key);
    writer.boolean(value);
}
void field(Writer& writer, std::string_view key, std::int64_t value) {
    writer.raw(key);
    writer.signed_number(value);
}
template <class Tag>
void field(Writer& writer, std::string_view key, Ordinal<Tag> value) {
    writer.raw(key);
    writer.unsigned_number(value.value());
}

void begin(Writer& writer, Rpc rpc, std::size_t fields) {
    writer.unsigned_number(static_cast<std::uint8_t>(rpc));  // a fixint is its own octet
    writer.map(fields);
}

// AppendEntries around its entries: keys up to `Entries`, and keys behind them.
void write_front(Writer& writer, const AppendEntries& message) {
    begin(writer, Rpc::append_entries, 9);
    field(writer, "Addr", message.header.address);
    writer.raw("Entries");
}
void write_back(Writer& writer, const AppendEntries& message) {
    field(writer, "ID", message.header.id);
    field(writer, "Leader", message.leader);
    field(writer, "LeaderCommitIndex", message.commit);
    field(writer, "PrevLogEntry", message.prev_index);
    field(writer, "PrevLogTerm", message.prev_term);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const RequestVote& message) {
    begin(writer, Rpc::request_vote, 8);
    field(writer, "Addr", message.header.address);
    field(writer, "Candidate", message.candidate);
    field(writer, "ID", message.header.id);
    field(writer, "LastLogIndex", message.last_index);
    field(writer, "LastLogTerm", message.last_term);
    field(writer, "LeadershipTransfer", message.transfer);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const RequestPreVote& message) {
    begin(writer, Rpc::request_pre_vote, 6);
    field(writer, "Addr", message.header.address);
    field(writer, "ID", message.header.id);
    field(writer, "LastLogIndex", message.last_index);
    field(writer, "LastLogTerm", message.last_term);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const InstallSnapshot& message) {
    begin(writer, Rpc::install_snapshot, 12);
    field(writer, "Addr", message.header.address);
    field(writer, "Configuration", message.configuration);
    field(writer, "ConfigurationIndex", message.configuration_index);
    field(writer, "ID", message.header.id);
    field(writer, "LastLogIndex", message.last_index);
    field(writer, "LastLogTerm", message.last_term);
    field(writer, "Leader", message.leader);
    field(writer, "Peers", message.peers);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Size", message.size);
    field(writer, "SnapshotVersion", message.snapshot_version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const TimeoutNow& message) {
    begin(writer, Rpc::timeout_now, 3);
    field(writer, "Addr", message.header.address);
    field(writer, "ID", message.header.id);
    field(writer, "ProtocolVersion", message.header.version);
}

void write(Writer& writer, const std::monostate&) {
    writer.nil();
}

void write(Writer& writer, const AppendEntriesReply& message) {
    writer.map(7);
    field(writer, "Addr", message.header.address);
    field(writer, "ID", message.header.id);
    field(writer, "LastLog", message.last_log);
    field(writer, "NoRetryBackoff", message.no_retry_backoff);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Success", message.success);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const RequestVoteReply& message) {
    writer.map(6);
    field(writer, "Addr", message.header.address);
    field(writer, "Granted", message.granted);
    field(writer, "ID", message.header.id);
    field(writer, "Peers", message.peers);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const RequestPreVoteReply& message) {
    writer.map(5);
    field(writer, "Addr", message.header.address);
    field(writer, "Granted", message.granted);
    field(writer, "ID", message.header.id);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const InstallSnapshotReply& message) {
    writer.map(5);
    field(writer, "Addr", message.header.address);
    field(writer, "ID", message.header.id);
    field(writer, "ProtocolVersion", message.header.version);
    field(writer, "Success", message.success);
    field(writer, "Term", message.term);
}

void write(Writer& writer, const TimeoutNowReply& message) {
    writer.map(3);
    field(writer, "Addr", message.header.address);
    field(writer, "ID", message.header.id);
    field(writer, "ProtocolVersion", message.header.version);
}

Pieces encode_append(const AppendEntries& fields, std::span<const EncodedEntry> entries, bool nil) {
    Gathering out;
    write_front(out.writer(), fields);
    if (nil) {
        out.writer().nil();
    } else {
        out.writer().array(entries.size());
    }
    for (const auto& entry : entries) {
        out.add(entry.head);
        out.add(entry.data);
        out.add(entry.tail);
    }
    write_back(out.writer(), fields);
    return out.take();
}

Pieces encode_append(const AppendEntries& message) {
    std::vector<EncodedEntry> entries;
    entries.reserve(message.entries.size());
    for (const auto& entry : message.entries) entries.push_back(encode_entry(entry));
    return encode_append(message, entries, message.entries_are_nil);
}

}  // namespace

std::size_t size_of(const Pieces& pieces) {
    std::size_t size = 0;
    for (const auto& piece : pieces) size += piece.size();
    return size;
}

Pieces encode(const AppendEntries& fields, std::span<const EncodedEntry> entries) {
    return encode_append(fields, entries, false);
}

Pieces encode(const Request& request) {
    if (const auto* append = std::get_if<AppendEntries>(&request)) return encode_append(*append);
    Writer writer;
    std::visit(
        [&writer](const auto& message) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(message)>, AppendEntries>)
                write(writer, message);
        },
        request);
    return {writer.take()};
}

Bytes encode(const Reply& reply) {
    Writer writer;
    writer.raw(reply.error);
    std::visit([&writer](const auto& body) { write(writer, body); }, reply.body);
    return writer.take();
}

}  // namespace conductor::wire
