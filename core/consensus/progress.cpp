// Feeding the other members: heartbeats, entries, commit indices (§3.5, raft-wire 1.7, 1.8, 5.7).
#include <algorithm>

#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

constexpr Duration first_back_off = std::chrono::milliseconds{10};
constexpr Duration bulk_keepalive = std::chrono::seconds{1};

// 10 ms for the first `free` failures, then doubling, never beyond `most`: a member that comes back is fed
// soon.
Duration back_off(unsigned failures, unsigned free, Duration most) {
    auto wait = first_back_off;
    for (unsigned i = free; i < failures && wait < most; ++i) wait *= 2;
    return std::min(wait, most);
}

std::optional<Flight> take(std::vector<Flight>& flights, Exchange exchange) {
    const auto found = std::find_if(flights.begin(), flights.end(),
                                    [&](const Flight& flight) { return flight.exchange == exchange; });
    if (found == flights.end()) return std::nullopt;
    const auto flight = *found;
    flights.erase(found);
    return flight;
}

}  // namespace

Progress* Raft::State::peer(const ServerId& id) {
    if (!reign) return nullptr;
    const auto found = std::find_if(reign->peers.begin(), reign->peers.end(),
                                    [&](const Progress& peer) { return peer.id == id; });
    return found == reign->peers.end() ? nullptr : &*found;
}

void Raft::State::feed_all() {
    for (auto& peer : reign->peers) {
        heartbeat(peer);
        feed(peer);
    }
}

// In exactly the shape that a Go server answers beside its main loop (raft-wire 1.8). A second one leaves only
// for a read that the one on its way cannot confirm.
void Raft::State::heartbeat(Progress& peer) {
    const bool due = peer.heartbeats.empty() && now >= peer.heartbeat_at;
    const bool reading = peer.voter && peer.heartbeat_failures == 0 &&
                         std::any_of(reign->reads.begin(), reign->reads.end(), [&](const PendingRead& read) {
                             if (!read.index || peer.confirmed >= read.floor) return false;
                             return peer.heartbeats.empty() || peer.heartbeats.back().exchange < read.floor;
                         });
    if (!due && !(reading && peer.heartbeats.size() < max_heartbeats_in_flight)) return;

    AppendRequest beat;
    beat.term = hard.term;
    beat.heartbeat = true;
    const auto exchange = request(peer.id, std::move(beat));
    peer.heartbeats.push_back({exchange, now, {}, {}, peer.match, false});
    peer.heartbeat_at = next_beat();
}

// All members' heartbeats leave in rounds, and who fell out of step joins the next: an idle leader then wakes
// once for all of them. Two of them fit into a lease; Go's are T/10 to 2T/10 apart.
Instant Raft::State::next_beat() {
    const auto shortest = settings.heartbeat_timeout / 10;
    if (reign->next_beat < now + shortest)
        reign->next_beat = now + std::clamp<Duration>(settings.lease_timeout * 2 / 5, shortest, 2 * shortest);
    return reign->next_beat;
}

void Raft::State::feed(Progress& peer) {
    while (now >= peer.bulk_at) {
        const std::size_t room = peer.mode == Mode::stream ? max_bulk_in_flight : 1;
        if (peer.bulk.size() >= room) return;

        const bool entries = peer.next <= sendable();
        const bool news =
            peer.mode == Mode::stream && peer.announced < std::min(commit, LogIndex{peer.next.value() - 1});
        const bool quiet = peer.bulk.empty() && now >= peer.quiet_at;
        if (!entries && !news && !quiet && !peer.wants_contact) return;
        if (!send_append(peer) && !send_snapshot(peer)) return;
    }
}

// Entries leave before they are on our disk, but members are changed on it first: if we lost the entry that
// takes out a voter, and only that voter kept it, neither could win an election any more.
LogIndex Raft::State::sendable() const {
    const auto members = membership.latest_index();
    return members > durable ? LogIndex{members.value() - 1} : log.last().index;
}

bool Raft::State::send_append(Progress& peer) {
    if (peer.mode == Mode::snapshot || peer.next < log.first()) return false;
    const LogIndex before{peer.next.value() - 1};
    const auto term = log.term_at(before);
    if (!term) return false;

    AppendRequest append;
    append.term = hard.term;
    append.prev = peer.heal ? Position{} : Position{*term, before};
    append.first = peer.next;
    append.commit = commit;
    std::uint64_t octets = 0;
    auto last = before;
    const auto end = sendable();
    while (last < end && log.holds(last.next()) && append.count < settings.max_append_entries) {
        const auto size = log.at(last.next()).octets;
        if (append.count > 0 && octets + size > settings.max_append_octets) break;
        octets += size;
        last = last.next();
        ++append.count;
    }
    const auto exchange = request(peer.id, std::move(append));
    peer.bulk.push_back({exchange, now, before, last, peer.match, peer.heal});
    peer.announced = std::min(commit, last);
    peer.wants_contact = false;
    peer.quiet_at = now + bulk_keepalive;
    if (peer.mode == Mode::stream) peer.next = last.next();
    return true;
}

