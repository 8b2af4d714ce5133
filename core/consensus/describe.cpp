#include "core/consensus/describe.hpp"

#include <ostream>

namespace conductor::consensus {

namespace {

const char* go_name(Suffrage suffrage) {
    switch (suffrage) {
        case Suffrage::voter:
            return "Voter";
        case Suffrage::nonvoter:
            return "Nonvoter";
        case Suffrage::staging:
            return "Staging";
    }
    return "ServerSuffrage";
}

const char* name_of(Ballot ballot) {
    return ballot == Ballot::pre_vote ? "pre-vote" : "vote";
}

struct Line {
    std::ostream& out;

    void operator()(const AppendRequest& m) const {
        if (m.heartbeat) {
            out << "heartbeat, term " << m.term;
            return;
        }
        out << "append, term " << m.term << ", after " << m.prev << ", " << m.count << " from " << m.first
            << ", commit " << m.commit;
    }
    void operator()(const AppendReply& m) const {
        out << (m.success ? "append taken" : "append refused") << ", term " << m.term << ", last " << m.last_log
            << (m.no_retry_backoff ? ", at once" : "");
    }
    void operator()(const VoteRequest& m) const {
        out << name_of(m.ballot) << ", term " << m.term << ", last " << m.last
            << (m.transfer ? ", transfer" : "");
    }
    void operator()(const VoteReply& m) const {
        out << name_of(m.ballot) << (m.granted ? " granted" : " refused") << ", term " << m.term;
    }
    void operator()(const SnapshotRequest& m) const {
        out << "snapshot, term " << m.term << ", up to " << m.last;
    }
    void operator()(const SnapshotReply& m) const {
        out << (m.success ? "snapshot taken" : "snapshot refused") << ", term " << m.term;
    }
    void operator()(const TimeoutNowRequest&) const { out << "timeout now"; }
    void operator()(const TimeoutNowReply&) const { out << "timeout now obeyed"; }
    void operator()(const ErrorReply& m) const { out << "error: " << m.text; }
};

}  // namespace

std::string client_text(Refusal why, const std::string& detail) {
    switch (why) {
        case Refusal::not_leader:
            return "node is not the leader";
        case Refusal::leadership_lost:
            return "leadership lost while committing log";
        case Refusal::transfer_in_progress:
            return "leadership transfer in progress";
        case Refusal::already_bootstrapped:
            return "bootstrap only works on new clusters";
        case Refusal::not_a_voter:
            return "node is not a voter";
        case Refusal::configuration_changed:
            return "configuration changed since " + detail;
        case Refusal::configuration_pending:
            return "timed out enqueuing operation";
        case Refusal::invalid_configuration:
            return detail;
        case Refusal::no_peer:
            return "cannot find peer";
        case Refusal::self_transfer:
            return "cannot transfer leadership to itself";
        case Refusal::unknown_peer:
            return "cannot find replication state for " + detail;
        case Refusal::replication_failed:
            return "replication failed";
        case Refusal::timeout_now_failed:
            return "failed to make TimeoutNow RPC to " + detail;
        case Refusal::transfer_timeout:
            return "leadership transfer timeout";
        case Refusal::store_stalled:
            return "the store has stalled";
        case Refusal::timed_out:
            return "timed out enqueuing operation";
        case Refusal::did_not_catch_up:
            return "failed to add voter: " + detail;
    }
    return "unknown refusal";
}

std::string go_text(const Server& server) {
    return std::string{"{"} + go_name(server.suffrage) + " " + server.id.text() + " " + server.address + "}";
}

std::string go_text(const Configuration& configuration) {
    std::string text = "{[";
    for (std::size_t i = 0; i < configuration.servers.size(); ++i)
        text += (i == 0 ? "" : " ") + go_text(configuration.servers[i]);
    return text + "]}";
}

const char* name_of(Role role) noexcept {
    switch (role) {
        case Role::follower:
            return "follower";
        case Role::pre_candidate:
            return "pre-candidate";
        case Role::candidate:
            return "candidate";
        case Role::leader:
            return "leader";
    }
    return "?";
}

const char* name_of(Refusal why) noexcept {
    switch (why) {
        case Refusal::not_leader:
            return "not_leader";
        case Refusal::leadership_lost:
            return "leadership_lost";
        case Refusal::transfer_in_progress:
            return "transfer_in_progress";
        case Refusal::already_bootstrapped:
            return "already_bootstrapped";
        case Refusal::not_a_voter:
            return "not_a_voter";
        case Refusal::configuration_changed:
            return "configuration_changed";
        case Refusal::configuration_pending:
            return "configuration_pending";
        case Refusal::invalid_configuration:
            return "invalid_configuration";
        case Refusal::no_peer:
            return "no_peer";
        case Refusal::self_transfer:
            return "self_transfer";
        case Refusal::unknown_peer:
            return "unknown_peer";
        case Refusal::replication_failed:
            return "replication_failed";
        case Refusal::timeout_now_failed:
            return "timeout_now_failed";
        case Refusal::transfer_timeout:
            return "transfer_timeout";
        case Refusal::store_stalled:
            return "store_stalled";
        case Refusal::timed_out:
            return "timed_out";
        case Refusal::did_not_catch_up:
            return "did_not_catch_up";
    }
    return "?";
}

const char* name_of(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::granted:
            return "granted";
        case Verdict::held:
            return "held";
        case Verdict::unknown_member:
            return "unknown_member";
        case Verdict::leader_alive:
            return "leader_alive";
        case Verdict::stale_term:
            return "stale_term";
        case Verdict::not_a_voter:
            return "not_a_voter";
        case Verdict::already_voted:
            return "already_voted";
        case Verdict::log_behind:
            return "log_behind";
    }
    return "?";
}

