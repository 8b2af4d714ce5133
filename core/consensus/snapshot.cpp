// Snapshots of our own, and those a leader sends (§5, raft-wire 5.11 and 6).
#include <algorithm>
#include <iterator>

#include "core/base/check.hpp"
#include "core/consensus/state.hpp"

namespace conductor::consensus {

// Snapshots are taken here only, in the very step that reports what was applied: the state is at `index` then.
void Raft::State::applied_up_to(const Applied& done) {
    CONDUCTOR_CHECK(done.index <= commit);
    applied = std::max(applied, done.index);
    has_head = done.has_head;
    maybe_snapshot();
}

void Raft::State::maybe_snapshot() {
    const auto base = log.snapshot() ? log.snapshot()->last.index : LogIndex{};
    const bool by_time =
        now >= snapshot_at && log.last().index.value() - base.value() >= settings.snapshot_threshold;
    const bool by_size = octets_since_snapshot > settings.retain_octets / 4;
    const bool mends = !corrupt.empty() && *corrupt.begin() <= applied;
    if (!by_time && !by_size && !mends) return;
    if (applied <= base) return;
    if (!has_head && !settings.empty_snapshots) return;  // a Go peer could not restore it
    if (membership.committed_index() > applied) return;  // raft-wire 4.3
    if (reign && reign->transfer) return;
    if (reign && std::any_of(reign->peers.begin(), reign->peers.end(),
                             [](const Progress& peer) { return peer.mode == Mode::snapshot; }))
        return;  // the payload on its way must stay the newest

    const bool latest = membership.latest_index() <= applied;
    SnapshotMark mark;
    mark.last = {*log.term_at(applied), applied};
    mark.configuration = latest ? membership.latest() : membership.committed();
    mark.configuration_index = latest ? membership.latest_index() : membership.committed_index();
    const auto keep = first_to_keep(
        log, applied, {settings.trailing_logs, settings.retain_octets, settings.trailing_payloads});
    mark.first_kept = std::max({keep, log.first(), behind_damage(applied)});

    readable_again({}, applied);
    log.compact(mark);
    write().snapshot = mark;
    octets_since_snapshot = log.octets(applied.next(), log.last().index);
    snapshot_at = now + random.once_or_twice(settings.snapshot_interval);
}

// Behind the last entry up to `index` that cannot be read: what a snapshot stands for need not be readable.
LogIndex Raft::State::behind_damage(LogIndex index) const {
    const auto past = corrupt.upper_bound(index);
    return past == corrupt.begin() ? LogIndex{} : std::prev(past)->next();
}

void Raft::State::snapshot_requested(const Received& received, const SnapshotRequest& request) {
    if (request.term < hard.term) return reply(received, SnapshotReply{hard.term, false}, Needs::term);
    if (request.term > hard.term || role != Role::follower)
        become_follower(request.term, "a leader sent a snapshot");
    set_leader(received.from);

    const auto fault = fault_of(request.configuration);
    if (fault) return reply(received, ErrorReply{"unusable snapshot: " + *fault}, Needs::term);
    const bool sound = request.last.index != LogIndex{} && request.last.term <= request.term &&
                       request.configuration_index <= request.last.index;
    if (!sound) return reply(received, ErrorReply{"unusable snapshot: its indices make no sense"}, Needs::term);

    heard_leader();
    // We have all that it stands for, and would roll the state back; but what is committed, not applied and
    // cannot be read any more may come this way.
    const bool missed = request.last.index > applied && behind_damage(request.last.index) != LogIndex{};
    if (request.last.index <= commit && !missed)
        return reply(received, SnapshotReply{hard.term, true}, Needs::everything);

    const bool held = log.holds(request.last.index);
    const bool known = held && guessed.count(request.last.index) == 0;
    const bool leads_up = known && log.at(request.last.index).position == request.last;
    if (missed && request.last.index <= commit && !leads_up)
        return out.hang_up.push_back(received.exchange);  // it contradicts what is committed
    SnapshotMark mark{request.last, request.configuration, request.configuration_index, {}};
    mark.first_kept =
        leads_up ? std::max(log.first(), behind_damage(request.last.index)) : request.last.index.next();

    auto& store = write();
    store.snapshot = mark;
    store.snapshot_payload = request.payload;
    store.discard_log = !leads_up;
    membership.restored(request.configuration, request.configuration_index);
    if (leads_up) {
        readable_again({}, request.last.index);
        log.compact(mark);
        for (auto index = request.last.index.next(); log.holds(index); index = index.next())
            if (const auto& made = log.at(index).configuration) membership.appended(*made, index);
        membership.committed_up_to(commit);
    } else {
        // Keeping entries that contradict the snapshot would loop for ever (#697).
        if (held && !known) set_floor(std::max(hard.floor, log.last()));  // as in store_entries()
        log.replace(mark);
        corrupt.clear();
        guessed.clear();
        durable = {};
        for (auto& pending : unpersisted) pending.last = {};
    }
    advance_commit(request.last.index);
    applied = std::max(applied, request.last.index);
    has_head = !request.payload.empty();
    octets_since_snapshot = log.octets(applied.next(), log.last().index);
    acknowledged = std::max(acknowledged, request.last.index);
    reply(received, SnapshotReply{hard.term, true}, Needs::everything);
}

}  // namespace conductor::consensus
