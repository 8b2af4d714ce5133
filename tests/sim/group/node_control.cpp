// What the control loop beside a member asks of the group, as core/replica answers it.
#include <algorithm>

#include "block.hpp"
#include "node.hpp"
#include "planted/planted.hpp"

namespace conductor::sim {

void Node::run(std::uint64_t life, std::function<void()> work) {
    if (!running() || life != life_) return;
    if (awake()) return work();
    world_.schedule.at(frozen_until_, [this, life, work = std::move(work)] { run(life, work); });
}

// P-51: beside the newest payload of the log nothing else of its height and parent is taken.
bool Node::contradicts(const Checker::Block& block) const {
    const auto beside = [&](const auto& other) {
        return other.number == block.number && other.parent == block.parent && other.hash != block.hash;
    };
    for (auto entry = memory_.rbegin(); entry != memory_.rend() && entry->first > applied_; ++entry) {
        if (entry->second.type != consensus::EntryType::command) continue;
        return beside(*payload::envelope_from_ssz(entry->second.data));
    }
    return head_.head() && beside(*head_.head());
}

void Node::commit(const Checker::Block& block, const Bytes& octets, std::function<void(bool)> done) {
    if (!awake() || stalled_ || !raft_->leads(local()) || contradicts(block)) return done(false);
    world_.checker.proposes(digest(octets.span()));
    const auto ask = next_ask();
    proposals_.emplace(ask, Commit{block, std::move(done)});
    step(consensus::Proposed{ask, octets});
}

void Node::confirm(std::function<void(std::optional<control::Confirmed>)> done) {
    const auto ask = next_ask();
    confirms_.emplace(ask, std::move(done));
    step(consensus::ReadAsked{ask});
}

void Node::transfer(const ServerId& target, std::function<void(bool)> done) {
    const auto ask = next_ask();
    transfers_.emplace(ask, std::move(done));
    step(consensus::TransferAsked{ask, target});
}

void Node::lose_waiters() {
    if (planted(Fault::waits_by_index_alone)) return;
    for (auto& [place, lost] : std::exchange(waiting_, {})) lost.done(false);
}

void Node::serve_confirmed() {
    while (!confirmed_later_.empty() && confirmed_later_.front().first <= applied_) {
        const auto done = std::move(confirmed_later_.front().second);
        confirmed_later_.pop_front();
        done(standing());
    }
}

control::Confirmed Node::standing() const {
    control::Confirmed now;
    now.term = raft_->term();
    const auto& head = head_.head();
    if (!head) return now;
    now.head = control::Head{head->number, head->hash};
    now.ring_from = head->number;
    for (auto parent = payload(BlockNumber{head->number.value() - 1}); parent;
         parent = payload(BlockNumber{now.ring_from->value() - 1}))
        now.ring_from = parent->first.number;
    return now;
}

std::optional<std::pair<Checker::Block, Bytes>> Node::payload(BlockNumber number) const {
    const auto of = [](const payload::Envelope& envelope) {
        return std::pair{Checker::Block{envelope.number, envelope.hash, envelope.parent}, envelope.ssz};
    };
    if (head_.head() && head_.head()->number == number) return of(*head_.head());
    for (auto entry = memory_.rbegin(); entry != memory_.rend(); ++entry) {
        if (entry->first > applied_ || entry->second.type != consensus::EntryType::command) continue;
        const auto envelope = payload::envelope_from_ssz(entry->second.data);
        if (envelope->number == number) return of(*envelope);
        if (envelope->number < number) break;
    }
    return std::nullopt;
}

}  // namespace conductor::sim