const char* name_of(EntryType type) noexcept {
    switch (type) {
        case EntryType::command:
            return "command";
        case EntryType::noop:
            return "noop";
        case EntryType::add_peer:
            return "add_peer";
        case EntryType::remove_peer:
            return "remove_peer";
        case EntryType::barrier:
            return "barrier";
        case EntryType::configuration:
            return "configuration";
    }
    return "?";
}

std::ostream& operator<<(std::ostream& out, Role role) {
    return out << name_of(role);
}
std::ostream& operator<<(std::ostream& out, Refusal why) {
    return out << name_of(why);
}
std::ostream& operator<<(std::ostream& out, Verdict verdict) {
    return out << name_of(verdict);
}
std::ostream& operator<<(std::ostream& out, EntryType type) {
    return out << name_of(type);
}
std::ostream& operator<<(std::ostream& out, const Position& at) {
    return out << at.term << ':' << at.index;
}
std::ostream& operator<<(std::ostream& out, const Configuration& c) {
    return out << go_text(c);
}
std::ostream& operator<<(std::ostream& out, const Message& message) {
    std::visit(Line{out}, message);
    return out;
}

std::ostream& operator<<(std::ostream& out, const Output& output) {
    if (output.stepped_down)
        out << "stepped down from term " << output.stepped_down->term << ": " << output.stepped_down->why
            << '\n';
    if (output.leader) out << "leader is " << output.leader->leader.id << '\n';
    for (const auto& sent : output.send_now) out << "to " << sent.to << ": " << sent.message << '\n';
    if (const auto& write = output.write) {
        out << "write " << write->ticket;
        if (write->hard_state)
            out << ", term " << write->hard_state->term << " vote " << write->hard_state->vote_term << ' '
                << write->hard_state->vote_candidate;
        if (write->hard_state && write->hard_state->floor != Position{})
            out << ", owes " << write->hard_state->floor;
        if (write->snapshot)
            out << ", snapshot " << write->snapshot->last << " keep " << write->snapshot->first_kept;
        if (write->discard_log) out << ", discard the log";
        for (const auto& entry : write->put_back) out << ", put back " << entry.position;
        if (write->truncate) out << ", cut at " << *write->truncate;
        for (const auto& entry : write->entries) out << ", " << name_of(entry.type) << ' ' << entry.position;
        out << '\n';
    }
    for (const auto& promise : output.send_when_durable)
        out << "after " << promise.kept_by << " to " << promise.reply.to << ": " << promise.reply.message
            << '\n';
    for (const auto& accepted : output.accepted)
        out << "accepted " << accepted.ask << " at " << accepted.position << '\n';
    for (const auto& refused : output.refused)
        out << "refused " << refused.ask << ": " << client_text(refused) << '\n';
    for (const auto& read : output.reads) out << "read " << read.ask << " at " << read.index << '\n';
    for (const auto& done : output.done) out << "done " << done.ask << '\n';
    if (output.commit) out << "commit " << *output.commit << '\n';
    if (output.elected) out << "elected in term " << output.elected->term << '\n';
    for (const auto exchange : output.hang_up) out << "hang up " << exchange << '\n';
    for (const auto& id : output.reconnect) out << "reconnect " << id << '\n';
    for (const auto& no : output.votes_refused)
        out << name_of(no.ballot) << " of " << no.candidate.id << " refused: " << name_of(no.why) << '\n';
    for (const auto& id : output.forgetful) out << "forgetful " << id << '\n';
    return out;
}

}  // namespace conductor::consensus
