// Changes of the membership, one at a time (§4.1, raft-wire 4.4, 5.12), and a vote only for who has caught up.
#include <algorithm>

#include "core/consensus/state.hpp"

namespace conductor::consensus {

void Raft::State::change_asked(const ChangeAsked& ask) {
    if (!reign) return refuse(ask.ask, Refusal::not_leader);
    if (reign->transfer) return refuse(ask.ask, Refusal::transfer_in_progress);
    reign->changes.push_back(
        {ask.ask, ask.change, ask.id, ask.address, ask.prev_index, now + settings.change_timeout});
}

void Raft::State::refuse_change(const PendingChange& change, Refusal why, std::string detail) {
    if (auto* known = peer(change.id); !change.ask && known != nullptr) known->change_queued = false;
    if (change.ask) refuse(*change.ask, why, std::move(detail));
}

void Raft::State::serve_changes() {
    expire_changes();
    if (reign->transfer) return;
    heal_forgetful();
    watch_promotion();
    while (reign && !reign->changes.empty() && !reign->promotion) {
        const bool settled = membership.latest_index() <= commit && commit >= reign->noop;
        if (!settled) return;
        auto change = std::move(reign->changes.front());
        reign->changes.pop_front();
        begin_change(std::move(change));
    }
}

void Raft::State::expire_changes() {
    auto& changes = reign->changes;
    const auto late = std::stable_partition(changes.begin(), changes.end(),
                                            [&](const PendingChange& change) { return change.until > now; });
    for (auto change = late; change != changes.end(); ++change) refuse_change(*change, Refusal::timed_out);
    changes.erase(late, changes.end());
}

// raft-wire 5.8.1: a member that lost what it had acknowledged loses its vote until it has everything again.
void Raft::State::heal_forgetful() {
    for (auto& peer : reign->peers) {
        if (!peer.forgetful || peer.change_queued) continue;
        const auto* server = find_server(membership.latest(), peer.id);
        if (server == nullptr) continue;
        const bool caught_up = peer.match >= reign->noop && peer.match >= commit;
        if (!peer.voter && !caught_up) continue;
        const auto change = peer.voter ? Change::demote_voter : Change::add_voter;
        reign->changes.push_back({std::nullopt, change, peer.id, server->address, {}, Instant::max()});
        peer.change_queued = true;
    }
}

void Raft::State::begin_change(PendingChange change) {
    if (change.prev_index != LogIndex{} && change.prev_index != membership.latest_index()) {
        const auto detail = std::to_string(change.prev_index.value()) + " (latest is " +
                            std::to_string(membership.latest_index().value()) + ")";
        return refuse_change(change, Refusal::configuration_changed, detail);
    }
    const auto* server = find_server(membership.latest(), change.id);
    const bool votes_already = is_voter(membership.latest(), change.id);
    const bool two_steps = change.change == Change::add_voter && change.ask && !votes_already &&
                           !settings.add_voter_at_once && change.id != settings.self.id;
    if (!two_steps) {
        const auto position = append_configuration(change, change.change);
        if (position && change.ask) out.accepted.push_back({*change.ask, *position});
        return;
    }

    // What the second entry would make must be valid, or the first would be in vain.
    const auto fault = fault_of(changed(membership.latest(), Change::add_voter, change.id, change.address));
    if (fault) return refuse_change(change, Refusal::invalid_configuration, *fault);
    Promotion promotion{change, membership.latest_index(), server == nullptr, now + settings.catch_up_timeout};
    if (server == nullptr || server->address != change.address) {
        const auto position = append_configuration(change, Change::add_nonvoter);
        if (!position) return;
        promotion.version = position->index;
    }
    reign->promotion = std::move(promotion);
}

std::optional<Position> Raft::State::append_configuration(const PendingChange& change, Change as) {
    auto next = changed(membership.latest(), as, change.id, change.address);
    if (const auto fault = fault_of(next)) {
        refuse_change(change, Refusal::invalid_configuration, *fault);
        return std::nullopt;
    }
    const auto position =
        append_own(EntryType::configuration, {}, std::make_shared<Configuration>(std::move(next)));
    if (!is_voter(membership.latest(), settings.self.id)) left_in = hard.term;
    sync_peers();
    if (auto* known = peer(change.id); known != nullptr && !change.ask) {
        known->change_queued = false;
        if (as == Change::add_voter) known->forgetful = false;
    }
    return position;
}

void Raft::State::watch_promotion() {
    if (!reign->promotion) return;
    const auto* known = peer(reign->promotion->change.id);
    const bool settled = membership.latest_index() <= commit && commit >= reign->noop;
    const bool caught_up = known != nullptr && known->match >= reign->noop;
    const bool late = now >= reign->promotion->until;
    if (!(settled && caught_up) && !late) return;

    const auto promotion = std::move(*reign->promotion);
    reign->promotion.reset();
    if (settled && caught_up) {
        const auto position = append_configuration(promotion.change, Change::add_voter);
        if (position) out.accepted.push_back({*promotion.change.ask, *position});
        return;
    }
    auto why = promotion.change.id.text() + " did not catch up";
    if (!promotion.refusal.empty()) why += ", it says: " + promotion.refusal;
    refuse_change(promotion.change, Refusal::did_not_catch_up, why);
    if (!promotion.added) return;
    reign->changes.push_front(
        {std::nullopt, Change::remove_server, promotion.change.id, {}, promotion.version, Instant::max()});
}

}  // namespace conductor::consensus
