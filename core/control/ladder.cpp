#include "core/control/ladder.hpp"

#include <algorithm>
#include <functional>

#include "core/base/check.hpp"

namespace conductor::control {

namespace {

constexpr const char* mismatch = "unsafe head mismatch";

const Failed* failure_in(const Answer& answer) {
    return std::get_if<Failed>(&answer);
}

// Whether the node certainly did not start: it answered, and the answer was no.
bool certain(FailureKind kind) {
    return kind == FailureKind::remote_error || kind == FailureKind::refused ||
           kind == FailureKind::bad_config || kind == FailureKind::unsupported;
}

}  // namespace

LadderStep Ladder::begin(Instant now, const Ground& ground) {
    LadderStep step;
    (void)now;
    replicated_.reset();
    ring_from_.reset();
    if (const auto held = withheld(ground))
        step.rung = refuse(*held);
    else
        step.rung = confirm();
    return step;
}

LadderStep Ladder::answered(Instant now, const Answer& answer, const Ground& ground) {
    LadderStep step;
    switch (phase_) {
        case Phase::confirming:
            step.rung = confirmed(answer, ground);
            break;
        case Phase::reading_head:
            step.rung = head_read(now, answer, ground, step.lines);
            break;
        case Phase::reading_block:
            step.rung = block_read(now, answer, ground);
            break;
        case Phase::posting:
            step.rung = posted(now, answer, ground, step.lines);
            break;
        case Phase::inserting:
            step.rung = inserted(now, answer);
            break;
        case Phase::fetching:
            step.rung = fetched(answer);
            break;
        case Phase::committing:
            step.rung = committed(answer);
            break;
        case Phase::starting:
            step.rung = started(answer);
            break;
        case Phase::idle:
            CONDUCTOR_CHECK(phase_ != Phase::idle);
            break;
    }
    return step;
}

LadderStep Ladder::waited(Instant now, const Ground& ground) {
    (void)now;
    (void)ground;
    CONDUCTOR_CHECK(phase_ == Phase::inserting);
    return {Task{AskHead{}}, {}};
}

void Ladder::reset() {
    phase_ = Phase::idle;
    behind_since_.reset();
    too_large_.reset();
    warned_unknown_ = false;
}

// 5.5 step 1, by read-index: I-2 and P-14. Again after every repair, so that no start stands on a head that was
// confirmed before the repair took its time.
Rung Ladder::confirm() {
    phase_ = Phase::confirming;
    return Task{ConfirmLead{}};
}

Rung Ladder::confirmed(const Answer& answer, const Ground& ground) {
    const std::string prefix = "unable to retrieve unsafe head from consensus: ";
    if (const auto* failed = failure_in(answer))
        return refuse({.why = StartRefusal::unconfirmed,
                       .text = prefix + "failed to apply barrier: " + failed->text,
                       .who = {}});
    const auto* confirmed = std::get_if<Confirmed>(&answer);
    CONDUCTOR_CHECK(confirmed != nullptr);
    if (confirmed->term != ground.term)
        return refuse(
            {.why = StartRefusal::unconfirmed, .text = prefix + "leadership changed meanwhile", .who = {}});
    replicated_ = confirmed->head;
    ring_from_ = confirmed->ring_from;
    if (!replicated_ && !settings_.empty_rule)
        return refuse({.why = StartRefusal::no_unsafe_head, .text = "no unsafe head", .who = {}});
    phase_ = Phase::reading_head;
    return Task{AskHead{}};
}

Rung Ladder::head_read(Instant now, const Answer& answer, const Ground& ground, Lines& lines) {
    if (const auto* failed = failure_in(answer))
        return refuse({.why = StartRefusal::head_unreadable,
                       .text = "failed to get latest unsafe block from EL during compareUnsafeHead phase: " +
                               failed->text,
                       .who = {},
                       .alarm = failed->kind == FailureKind::bad_config});
    const auto* head = std::get_if<HeadIs>(&answer);
    CONDUCTOR_CHECK(head != nullptr);
    node_ = head->head;
    if (settings_.peers_withhold) warn_unknown(ground, lines);
    return replicated_ ? compare(now, ground, lines) : from_empty(now, ground);
}

Rung Ladder::compare(Instant now, const Ground& ground, Lines& lines) {
    const auto& head = *replicated_;
    lines.push_back({Level::debug,
                     "comparing unsafe head",
                     "",
                     {{"consensus", head.number.value()}, {"node", node_.number.value()}}});
    if (head.hash == node_.hash) behind_since_.reset();

    // Only a run under override leaves a voter above the replicated head (5.5.8); it must not be lost. Where
    // our own node is as high we can bring it in ourselves.
    if (settings_.peers_withhold && !ground.waived) {
        const peers::Row* highest = nullptr;
        for (const auto& row : ground.peers.rows) {
            if (!row.member.voter || !row.status.head) continue;
            const auto number = row.status.head->number;
            if (number <= head.number || number <= node_.number) continue;
            if (!highest || highest->status.head->number < number) highest = &row;
        }
        if (highest) {
            const Refusal because{
                .why = StartRefusal::peer_ahead,
                .text = "voter " + highest->member.id.text() + " is above the replicated head",
                .who = {highest->member.id},
                .hold = true,
                .alarm = true};
            if (auto hand_over = to_higher_voter(now, *highest, because)) return *hand_over;
            return refuse(because);
        }
    }

    if (head.hash == node_.hash) return start(ground, head);
    lines.push_back({Level::warn,
                     "latest unsafe block in consensus is not the same as the one in op-node",
                     "head_mismatch",
                     {{"consensus_hash", to_hex(head.hash)},
                      {"consensus_num", head.number.value()},
                      {"node_hash", to_hex(node_.hash)},
                      {"node_num", node_.number.value()}}});
    if (node_.number < head.number) return repair_gap(now, ground);
    if (!settings_.repairs) return refuse({.why = StartRefusal::behind, .text = mismatch, .who = {}});
    if (node_.number == head.number) return on_fork(now, ground);
    phase_ = Phase::reading_block;
    return Task{AskBlock{head.number}};
}

// 5.5.7: nothing was ever committed, so nothing says where the chain stands but the members themselves. Each
// voter must have said so, or the operator must have waived the word of those who cannot.
Rung Ladder::from_empty(Instant now, const Ground& ground) {
    Refusal refusal{
        .why = StartRefusal::no_unsafe_head, .text = "no unsafe head", .who = {}, .hold = true, .alarm = true};
    if (node_.hash == BlockHash{}) return refuse(refusal);  // not initialised yet

    const peers::Row* highest = nullptr;
    bool disagree = false;
    std::vector<ServerId> silent;
    std::vector<ServerId> active;
    for (const auto& row : ground.peers.rows) {
        if (!row.member.voter) continue;
        const auto& status = row.status;
        if (status.active == peers::Says::yes) active.push_back(row.member.id);
        if (!status.head || status.active == peers::Says::unknown || status.overridden == peers::Says::unknown)
            silent.push_back(row.member.id);
        if (!status.head) continue;
        if (status.head->number > node_.number &&
            (!highest || highest->status.head->number < status.head->number))
            highest = &row;
        if (status.head->number == node_.number && status.head->hash != node_.hash) {
            disagree = true;
            refusal.who.push_back(row.member.id);
        }
    }
    if (!active.empty()) {
        refusal.why = StartRefusal::peer_active;
        refusal.who = active;
        return refuse(refusal);
    }
    if (highest) {
        refusal.why = StartRefusal::peer_ahead;
        refusal.who = {highest->member.id};
        if (auto hand_over = to_higher_voter(now, *highest, refusal)) return *hand_over;
        return refuse(refusal);
    }
    if (!silent.empty() && !ground.waived) {
        refusal.who = silent;
        return refuse(refusal);
    }
    if (disagree) return refuse(refusal);
    return start(ground, node_);
}

// 5.5.4: post what the node lacks, in ascending order, while the ring holds all of it.
Rung Ladder::repair_gap(Instant now, const Ground& ground) {
    if (!behind_since_) behind_since_ = now;
    const auto gap = replicated_->number.value() - node_.number.value();
    const auto next = node_.number.next();
    if (!settings_.repairs) {
        if (gap == 1) return post_next(next);
        return refuse({.why = StartRefusal::behind, .text = mismatch, .who = {}});
    }
    const bool in_ring = ring_from_ && *ring_from_ <= next;
    const bool will_take = !too_large_ || *too_large_ < next;
    if (gap <= settings_.depth && in_ring && will_take) return post_next(next);

    const bool overdue = now - *behind_since_ >= settings_.catchup_timeout;
    const Refusal because{.why = will_take ? StartRefusal::behind : StartRefusal::post_too_large,
                          .text = mismatch,
                          .who = {},
                          .alarm = overdue || !will_take};
    // A payload that the node will not take from us ends the rung at once; otherwise gossip gets its chance.
    if (overdue || !will_take) {
        if (auto hand_over = to_level_voter(now, ground, because)) return *hand_over;
        if (auto hand_over = to_nearer_voter(now, ground, because)) return *hand_over;
    }
    return refuse(because);
}

Rung Ladder::post_next(BlockNumber number) {
    phase_ = Phase::posting;
    posting_ = number;
    return Task{PostPayload{number}};
}

Rung Ladder::posted(Instant now, const Answer& answer, const Ground& ground, Lines& lines) {
    if (const auto* failed = failure_in(answer)) {
        lines.push_back({Level::error,
                         "failed to post unsafe head payload envelope to op-node",
                         "post_failed",
                         {{"err", failed->text}}});
        if (failed->kind != FailureKind::refused)
            return refuse({.why = StartRefusal::post_failed, .text = failed->text, .who = {}});
        if (failed->text.find("bad block hash") != std::string::npos)
            return refuse(
                {.why = StartRefusal::payload_corrupt, .text = failed->text, .who = {}, .alarm = true});
        too_large_ = posting_;
        return repair_gap(now, ground);
    }
    // Go starts at once, and the node usually answers that its head is another block (5.5 step 4).
    if (!settings_.repairs) return start(ground, *replicated_);
    phase_ = Phase::inserting;
    insert_until_ = now + settings_.insert_limit;
    return Task{AskHead{}};
}

Rung Ladder::inserted(Instant now, const Answer& answer) {
    if (const auto* head = std::get_if<HeadIs>(&answer)) {
        node_ = head->head;
        if (node_.number >= posting_)
            return node_.number >= replicated_->number ? confirm() : post_next(node_.number.next());
    }
    if (now >= insert_until_) return refuse({.why = StartRefusal::not_inserted, .text = mismatch, .who = {}});
    return WaitUntil{std::min(now + settings_.poll_period, insert_until_)};
}

// The node is above the replicated head: only if that head is its ancestor may its blocks be brought in.
Rung Ladder::block_read(Instant now, const Answer& answer, const Ground& ground) {
    if (const auto* failed = failure_in(answer)) {
        if (failed->kind == FailureKind::not_found) return on_fork(now, ground);
        return refuse({.why = StartRefusal::head_unreadable,
                       .text = "failed to get block of the replicated head from EL: " + failed->text,
                       .who = {}});
    }
    const auto* block = std::get_if<HeadIs>(&answer);
    CONDUCTOR_CHECK(block != nullptr);
    if (block->head.hash != replicated_->hash) return on_fork(now, ground);
    phase_ = Phase::fetching;
    return Task{FetchPayload{node_}};
}

Rung Ladder::fetched(const Answer& answer) {
    if (const auto* failed = failure_in(answer))
        return refuse({.why = StartRefusal::payload_unavailable,
                       .text = "the local head is ahead and its payload cannot be had: " + failed->text,
                       .who = {},
                       .alarm = true});
    phase_ = Phase::committing;
    return Task{CommitPayload{node_}};
}

Rung Ladder::committed(const Answer& answer) {
    if (const auto* failed = failure_in(answer))
        return refuse({.why = StartRefusal::commit_failed,
                       .text = "failed to commit the local head: " + failed->text,
                       .who = {}});
    return confirm();
}

Rung Ladder::on_fork(Instant now, const Ground& ground) {
    const Refusal because{.why = StartRefusal::fork, .text = mismatch, .who = {}, .alarm = true};
    if (settings_.on_fork == OnFork::transfer)
        if (auto hand_over = to_level_voter(now, ground, because)) return *hand_over;
    return refuse(because);
}

Rung Ladder::start(const Ground& ground, const Head& head) {
    // The peers may have spoken since the climb began.
    if (const auto held = withheld(ground)) return refuse(*held);
    if (ground.newest && (!replicated_ || ground.newest->number > replicated_->number)) return confirm();
    phase_ = Phase::starting;
    return Task{StartSequencer{head.hash}};
}

Rung Ladder::started(const Answer& answer) {
    if (const auto* failed = failure_in(answer))
        return refuse({.why = StartRefusal::start_failed,
                       .text = "failed to start sequencer: " + failed->text,
                       .who = {},
                       .alarm = failed->kind == FailureKind::bad_config,
                       .outcome_unknown = !certain(failed->kind)});
    const auto* done = std::get_if<Done>(&answer);
    CONDUCTOR_CHECK(done != nullptr);
    const Climbed climbed{done->already, replicated_ ? replicated_->hash : node_.hash};
    reset();
    return climbed;
}

// 5.5.8. A member whose RPC is unknown cannot hold a start back; warn_unknown() names it.
std::optional<Refusal> Ladder::withheld(const Ground& ground) const {
    if (!settings_.peers_withhold) return std::nullopt;
    if (!ground.peers.first_poll_ended())
        return Refusal{.why = StartRefusal::no_first_poll,
                       .text = "peers have not been asked yet whether they are overridden",
                       .who = {},
                       .hold = true};
    Refusal refusal{.why = StartRefusal::peer_overridden,
                    .text = "another conductor is overridden:",
                    .who = {},
                    .hold = true,
                    .alarm = true};
    for (const auto& row : ground.peers.rows) {
        if (row.status.overridden != peers::Says::yes) continue;
        refusal.who.push_back(row.member.id);
        refusal.text += " " + row.member.id.text();
    }
    if (refusal.who.empty()) return std::nullopt;
    return refusal;
}

void Ladder::warn_unknown(const Ground& ground, Lines& lines) {
    std::string names;
    for (const auto& row : ground.peers.rows)
        if (row.status.overridden == peers::Says::unknown)
            names += (names.empty() ? "" : ",") + row.member.id.text();
    if (names.empty() || warned_unknown_) return;
    warned_unknown_ = true;
    lines.push_back({Level::warn,
                     "cannot tell whether every other conductor is free of override, going on",
                     "peers_unknown",
                     {{"unknown", names}}});
}

std::optional<Rung> Ladder::to_level_voter(Instant now, const Ground& ground, const Refusal& because) {
    HandOver hand_over{{}, because};
    for (const auto& row : ground.peers.rows) {
        if (!peers::candidate(row) || row.status.head != replicated_ || tried(now, row.member.id)) continue;
        hand_over.targets.push_back(row.member.id);
    }
    if (hand_over.targets.empty()) return std::nullopt;
    for (const auto& id : hand_over.targets) tried_[id] = now;
    phase_ = Phase::idle;
    return hand_over;
}

// Nobody has the head: its last blocks were committed and never went round. Who lacks no more than those can be
// fed them from the ring; without this rule we, whom only gossip can help, would keep the chain standing. Its
// health does not count, since a stalled chain makes whoever lacks a block look sick.
std::optional<Rung> Ladder::to_nearer_voter(Instant now, const Ground& ground, const Refusal& because) {
    const auto head = replicated_->number.value();
    std::vector<const peers::Row*> nearer;
    for (const auto& row : ground.peers.rows) {
        const auto& status = row.status;
        if (!row.member.voter || !status.head || !may_lead(status) || tried(now, row.member.id)) continue;
        const auto number = status.head->number;
        const bool can_be_fed = number < replicated_->number && head - number.value() <= settings_.depth;
        const bool too_large_for_it = too_large_ && number < *too_large_;
        if (number > node_.number && can_be_fed && !too_large_for_it) nearer.push_back(&row);
    }
    if (nearer.empty()) return std::nullopt;
    std::ranges::stable_sort(nearer, std::greater{}, [](const auto* row) { return row->status.head->number; });
    HandOver hand_over{{}, because};
    for (const auto* row : nearer) {
        hand_over.targets.push_back(row->member.id);
        tried_[row->member.id] = now;
    }
    phase_ = Phase::idle;
    return hand_over;
}

bool Ladder::may_lead(const peers::Status& status) {
    return status.paused == peers::Says::no && status.ready != peers::Says::no;
}

std::optional<Rung> Ladder::to_higher_voter(Instant now, const peers::Row& row, const Refusal& because) {
    // Its health does not count: its head is what we need, and a stalled chain makes it look sick.
    if (!may_lead(row.status) || tried(now, row.member.id)) return std::nullopt;
    tried_[row.member.id] = now;
    phase_ = Phase::idle;
    return HandOver{{row.member.id}, because};
}

bool Ladder::tried(Instant now, const ServerId& id) const {
    const auto found = tried_.find(id);
    return found != tried_.end() && now - found->second < settings_.target_memory;
}

Rung Ladder::refuse(Refusal refusal) {
    phase_ = Phase::idle;
    return refusal;
}

const char* name_of(StartRefusal why) noexcept {
    constexpr const char* names[] = {
        "unconfirmed",  "no_first_poll",       "peer_overridden", "peer_active",
        "peer_ahead",   "no_unsafe_head",      "head_unreadable", "behind",
        "not_inserted", "post_failed",         "post_too_large",  "payload_corrupt",
        "fork",         "payload_unavailable", "commit_failed",   "start_failed"};
    return names[static_cast<std::size_t>(why)];
}

std::string Ladder::fingerprint(Instant now) const {
    const auto number = [](std::uint64_t value) { return std::to_string(value) + ","; };
    const auto age = [&](Instant since, Duration cap) {
        return number(static_cast<std::uint64_t>(std::min(now - since, cap).count()));
    };
    std::string text = number(static_cast<std::uint64_t>(phase_));
    const auto head = [&](const Head& block) {
        text += number(block.number.value()) + number(block.hash.bytes[0]);
    };
    if (phase_ != Phase::idle) {
        if (replicated_) head(*replicated_);
        if (ring_from_) text += "r" + number(ring_from_->value());
        head(node_);
        text += number(posting_.value());
    }
    if (phase_ == Phase::inserting) text += std::to_string((insert_until_ - now).count());
    if (behind_since_) text += "b" + age(*behind_since_, settings_.catchup_timeout);
    if (too_large_) text += "l" + number(too_large_->value());
    for (const auto& [id, when] : tried_)
        if (tried(now, id)) text += id.text() + age(when, settings_.target_memory);
    return text;
}

}  // namespace conductor::control
