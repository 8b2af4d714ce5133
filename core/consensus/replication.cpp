// Following: what a member does with a leader's entries (§3.5, raft-wire 5.6), and how it says no without
// bringing a Go leader's pipeline to a stop (1.7).
#include <algorithm>

#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

constexpr std::size_t connections_remembered = 16;

bool changes_configuration(EntryType type) {
    return type == EntryType::configuration || type == EntryType::add_peer || type == EntryType::remove_peer;
}

// What no correct leader sends. Go stores a gap as it comes; we would rather lose the connection.
bool well_formed(const AppendRequest& request) {
    auto before = request.prev;
    if (before.index == LogIndex{} && !request.entries.empty()) {
        const auto first = request.entries.front().position.index;
        if (first == LogIndex{}) return false;
        before.index = LogIndex{first.value() - 1};
    }
    for (const auto& entry : request.entries) {
        if (entry.position.index != before.index.next() || entry.position.term < before.term) return false;
        if (entry.position.term > request.term || entry.position.term == Term{}) return false;
        if (changes_configuration(entry.type) != (entry.configuration != nullptr)) return false;
        before = entry.position;
    }
    return request.prev.term <= request.term && before.index.value() < (std::uint64_t{1} << 62U);
}

}  // namespace

void Raft::State::append_requested(const Received& received, const AppendRequest& request) {
    const auto last_before = log.last().index;
    if (request.term < hard.term) {  // a deposed leader must learn it, whatever was answered here before
        return reply(received, AppendReply{hard.term, last_before, false, false}, Needs::term);
    }
    if (request.term > hard.term || role != Role::follower)
        become_follower(request.term, "another leader speaks");
    set_leader(received.from);

    if (request.heartbeat) {
        heard_leader();
        return reply(received, AppendReply{hard.term, last_before, true, false}, Needs::term);
    }
    if (!well_formed(request)) {
        out.hang_up.push_back(received.exchange);
        return;
    }

    // Without a predecessor the entries must follow on what is committed, or nothing vouches for the seam.
    const auto& prev = request.prev;
    const bool seamless = prev.index != LogIndex{} || request.entries.empty() ||
                          request.entries.front().position.index <= commit.next();
    if (!seamless) return refuse_append(received, last_before, true);
    if (prev.index > last_before) return refuse_append(received, last_before, true);
    if (!corrupt.empty() && prev.index >= *corrupt.begin()) {
        return refuse_append(received, LogIndex{corrupt.begin()->value() - 1}, true);  // reliability 1.3.6
    }
    const auto known = log.term_at(prev.index);  // unknown: behind our snapshot, so it is committed and agrees
    if (known && *known != prev.term) {
        const auto conflict = log.holds(prev.index) ? log.first_of_term_at(prev.index) : prev.index;
        return refuse_append(received, std::max({LogIndex{conflict.value() - 1}, commit, acknowledged}), true);
    }

    if (!store_entries(request)) {
        out.hang_up.push_back(received.exchange);  // it contradicts what is committed
        return;
    }
    const auto verified = request.entries.empty() ? prev.index : request.entries.back().position.index;
    acknowledged = std::max(acknowledged, verified);
    advance_commit(std::min(request.commit, verified));
    heard_leader();
    release_hold_after(request);

    if (received.connection != Connection{} &&
        std::find(synced.begin(), synced.end(), received.connection) == synced.end()) {
        synced.push_back(received.connection);
        if (synced.size() > connections_remembered) synced.pop_front();
    }
    reply(received, AppendReply{hard.term, last_before, true, false}, Needs::everything);
}

// raft-wire 1.7: a refusal on a connection where an append of this term was taken can stop a Go leader's
// pipeline for ever. A closed connection makes it ask again on a new one, where the answer is harmless.
void Raft::State::refuse_append(const Received& received, LogIndex hint, bool no_retry_backoff) {
    if (std::find(synced.begin(), synced.end(), received.connection) != synced.end()) {
        out.hang_up.push_back(received.exchange);
        return;
    }
    reply(received, AppendReply{hard.term, hint, false, no_retry_backoff}, Needs::term);
}

// Keeps what agrees, puts back what could not be read, cuts where the logs part, adds the rest (§3.5). False:
// the cut would be through what is committed; nothing has changed then.
bool Raft::State::store_entries(const AppendRequest& request) {
    std::vector<const Entry*> missed;
    auto entry = request.entries.begin();
    for (; entry != request.entries.end(); ++entry) {
        const auto index = entry->position.index;
        if (index > log.last().index) break;
        const auto known = log.term_at(index);  // unknown: behind our snapshot
        const bool same = !known || *known == entry->position.term;
        if (same && corrupt.count(index) == 0) continue;
        if (same && guessed.count(index) == 0) {
            missed.push_back(&*entry);
            continue;
        }
        if (index <= commit) return false;
        break;
    }
    if (entry != request.entries.end()) {
        const auto before = log.term_at(LogIndex{entry->position.index.value() - 1});
        if (before && *before > entry->position.term) return false;
    }
    for (const auto* one : missed) put_back(*one);
    if (entry == request.entries.end()) return true;

    const auto index = entry->position.index;
    if (index <= log.last().index) {
        // Nobody knows what stood here. Should it be the same entry, then what is cut behind it was
        // acknowledged.
        if (corrupt.count(index) != 0) set_floor(std::max(hard.floor, log.last()));
        readable_again(index, log.last().index);
        truncate(index);
    }
    for (; entry != request.entries.end(); ++entry) append_facts(*entry);
    return true;
}

}  // namespace conductor::consensus
