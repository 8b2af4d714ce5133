// Handing leadership over on purpose (§3.10, raft-wire 5.10), and being asked to take it.
#include <algorithm>

#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

constexpr Duration decline_memory = std::chrono::seconds{10};
constexpr const char* not_eligible = "not eligible for leadership: ";

// Go passes the text through a format function (raft-wire 5.10.2).
std::string without_percent(std::string text) {
    std::replace(text.begin(), text.end(), '%', ' ');
    return text;
}

}  // namespace

void Raft::State::transfer_asked(const TransferAsked& ask) {
    if (ask.target == settings.self.id) return refuse(ask.ask, Refusal::self_transfer);
    if (!reign) return refuse(ask.ask, Refusal::not_leader);
    if (reign->transfer) return refuse(ask.ask, Refusal::transfer_in_progress);

    const auto target = ask.target.empty() ? transfer_target({}) : ask.target;
    if (target.empty()) return refuse(ask.ask, Refusal::no_peer);
    const auto* known = peer(target);
    if (known == nullptr) return refuse(ask.ask, Refusal::unknown_peer, target.text());
    if (!known->voter) return refuse(ask.ask, Refusal::not_a_voter);  // it would only cause an outage: 5.10.1

    Transfer transfer;
    transfer.ask = ask.ask;
    transfer.chosen_by_us = ask.target.empty();
    transfer.target = target;
    transfer.until = now + settings.election_timeout;
    transfer.last_moment = now + 2 * settings.election_timeout;
    reign->transfer = std::move(transfer);
}

// Who is alive and knows most, in the order of the members. Go takes the highest next index, which of a dead
// member is a hope.
ServerId Raft::State::transfer_target(const std::set<ServerId>& declined) const {
    const Progress* best = nullptr;
    const auto alive = [&](const Progress& peer) {
        return peer.contact != Instant::min() && now - peer.contact < settings.lease_timeout;
    };
    for (const auto& server : membership.latest().servers) {
        const auto found = std::find_if(reign->peers.begin(), reign->peers.end(),
                                        [&](const Progress& peer) { return peer.id == server.id; });
        if (found == reign->peers.end() || !found->voter || found->forgetful) continue;
        if (declined.count(found->id) != 0) continue;
        const bool better =
            best == nullptr || std::pair{alive(*found), found->match} > std::pair{alive(*best), best->match};
        if (better) best = &*found;
    }
    return best == nullptr ? ServerId{} : best->id;
}

void Raft::State::push_transfer() {
    if (!reign->transfer) return;
    auto& transfer = *reign->transfer;
    const auto* target = peer(transfer.target);
    const bool late = now >= transfer.until;
    if (transfer.phase != Transfer::Phase::catching_up) {
        if (late) give_transfer_up();
        return;
    }
    if (target == nullptr || !target->voter) return transfer_failed(Refusal::replication_failed, {});
    if (late) return transfer_failed(Refusal::transfer_timeout, {});
    if (target->match == log.last().index) send_timeout_now();
}

void Raft::State::send_timeout_now() {
    auto& transfer = *reign->transfer;
    transfer.exchange = request(transfer.target, TimeoutNowRequest{});
    transfer.phase = Transfer::Phase::asked;
    transfer.until = std::min(now + settings.election_timeout, transfer.last_moment);
}

void Raft::State::transfer_failed(Refusal why, std::string detail) {
    if (!reign->transfer->answered) refuse(reign->transfer->ask, why, std::move(detail));
    reign->transfer.reset();
}

// The order may still be on its way, and so may what its target asked the voters for; neither can be called
// back. It travels in front of our entries, so whoever obeys it later lacks the one appended now.
void Raft::State::give_transfer_up() {
    transfer_failed(Refusal::transfer_timeout, {});
    reign->claim = append_own(EntryType::noop, {}, nullptr).index;
}

bool Raft::State::transfer_answered(const Received& reply) {
    if (!reign->transfer || reign->transfer->phase != Transfer::Phase::asked) return false;
    auto& transfer = *reign->transfer;
    if (transfer.exchange != reply.exchange) return false;
    const auto* error = std::get_if<ErrorReply>(&reply.message);
    if (error == nullptr) return true;  // it will campaign; we wait for its term

    const auto detail = transfer.target.text() + ": " + error->text;
    if (!transfer.chosen_by_us) {
        const bool declined = error->text.rfind(not_eligible, 0) == 0;
        if (!declined || transfer.repeated) return transfer_failed(Refusal::timeout_now_failed, detail), true;
        transfer.repeated = true;  // who names a target means it: a repetition is obeyed (raft-wire 5.10.2)
        send_timeout_now();
        return true;
    }
    transfer.declined.insert(transfer.target);
    const auto next = transfer_target(transfer.declined);
    if (next.empty()) return transfer_failed(Refusal::timeout_now_failed, detail), true;
    transfer.target = next;
    transfer.phase = Transfer::Phase::catching_up;
    transfer.until = std::min(now + settings.election_timeout, transfer.last_moment);
    return true;
}

// It may have been obeyed all the same, so nobody acts as leader here until that would have shown.
bool Raft::State::transfer_unanswered(const Unanswered& lost) {
    if (!reign->transfer || reign->transfer->phase != Transfer::Phase::asked) return false;
    auto& transfer = *reign->transfer;
    if (transfer.exchange != lost.exchange) return false;
    refuse(transfer.ask, Refusal::timeout_now_failed,
           transfer.target.text() + ": " + (lost.cause.empty() ? "no answer" : lost.cause));
    transfer.answered = true;
    transfer.phase = Transfer::Phase::lost;
    return true;
}

void Raft::State::timeout_now(const Received& received) {
    if (reign) return reply(received, TimeoutNowReply{}, Needs::term);
    if (!may_campaign()) {
        const char* why = is_voter(membership.latest(), settings.self.id) ? "not ready" : "not a voter";
        return reply(received, ErrorReply{std::string{not_eligible} + why}, Needs::term);
    }
    // Its order was late, or it has not heard yet: to take over now would depose somebody whom it does not
    // speak for.
    const bool another_leads = !leader.id.empty() && !received.from.id.empty() &&
                               leader.id != received.from.id && now < contact + settings.heartbeat_timeout;
    if (another_leads)
        return reply(received, ErrorReply{std::string{not_eligible} + "another member leads"}, Needs::term);
    const bool asked_before = declined_to == received.from.id && now < declined_until;
    if (!eligibility.eligible && eligibility.other_eligible && !asked_before) {
        declined_to = received.from.id;
        declined_until = now + decline_memory;
        return reply(received, ErrorReply{not_eligible + without_percent(eligibility.why)}, Needs::term);
    }
    reply(received, TimeoutNowReply{}, Needs::term);
    start_campaign(Ballot::vote, true);  // no pre-vote: the leader itself asks to be deposed (§3.10)
}

}  // namespace conductor::consensus
