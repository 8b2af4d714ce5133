// What a member may say, judged from outside: by what its disk holds, by what it was sent and when, and by what
// it acknowledged in this life or an earlier one.
#include <algorithm>
#include <utility>

#include "node.hpp"
#include "planted/planted.hpp"

namespace conductor::sim {

namespace {

bool succeeded(const consensus::Message& message) {
    if (const auto* append = std::get_if<consensus::AppendReply>(&message)) return append->success;
    if (const auto* snapshot = std::get_if<consensus::SnapshotReply>(&message)) return snapshot->success;
    return false;
}

}  // namespace

// ---- votes ----

// Who lacks what we have wins no vote here, and no pre-vote (§3.6.1, §9.6): not by what the log holds at the
// moment, nor by what it held before an entry rotted and its successors were dropped with it.
void Node::check_ballot(const consensus::Input& input, const Voted& before, const consensus::Output& out) {
    const auto* received = std::get_if<consensus::Received>(&input);
    const auto* ask = received != nullptr ? std::get_if<consensus::VoteRequest>(&received->message) : nullptr;
    if (ask == nullptr) return;
    const auto is_grant = [](const consensus::Envelope& envelope) {
        const auto* vote = std::get_if<consensus::VoteReply>(&envelope.message);
        return vote != nullptr && vote->granted;
    };
    const bool granted = std::ranges::any_of(out.send_now, is_grant) ||
                         std::ranges::any_of(out.send_when_durable,
                                             [&](const auto& promise) { return is_grant(promise.reply); });
    if (!granted) return;
    if (before.held) throw Violation{"held vote: one is given"};
    // A repeated question gets the same answer, whatever the logs are by now.
    const bool vote = ask->ballot == consensus::Ballot::vote;
    const auto& on_disk = disk_->hard_state();
    const bool given = on_disk.vote_term == ask->term && on_disk.vote_candidate == received->from.address;
    const bool repeated = vote && (given || std::exchange(granted_in_, ask->term) == ask->term);
    if (!repeated && ask->last < std::max(before.last, kept_))
        throw Violation{vote ? "vote: a log that is behind gets one"
                             : "pre-vote: a log that is behind wins one"};
}

// What leaves may only say what a crash at this moment would not take back.
void Node::check_said(const consensus::Message& message) {
    auto& checker = world_.checker;
    const auto& on_disk = disk_->hard_state();
    auto term = Term{};
    if (const auto* append = std::get_if<consensus::AppendReply>(&message)) term = append->term;
    if (const auto* append = std::get_if<consensus::AppendRequest>(&message)) term = append->term;
    if (const auto* snapshot = std::get_if<consensus::SnapshotReply>(&message)) term = snapshot->term;
    if (const auto* vote = std::get_if<consensus::VoteRequest>(&message)) {
        if (vote->last < kept_) throw Violation{"forgetful: a campaign without what was acknowledged"};
        if (raft_->vote_hold() != consensus::VoteHold::none) throw Violation{"held vote: a campaign"};
        if (stalled_) throw Violation{"failed store is mute: a campaign with a stalled disk"};
        if (vote->ballot == consensus::Ballot::vote) {
            term = vote->term;
            checker.votes(who_, term, sender_.address);
        }
    }
    if (const auto* vote = std::get_if<consensus::VoteReply>(&message);
        vote != nullptr && vote->ballot == consensus::Ballot::vote) {
        term = vote->term;
        if (vote->granted)
            checker.votes(who_, term, on_disk.vote_term == term ? on_disk.vote_candidate : "nobody on disk");
    }
    if (term != Term{}) checker.names(who_, term);
    if (term > on_disk.term) throw Violation{"vote durability: a term is said that no disk holds"};
}

// By counting copies a leader commits an entry of its own term, and what stands before it with that (§3.6.2).
void Node::check_commit(LogIndex index) const {
    if (raft_->role() != consensus::Role::leader) return;
    const auto found = memory_.find(index);
    if (found == memory_.end() || found->second.position.term != raft_->term())
        throw Violation{"commitment: a leader commits the entry of another term"};
}

// ---- what must not be forgotten ----

// A leader's entries may take the place of others. What is dropped to put an unreadable entry back stays
// acknowledged: it is the same log.
void Node::give_up_what_is_cut(const consensus::Write& write) {
    if (write.truncate && *write.truncate <= kept_.index) {
        const bool repair = !write.entries.empty() && had(write.entries.front().position);
        if (!repair) {
            const auto before = memory_.find(LogIndex{write.truncate->value() - 1});
            kept_ = before != memory_.end() ? before->second.position : std::min(kept_, staged_snapshot_);
        }
    }
    const bool dropped = write.discard_log && write.snapshot && kept_.index > write.snapshot->last.index;
    if (dropped && !had(write.snapshot->last)) kept_ = {};
}

bool Node::had(consensus::Position position) const {
    if (rotten_.count(position.index) != 0) return disk_->holds(position);
    const auto found = memory_.find(position.index);
    return found != memory_.end() && found->second.position == position;
}

// What is written behind a cut that is still on its way to the disk counts when that has arrived.
void Node::keep_what_is_flushed() {
    const bool cut = std::ranges::any_of(
        writes_, [](const DiskWrite& one) { return one.what.truncate || one.what.discard_log; });
    if (!cut) kept_ = std::max(kept_, disk_->last());
}

// What was kept outlives the process, whatever of it can be read.
void Node::remember(const consensus::StoredState& found) {
    rotten_ = {found.corrupt.begin(), found.corrupt.end()};
}

bool Node::whole() const {
    return running() && rotten_.empty() && raft_->last() >= kept_;
}

// ---- the lease ----

void Node::note_request(const consensus::Envelope& envelope) {
    if (is_feed(envelope.message)) asked_.emplace(envelope.exchange, Asked{letter_of(envelope.to), local()});
}

void Node::note_answer(const consensus::Input& input) {
    if (const auto* lost = std::get_if<consensus::Unanswered>(&input)) asked_.erase(lost->exchange);
    const auto* received = std::get_if<consensus::Received>(&input);
    if (received == nullptr || is_request(received->message)) return;
    const auto asked = asked_.extract(received->exchange);
    if (!asked || !succeeded(received->message)) return;
    const auto peer = asked.mapped().peer;
    if (contacts_.size() <= peer) contacts_.resize(peer + 1, Instant::min());
    auto& contact = contacts_[peer];
    contact = std::max(contact, asked.mapped().at);
}

// It runs from when the last request left that a quorum has answered (raft-wire 5.9.1), never longer.
void Node::check_lease(Instant until) const {
    if (until == Instant::min()) return;
    std::vector<Instant> heard;
    heard.reserve(raft_->latest_configuration().servers.size());
    for (const auto& server : raft_->latest_configuration().servers) {
        if (server.suffrage != consensus::Suffrage::voter) continue;
        const auto peer = letter_of(server.id);
        heard.push_back(peer == who_              ? Instant::max()
                        : peer < contacts_.size() ? contacts_[peer]
                                                  : Instant::min());
    }
    std::ranges::sort(heard, std::greater{});
    const auto quorum = heard.at(heard.size() / 2);
    if (quorum == Instant::max()) return;
    const auto most = quorum == Instant::min() ? quorum : quorum + world_.plan.raft.lease_timeout;
    if (until > most)
        throw Violation{"lease: it runs longer than from the request that a quorum answered, by " +
                        std::to_string((until - std::max(most, Instant{})).count()) + " ns"};
}

// Judged when it is asked (raft-wire 5.9.1): a process that was stopped says no before it has heard anything.
bool Node::says_that_it_leads() const {
    if (!awake()) return false;
    if (planted(Fault::answers_without_the_clock)) return raft_->role() == consensus::Role::leader;
    return leading_until_ > world_.schedule.now();
}

bool Node::leads_alone() const {
    return raft_->leading_until() == Instant::max();
}

}  // namespace conductor::sim
