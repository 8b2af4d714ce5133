// Being leader: how a reign begins and ends, what it may commit, how long its lease runs (§3.6.2, §6.4.1,
// raft-wire 5.7-5.9, 5.17).
#include <algorithm>

#include "core/consensus/quorum.hpp"
#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

constexpr Duration stuck_grace = std::chrono::seconds{2};
constexpr std::uint64_t slowest_octets_per_second = 1'000'000;

}  // namespace

void Raft::State::become_leader() {
    campaign.reset();
    role = Role::leader;
    reign.emplace();
    reign->since = now;
    set_leader(settings.self);
    sync_peers();  // before the Noop: the first request asks whether the logs agree so far
    reign->noop = append_own(EntryType::noop, {}, nullptr).index;
    reign->claim = reign->noop;
}

void Raft::State::end_reign(const char* why) {
    auto ended = std::move(*reign);
    reign.reset();
    role = Role::follower;
    set_leader({});
    if (ended.announced) out.stepped_down = SteppedDown{hard.term, why};

    for (const auto& read : ended.reads) refuse(read.ask, Refusal::leadership_lost);
    for (const auto& change : ended.changes)
        if (change.ask) refuse(*change.ask, Refusal::leadership_lost);
    if (ended.promotion && ended.promotion->change.ask)
        refuse(*ended.promotion->change.ask, Refusal::leadership_lost);
    if (ended.transfer && !ended.transfer->answered) {
        // Once the target was told, losing the lead is what was asked for.
        if (ended.transfer->phase == Transfer::Phase::catching_up) {
            refuse(ended.transfer->ask, Refusal::leadership_lost);
        } else {
            out.done.push_back({ended.transfer->ask});
        }
    }
    contact = now;
    restart_timer();
}

// raft-wire 5.17.2: after a step-down that this node brought on itself others go first.
void Raft::State::hold_off() {
    hold_off_until = now + 3 * settings.election_timeout;
    hold_off_passed = false;
}

// The lease (§6.4.1): when the last request left that a quorum has answered. Alone: always.
Instant Raft::State::quorum_contact() const {
    std::vector<Instant> contacts;
    contacts.reserve(membership.latest().servers.size());  // asked several times a step
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter) continue;
        if (server.id == settings.self.id) {
            contacts.push_back(Instant::max());
            continue;
        }
        const auto known = std::find_if(reign->peers.begin(), reign->peers.end(),
                                        [&](const Progress& peer) { return peer.id == server.id; });
        const bool counts = known != reign->peers.end() && !known->forgetful;
        contacts.push_back(counts ? known->contact : Instant::min());
    }
    return contacts.empty() ? Instant::min() : reached_by_majority(std::move(contacts));
}

Instant Raft::State::lease_end() const {
    const auto proven = std::max(reign->since, quorum_contact());
    return proven == Instant::max() ? proven : proven + settings.lease_timeout;
}

// Votes are no proof: a voter is loyal to a leader that it has heard, not to one that it has chosen. And once
// the target of a transfer was told to take over, it may win without our hearing of it. Loyalty is lifted for
// who was told to take over, however late it obeys: what keeps it from winning is an entry that it lacks.
Instant Raft::State::leading_until() const {
    if (!reign || commit < reign->claim) return Instant::min();
    if (reign->transfer && reign->transfer->phase != Transfer::Phase::catching_up) return Instant::min();
    const auto proven = quorum_contact();
    if (proven == Instant::max() || proven == Instant::min()) return proven;
    return proven + settings.lease_timeout;
}

bool Raft::State::leads(Instant at) const {
    return at < leading_until();
}

void Raft::State::announce_if_leading() {
    if (reign->announced || !leads(now)) return;
    reign->announced = true;
    out.elected = Elected{hard.term};
}