bool Raft::State::send_snapshot(Progress& peer) {
    const bool sendable = stored_snapshot && (stored_snapshot_has_payload || settings.empty_snapshots) &&
                          stored_snapshot->last.index.next() >= log.first();
    if (!sendable) {
        // Ours is still on its way to the disk, or stands for no head, which a Go peer cannot restore.
        peer.failures += 1;
        peer.bulk_at = now + back_off(peer.failures, 1, settings.heartbeat_timeout / 2);
        return false;
    }
    SnapshotRequest snapshot;
    snapshot.term = hard.term;
    snapshot.last = stored_snapshot->last;
    snapshot.configuration = stored_snapshot->configuration;
    snapshot.configuration_index = stored_snapshot->configuration_index;
    const auto last = snapshot.last.index;
    const auto exchange = request(peer.id, std::move(snapshot));
    peer.mode = Mode::snapshot;
    peer.wants_contact = false;
    peer.bulk.push_back({exchange, now, last, last, peer.match, false});
    return true;
}

void Raft::State::bulk_failed(Progress& peer) {
    peer.bulk.clear();
    if (peer.match != LogIndex{}) peer.next = peer.match.next();
    peer.mode = Mode::probe;
    peer.heal = false;
    peer.announced = {};
    peer.wants_contact = true;
    peer.failures += 1;
    peer.bulk_at = now + back_off(peer.failures, 2, settings.heartbeat_timeout / 2);
}

// A refusal proves that the member lives, but it does not make it patient with us: only Success counts.
void Raft::State::saw(Progress& peer, const Flight& flight) {
    peer.contact = std::max(peer.contact, flight.sent_at);
    peer.confirmed = std::max(peer.confirmed, flight.exchange);
}

// raft-wire 5.8.1. An answer that was merely overtaken was asked for before the acknowledgement arrived.
void Raft::State::check_memory(Progress& peer, const Flight& flight, LogIndex last_log) {
    if (last_log >= flight.acknowledged) return;
    bulk_failed(peer);
    peer.match = {};
    peer.next = std::max(LogIndex{1}, last_log.next());
    peer.contact = Instant::min();
    peer.confirmed = {};
    if (!peer.voter || peer.forgetful) return;
    peer.forgetful = true;
    out.forgetful.push_back(peer.id);
}

void Raft::State::append_answered(Progress& peer, const Flight& flight, const AppendReply& reply, bool bulk) {
    const bool forgot = reply.last_log < flight.acknowledged;
    check_memory(peer, flight, reply.last_log);
    if (forgot) return;
    if (reply.success && reply.term == hard.term) saw(peer, flight);
    if (!bulk) return;

    if (reply.success) {
        peer.failures = 0;
        peer.bulk_at = now;
        peer.heal = false;
        if (flight.last > flight.prev) peer.restored = {};
        peer.match = std::max(peer.match, flight.last);
        if (peer.mode == Mode::probe) peer.next = peer.match.next();
        peer.mode = Mode::stream;
        peer.next = std::max(peer.next, peer.match.next());
        return;
    }

    const auto tried = peer.next;
    bulk_failed(peer);
    peer.failures = reply.no_retry_backoff ? 0 : peer.failures;
    if (peer.restored != LogIndex{} && flight.prev == peer.restored && !flight.heals) {
        // It took the snapshot and kept what contradicts it (#697): without a predecessor it finds out itself.
        peer.heal = peer.restored < log.last().index;
        peer.next = peer.restored.next();
    } else {
        const auto hint = std::min(flight.prev, reply.last_log.next());
        peer.next = std::max({LogIndex{1}, peer.match.next(), hint});
    }
    const bool moved = peer.next < tried || peer.heal;
    if (reply.no_retry_backoff && moved) peer.bulk_at = now;
}

void Raft::State::snapshot_answered(Progress& peer, const Flight& flight, const SnapshotReply& reply) {
    if (!reply.success) return bulk_failed(peer);
    saw(peer, flight);
    peer.failures = 0;
    peer.bulk_at = now;
    peer.match = std::max(peer.match, flight.last);
    peer.next = peer.match.next();
    peer.restored = flight.last;
    peer.mode = Mode::probe;
    peer.wants_contact = true;
}

void Raft::State::leader_answered(const Received& reply) {
    if (transfer_answered(reply)) return;
    const auto* error = std::get_if<ErrorReply>(&reply.message);
    if (error != nullptr && reign->promotion && reign->promotion->change.id == reply.from.id)
        reign->promotion->refusal = error->text;
    for (auto& peer : reign->peers) {
        if (const auto flight = take(peer.heartbeats, reply.exchange)) {
            const auto* answer = std::get_if<AppendReply>(&reply.message);
            if (answer == nullptr) {
                peer.heartbeat_failures += 1;
                peer.heartbeat_at = now + back_off(peer.heartbeat_failures, 3, settings.heartbeat_timeout / 2);
                return;
            }
            peer.heartbeat_failures = 0;
            return append_answered(peer, *flight, *answer, false);
        }
        if (const auto flight = take(peer.bulk, reply.exchange)) {
            const auto* append = std::get_if<AppendReply>(&reply.message);
            const auto* snapshot = std::get_if<SnapshotReply>(&reply.message);
            if (append != nullptr && peer.mode != Mode::snapshot)
                return append_answered(peer, *flight, *append, true);
            if (snapshot != nullptr && peer.mode == Mode::snapshot)
                return snapshot_answered(peer, *flight, *snapshot);
            return bulk_failed(peer);
        }
    }
}

void Raft::State::leader_unanswered(const Unanswered& lost) {
    if (!reign || transfer_unanswered(lost)) return;
    for (auto& peer : reign->peers) {
        if (take(peer.heartbeats, lost.exchange)) {
            peer.heartbeat_failures += 1;
            peer.heartbeat_at = now + back_off(peer.heartbeat_failures, 3, settings.heartbeat_timeout / 2);
            return;
        }
        if (take(peer.bulk, lost.exchange)) return bulk_failed(peer);
    }
}

}  // namespace conductor::consensus
