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

// P-51: beside what will be the head when all of the log is applied, nothing else of its height and parent.
bool Node::contradicts(const Checker::Block& block) const {
    const auto beside = [&](const auto& other) {
        return other.number == block.number && other.parent == block.parent && other.hash != block.hash;
    };
    auto newest = head_.head();
    for (auto entry = memory_.upper_bound(applied_); entry != memory_.end(); ++entry) {
        if (entry->second.type != consensus::EntryType::command) continue;
        auto envelope = payload::envelope_from_ssz(entry->second.data);
        if (!newest || envelope->number > newest->number) newest = *std::move(envelope);
    }
    return newest && beside(*newest);
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
    const auto place = path_.find(number);
    const auto entry = place != path_.end() ? memory_.find(place->second) : memory_.end();
    if (entry == memory_.end()) return std::nullopt;
    return of(*payload::envelope_from_ssz(entry->second.data));
}

// What led to the head of a snapshot, as far as the log behind it was kept.
void Node::find_path() {
    path_.clear();
    for (const auto& [index, entry] : memory_) {
        if (index > applied_) break;
        if (entry.type != consensus::EntryType::command) continue;
        const auto number = payload::envelope_from_ssz(entry.data)->number;
        if (path_.empty() || path_.rbegin()->first < number) path_.emplace(number, index);
    }
}

}  // namespace conductor::sim
