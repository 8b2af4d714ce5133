#include "core/transport/wire_protocol.hpp"

#include <string>
#include <utility>

#include "core/base/check.hpp"
#include "core/transport/wire_fields.hpp"

namespace conductor::wire {

using consensus::Ballot;
using consensus::Message;
using consensus::Sender;

namespace {

constexpr const char* wrong_protocol = "operation not supported with current protocol version";

Sender sender_in(const Header& header) {
    return {ServerId{std::string{as_text(header.id.span())}}, std::string{as_text(header.address.span())}};
}

Reply refuse(std::string error, ReplyBody body) {
    return {std::move(error), std::move(body)};
}

std::optional<Reply> header_check(const Request& request) {
    if (const auto* append = std::get_if<AppendEntries>(&request); append != nullptr && is_heartbeat(*append))
        return std::nullopt;
    const auto version = std::visit([](const auto& message) { return message.header.version; }, request);
    if (version == 2 || version == 3) return std::nullopt;
    return refuse(wrong_protocol, {});
}

// Go stores a gap; nobody of ours may. A predecessor of zero means "no check", and a leader that heals a
// follower's log (raft-wire 5.11) starts above 1 then, so only the sequence itself counts there.
std::optional<Complaint> sequence_error(const AppendEntries& message) {
    auto previous = message.prev_index.value();
    for (const auto& entry : message.entries) {
        const auto index = entry.position.index.value();
        const auto free_start = previous == 0 && &entry == &message.entries.front();
        if (index == 0 || (!free_start && index != previous + 1))
            return Complaint{"entry " + std::to_string(index) + " follows " + std::to_string(previous)};
        previous = index;
    }
    return std::nullopt;
}

Result<Message, Complaint> meaning(AppendEntries message) {
    if (const auto error = sequence_error(message)) return *error;
    consensus::AppendRequest ask;
    ask.term = message.term;
    ask.heartbeat = is_heartbeat(message);
    ask.prev = {message.prev_term, message.prev_index};
    ask.first = message.entries.empty() ? message.prev_index.next() : message.entries.front().position.index;
    ask.count = message.entries.size();
    ask.entries = std::move(message.entries);
    ask.commit = message.commit;
    return Message{std::move(ask)};
}

Result<Message, Complaint> meaning(const RequestVote& message) {
    return Message{consensus::VoteRequest{
        Ballot::vote, message.term, {message.last_term, message.last_index}, message.transfer}};
}

Result<Message, Complaint> meaning(const RequestPreVote& message) {
    return Message{
        consensus::VoteRequest{Ballot::pre_vote, message.term, {message.last_term, message.last_index}, false}};
}

Result<Message, Complaint> meaning(const InstallSnapshot& message) {
    if (message.size < 0) return Complaint{"snapshot of negative size"};
    // Version 0 knew only voters by address, and no index of its own for them.
    const auto legacy = message.snapshot_version == 0;
    auto configuration =
        legacy ? decode_peers(message.peers) : decode_configuration(message.configuration.span());
    if (!configuration) return configuration.error();
    consensus::SnapshotRequest ask;
    ask.term = message.term;
    ask.last = {message.last_term, message.last_index};
    ask.configuration = std::move(*configuration);
    ask.configuration_index = legacy ? message.last_index : message.configuration_index;
    return Message{std::move(ask)};
}

Result<Message, Complaint> meaning(const TimeoutNow&) {
    return Message{consensus::TimeoutNowRequest{}};
}

Message meaning_of(const std::monostate&) {
    return consensus::ErrorReply{"answer without a body"};
}
Message meaning_of(const AppendEntriesReply& body) {
    return consensus::AppendReply{body.term, body.last_log, body.success, body.no_retry_backoff};
}
Message meaning_of(const RequestVoteReply& body) {
    return consensus::VoteReply{Ballot::vote, body.term, body.granted};
}
Message meaning_of(const RequestPreVoteReply& body) {
    return consensus::VoteReply{Ballot::pre_vote, body.term, body.granted};
}
Message meaning_of(const InstallSnapshotReply& body) {
    return consensus::SnapshotReply{body.term, body.success};
}
Message meaning_of(const TimeoutNowReply&) {
    return consensus::TimeoutNowReply{};
}

Request request_for(const Header& header, const consensus::AppendRequest& ask) {
    AppendEntries message;
    message.header = header;
    message.term = ask.term;
    message.leader = header.address;
    message.entries_are_nil = ask.heartbeat;
    if (ask.heartbeat) return message;
    message.prev_index = ask.prev.index;
    message.prev_term = ask.prev.term;
    message.entries = ask.entries;
    message.commit = ask.commit;
    return message;
}

Request request_for(const Header& header, const consensus::VoteRequest& ask) {
    if (ask.ballot == Ballot::pre_vote) return RequestPreVote{header, ask.term, ask.last.index, ask.last.term};
    return RequestVote{header, ask.term, header.address, ask.last.index, ask.last.term, ask.transfer};
}

Request request_for(const Header& header, const consensus::SnapshotRequest& ask) {
    InstallSnapshot message;
    message.header = header;
    message.snapshot_version = 1;
    message.term = ask.term;
    message.leader = header.address;
    message.last_index = ask.last.index;
    message.last_term = ask.last.term;
    message.configuration = encode_configuration(ask.configuration);
    message.configuration_index = ask.configuration_index;
    return message;
}

ReplyBody body_for(const Header& header, const consensus::AppendReply& reply) {
    return AppendEntriesReply{header, reply.term, reply.last_log, reply.success, reply.no_retry_backoff};
}
ReplyBody body_for(const Header& header, const consensus::VoteReply& reply) {
    if (reply.ballot == Ballot::pre_vote) return RequestPreVoteReply{header, reply.term, reply.granted};
    return RequestVoteReply{header, reply.term, {}, reply.granted};
}
ReplyBody body_for(const Header& header, const consensus::SnapshotReply& reply) {
    return InstallSnapshotReply{header, reply.term, reply.success};
}
ReplyBody body_for(const Header& header, const consensus::TimeoutNowReply&) {
    return TimeoutNowReply{header};
}

ReplyBody blank_body(const Header& header, Rpc asked) {
    switch (asked) {
        case Rpc::append_entries:
            return AppendEntriesReply{header, {}, {}, false, false};
        case Rpc::request_vote:
            return RequestVoteReply{header, {}, {}, false};
        case Rpc::install_snapshot:
            return InstallSnapshotReply{header, {}, false};
        case Rpc::timeout_now:
            return TimeoutNowReply{header};
        case Rpc::request_pre_vote:
            return RequestPreVoteReply{header, {}, false};
    }
    check_failed("rpc is one of five", __FILE__, __LINE__);
}

// Which replies answer which request.
template <class Kind>
constexpr bool is_reply =
    std::is_same_v<Kind, consensus::AppendReply> || std::is_same_v<Kind, consensus::VoteReply> ||
    std::is_same_v<Kind, consensus::SnapshotReply> || std::is_same_v<Kind, consensus::TimeoutNowReply>;
template <class Kind>
constexpr bool is_request =
    std::is_same_v<Kind, consensus::AppendRequest> || std::is_same_v<Kind, consensus::VoteRequest> ||
    std::is_same_v<Kind, consensus::SnapshotRequest>;

}  // namespace

Header header_of(const Sender& self) {
    return {protocol_version, Bytes::copy_of(self.id.text()), Bytes::copy_of(self.address)};
}

bool is_heartbeat(const AppendEntries& message) {
    const auto from_leader = !message.header.address.empty() || message.leader.data() != nullptr;
    return message.term != Term{} && from_leader && message.prev_index == LogIndex{} &&
           message.prev_term == Term{} && message.entries.empty() && message.commit == LogIndex{};
}

Result<Asked, Complaint> understand(Request request) {
    Asked asked;
    asked.from = sender_in(std::visit([](const auto& message) { return message.header; }, request));
    asked.refusal = header_check(request);

    if (const auto* snapshot = std::get_if<InstallSnapshot>(&request)) {
        if (snapshot->size > 0) asked.snapshot_octets = static_cast<std::uint64_t>(snapshot->size);
        const auto known = snapshot->snapshot_version == 0 || snapshot->snapshot_version == 1;
        if (!asked.refusal && !known) {
            auto why = "unsupported snapshot version " + std::to_string(snapshot->snapshot_version);
            asked.refusal = refuse(std::move(why), InstallSnapshotReply{});
        }
    }
    if (asked.refusal) return asked;

    auto message =
        std::visit([](auto&& held) { return meaning(std::forward<decltype(held)>(held)); }, std::move(request));
    if (!message) return message.error();
    asked.message = std::move(*message);
    return asked;
}

Message understand(Rpc asked, const Reply& reply) {
    CONDUCTOR_CHECK(std::holds_alternative<std::monostate>(reply.body) ||
                    reply.body.index() == static_cast<std::size_t>(asked) + 1);
    if (!reply.error.empty()) return consensus::ErrorReply{reply.error};
    return std::visit([](const auto& body) { return meaning_of(body); }, reply.body);
}

Request request_of(const Sender& self, const Message& message, std::uint64_t snapshot_octets) {
    const auto header = header_of(self);
    return std::visit(
        [&](const auto& ask) -> Request {
            using Kind = std::decay_t<decltype(ask)>;
            if constexpr (std::is_same_v<Kind, consensus::TimeoutNowRequest>) return TimeoutNow{header};
            if constexpr (is_request<Kind>) {
                auto request = request_for(header, ask);
                if (auto* snapshot = std::get_if<InstallSnapshot>(&request))
                    snapshot->size = static_cast<std::int64_t>(snapshot_octets);
                return request;
            }
            check_failed("message is a request", __FILE__, __LINE__);
        },
        message);
}

Reply reply_of(const Sender& self, Rpc asked, const Message& message) {
    const auto header = header_of(self);
    auto reply = std::visit(
        [&](const auto& answer) -> Reply {
            using Kind = std::decay_t<decltype(answer)>;
            if constexpr (std::is_same_v<Kind, consensus::ErrorReply>)
                return {answer.text, blank_body(header, asked)};
            if constexpr (is_reply<Kind>) return {"", body_for(header, answer)};
            check_failed("message is a reply", __FILE__, __LINE__);
        },
        message);
    CONDUCTOR_CHECK(reply.body.index() == static_cast<std::size_t>(asked) + 1);
    return reply;
}

}  // namespace conductor::wire