// §3.6.2: only an entry of this term is committed by counting. Ours counts when it is on our disk.
void Raft::State::advance_leader_commit() {
    std::vector<LogIndex> matches;
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter) continue;
        if (server.id == settings.self.id) {
            matches.push_back(durable);
        } else {
            const auto* known = peer(server.id);
            matches.push_back(known != nullptr && !known->forgetful ? known->match : LogIndex{});
        }
    }
    const auto reached = reached_by_majority(std::move(matches));
    if (reached > commit && reached >= reign->noop) advance_commit(reached);

    const bool settled = membership.latest_index() <= commit;
    if (settled && !is_voter(membership.latest(), settings.self.id)) {
        feed_all();  // the others should know that it is committed
        end_reign("no longer a voter");
    }
}

void Raft::State::sync_peers() {
    auto& peers = reign->peers;
    for (const auto& server : membership.latest().servers) {
        if (server.id == settings.self.id) continue;
        auto* known = peer(server.id);
        if (known == nullptr) {
            known = &peers.emplace_back();
            known->id = server.id;
            known->next = log.last().index.next();
            known->heartbeat_at = now;
        }
        known->voter = server.suffrage == Suffrage::voter;
    }
}

void Raft::State::part_with_removed() {
    const auto& members = membership.latest();
    if (sendable() < membership.latest_index()) return;
    auto& peers = reign->peers;
    for (auto& peer : peers) {
        if (find_server(members, peer.id) != nullptr || peer.mode != Mode::stream) continue;
        if (peer.next <= log.last().index) send_append(peer);  // so that it learns of its removal
    }
    peers.erase(std::remove_if(peers.begin(), peers.end(),
                               [&](const Progress& peer) { return find_server(members, peer.id) == nullptr; }),
                peers.end());
}

// raft-wire 5.17.1: heartbeats pass and appends do not. A leader must commit to stay.
void Raft::State::watch_progress() {
    if (durable <= commit) {
        reign->stuck_index = {};
        reign->stuck_until = Instant::max();
        return;
    }
    const auto oldest = commit.next();
    if (reign->stuck_index != oldest) {
        // What travels with the oldest entry, at the slowest pace that still counts as working.
        const auto octets = std::max(log.octets(oldest, oldest),
                                     std::min(log.octets(oldest, durable), settings.max_append_octets));
        reign->stuck_index = oldest;
        reign->stuck_until =
            now + stuck_grace + std::chrono::milliseconds{octets * 1000 / slowest_octets_per_second};
        reign->reconnected = false;
        return;
    }
    if (now < reign->stuck_until) return;
    if (reign->reconnected) {
        end_reign("heartbeats pass, entries do not");
        return hold_off();
    }
    for (auto& peer : reign->peers) {
        if (peer.match >= oldest) continue;
        out.reconnect.push_back(peer.id);
        bulk_failed(peer);
        peer.bulk_at = now;
    }
    reign->reconnected = true;
    reign->stuck_until = now + stuck_grace;
}

Instant Raft::State::leader_deadline() const {
    auto next = std::min(lease_end(), reign->stuck_until);
    for (const auto& peer : reign->peers) {
        if (peer.heartbeats.empty()) next = std::min(next, peer.heartbeat_at);
        const std::size_t room = peer.mode == Mode::stream ? max_bulk_in_flight : 1;
        if (peer.bulk.size() >= room) continue;
        // As in feed(): a moment named here at which nothing could be sent would keep the shell awake for
        // nothing.
        const bool due = peer.wants_contact || peer.next <= sendable();
        if (due) next = std::min(next, peer.bulk_at);
        if (peer.bulk.empty()) next = std::min(next, std::max(peer.bulk_at, peer.quiet_at));
    }
    for (const auto& change : reign->changes) next = std::min(next, change.until);
    // A transfer goes before it: a moment at which nothing would be done keeps the shell awake for nothing.
    if (reign->promotion && !reign->transfer) next = std::min(next, reign->promotion->until);
    if (reign->transfer) next = std::min(next, reign->transfer->until);
    return next;
}

}  // namespace conductor::consensus
