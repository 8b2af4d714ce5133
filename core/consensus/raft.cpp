#include "core/consensus/raft.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/consensus/invariants.hpp"
#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

// Beyond these a number is nonsense, and believing it once would leave no room to count on: no election could
// follow an absurd term, no entry an absurd index.
constexpr Term greatest_term{std::uint64_t{1} << 62U};
constexpr LogIndex greatest_index{std::uint64_t{1} << 62U};

struct Plausible {
    bool operator()(const AppendRequest& m) const {
        return fine(m.term) && fine(m.prev) && m.commit <= greatest_index &&
               m.entries.size() < greatest_index.value();
    }
    bool operator()(const VoteRequest& m) const { return fine(m.term) && fine(m.last); }
    bool operator()(const SnapshotRequest& m) const { return fine(m.term) && fine(m.last); }
    bool operator()(const AppendReply& m) const { return fine(m.term) && m.last_log <= greatest_index; }
    bool operator()(const VoteReply& m) const { return fine(m.term); }
    bool operator()(const SnapshotReply& m) const { return fine(m.term); }
    bool operator()(const TimeoutNowRequest&) const { return true; }
    bool operator()(const TimeoutNowReply&) const { return true; }
    bool operator()(const ErrorReply&) const { return true; }

    static bool fine(Term term) { return term <= greatest_term; }
    static bool fine(const Position& at) { return fine(at.term) && at.index <= greatest_index; }
};

bool is_request(const Message& message) {
    return std::holds_alternative<AppendRequest>(message) || std::holds_alternative<VoteRequest>(message) ||
           std::holds_alternative<SnapshotRequest>(message) ||
           std::holds_alternative<TimeoutNowRequest>(message);
}

EntryFacts facts_of(const Entry& entry) {
    return {entry.position, entry.type, entry.data.size(), entry.configuration};
}

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

// ---- the outside ----

Raft::Raft(Settings settings, StoredState stored, Instant now)
    : state_{std::make_unique<State>(std::move(settings), std::move(stored), now)} {}
Raft::~Raft() = default;
Raft::Raft(Raft&&) noexcept = default;
Raft& Raft::operator=(Raft&&) noexcept = default;

Output Raft::step(Instant now, const Input& input) {
    const Invariants before{*state_};
    state_->now = std::max(state_->now, now);
    state_->out = Output{};
    state_->handle(input);
    state_->seal_write();
    before.check(*state_);
    return std::move(state_->out);
}

Instant Raft::next_deadline() const {
    return state_->deadline();
}
Role Raft::role() const {
    return state_->role;
}
Term Raft::term() const {
    return state_->hard.term;
}
bool Raft::leads(Instant now) const {
    return state_->leads(now);
}
Instant Raft::leading_until() const {
    return state_->leading_until();
}
Sender Raft::leader() const {
    return state_->leader;
}
Position Raft::last() const {
    return state_->log.last();
}
LogIndex Raft::first_index() const {
    return state_->log.first();
}
LogIndex Raft::commit_index() const {
    return state_->commit;
}
const Configuration& Raft::latest_configuration() const {
    return state_->membership.latest();
}
LogIndex Raft::latest_configuration_index() const {
    return state_->membership.latest_index();
}
std::optional<LogIndex> Raft::unreadable() const {
    if (state_->corrupt.empty()) return std::nullopt;
    return *state_->corrupt.begin();
}
std::optional<SnapshotMark> Raft::snapshot() const {
    return state_->log.snapshot();
}
VoteHold Raft::vote_hold() const {
    return state_->hold;
}
std::vector<Contact> Raft::contacts() const {
    std::vector<Contact> out;
    if (state_->reign) {
        for (const auto& peer : state_->reign->peers) out.push_back({peer.id, peer.contact, peer.next});
    } else if (!state_->leader.id.text().empty()) {
        out.push_back({state_->leader.id, state_->contact, std::nullopt});
    }
    return out;
}

// ---- one step ----

Raft::State::State(Settings set, StoredState stored, Instant start)
    : settings{std::move(set)}, random{settings.seed}, now{start}, hard{std::move(stored.hard_state)} {
    corrupt.insert(stored.corrupt.begin(), stored.corrupt.end());
    guessed.insert(stored.guessed.begin(), stored.guessed.end());
    stored_snapshot = stored.snapshot;
    stored_snapshot_has_payload = stored.snapshot_has_payload;
    has_head = stored.snapshot_has_payload;
    if (stored.snapshot) {
        commit = applied = stored.snapshot->last.index;
        membership.restored(stored.snapshot->configuration, stored.snapshot->configuration_index);
    }
    // What is said here of entries behind the snapshot may turn out uncommitted: raft-wire 4.3, start-up.
    for (const auto& entry : stored.entries) {
        if (entry.configuration && entry.position.index > commit)
            membership.appended(*entry.configuration, entry.position.index);
    }
    log = Log{std::move(stored.snapshot), std::move(stored.entries)};
    durable = log.last().index;
    // The end of the log is known and its term is not: no term that this node has heard of is too high.
    if (guessed.count(log.last().index) != 0) hard.floor = std::max(hard.floor, {hard.term, log.last().index});
    if (settings.give_up_unreadable) hard.floor = {};  // nobody is left who could give it back
    if (hard.vote_candidate == settings.self.address) left_in = hard.vote_term;
    octets_since_snapshot = log.octets(commit.next(), log.last().index);
    snapshot_at = now + random.once_or_twice(settings.snapshot_interval);
    if (hard.vote_term == HardState::held) hold = VoteHold::held;
    if (hard.vote_term == HardState::asking) hold = VoteHold::asking;
    if (hold != VoteHold::none) withhold();

    // Nobody else can lead, so there is nobody to wait for.
    election_at = alone() ? now : now + patience();
}

void Raft::State::handle(const Input& input) {
    // After a pause of the whole process this comes before any question is answered (raft-wire 5.9.1).
    if (reign && lease_end() <= now) end_reign("no contact with a quorum");

    std::visit(
        Overloaded{[&](const Tick&) { tick(); }, [&](const Received& m) { received(m); },
                   [&](const Unanswered& lost) {
                       vote_lost(lost.exchange);
                       leader_unanswered(lost);
                   },
                   [&](const Bootstrap& ask) { bootstrap(ask); }, [&](const Proposed& ask) { propose(ask); },
                   [&](const ReadAsked& ask) { read_asked(ask); },
                   [&](const ChangeAsked& ask) { change_asked(ask); },
                   [&](const TransferAsked& ask) { transfer_asked(ask); },
                   [&](const Persisted& done) { persisted_up_to(done.ticket); },
                   [&](const Applied& done) { applied_up_to(done); },
                   [&](const StoreChanged& change) { store_changed(change.condition); },
                   [&](const Unreadable& entry) { unreadable(entry.index); },
                   [&](const LeaderGone&) { leader_is_gone(); },
                   [&](const EligibilityChanged& change) { eligibility_changed(change); },
                   [&](const VoteHoldChanged& change) { vote_hold_changed(change.hold); }},
        input);
    pump();
}

void Raft::State::tick() {
    if (!reign && now >= election_at) election_timeout();
}

void Raft::State::pump() {
    if (reign) advance_leader_commit();
    if (!reign) return;
    announce_if_leading();
    note_reads();
    serve_reads();
    serve_changes();
    push_transfer();
    watch_progress();
    if (!reign) return;
    part_with_removed();
    feed_all();
}

Instant Raft::State::deadline() const {
    if (reign) return leader_deadline();
    const bool timing = may_campaign() || !leader.id.empty() || !leader.address.empty();
    return timing ? election_at : Instant::max();
}

void Raft::State::received(const Received& message) {
    const bool asks = is_request(message.message);
    if (!std::visit(Plausible{}, message.message)) {
        if (asks) out.hang_up.push_back(message.exchange);
        return;
    }
    if (!asks) return answered(message);
    const bool from_leader = std::holds_alternative<AppendRequest>(message.message) ||
                             std::holds_alternative<SnapshotRequest>(message.message);
    if (from_leader && mute()) return out.hang_up.push_back(message.exchange);
    // A leader can only be of another group then, and its log, where it has our indices and terms, another
    // history. An error is an answer without a term: neither group deposes the other's leader.
    if (alone() && !std::holds_alternative<VoteRequest>(message.message))
        return reply(message, ErrorReply{"the only voter of a group of its own follows nobody"}, Needs::term);

    if (const auto* append = std::get_if<AppendRequest>(&message.message))
        return append_requested(message, *append);
    if (const auto* vote = std::get_if<VoteRequest>(&message.message)) return vote_requested(message, *vote);
    if (const auto* snap = std::get_if<SnapshotRequest>(&message.message))
        return snapshot_requested(message, *snap);
    timeout_now(message);
}

void Raft::State::answered(const Received& reply) {
    // A larger term ends everything else, in whatever answer it comes (§3.3). The answer to a pre-vote echoes
    // the term that was asked for, which nobody has.
    auto seen = Term{};
    if (const auto* append = std::get_if<AppendReply>(&reply.message)) seen = append->term;
    if (const auto* snap = std::get_if<SnapshotReply>(&reply.message)) seen = snap->term;
    if (const auto* vote = std::get_if<VoteReply>(&reply.message)) {
        const bool echo = vote->ballot == Ballot::pre_vote && vote->term == hard.term.next();
        if (!echo) seen = vote->term;
    }
    if (seen > hard.term) return become_follower(seen, "an answer has a higher term");
    if (campaign) vote_answered(reply, reply.message);
    if (reign) leader_answered(reply);
}

// ---- what handlers have in common ----

Write& Raft::State::write() {
    if (!out.write) {
        out.write.emplace();
        last_ticket = last_ticket.next();
        out.write->ticket = last_ticket;
    }
    return *out.write;
}

void Raft::State::set_hard_state(HardState next) {
    next.floor = hard.floor;
    keep(std::move(next));
}

void Raft::State::set_floor(Position floor) {
    auto next = hard;
    next.floor = floor;
    keep(std::move(next));
}

void Raft::State::keep(HardState next) {
    if (next == hard) return;
    hard = std::move(next);
    write().hard_state = hard;
    hard_ticket = last_ticket;
}

void Raft::State::seal_write() {
    if (!out.write) return;
    unpersisted.push_back(
        {last_ticket, log.last().index, out.write->snapshot,
         out.write->snapshot && (!out.write->snapshot_payload || !out.write->snapshot_payload->empty())});
}

// An answer names a term, so it waits for the disk to hold that term (raft-wire 8.2); a promise waits for
// everything it stands on, which may be in an earlier write.
void Raft::State::reply(const Received& request, Message message, Needs needs) {
    Envelope envelope{request.from.id, request.exchange, std::move(message)};
    const auto ticket = needs == Needs::everything ? last_ticket : hard_ticket;
    if (ticket <= persisted) {
        out.send_now.push_back(std::move(envelope));
    } else {
        out.send_when_durable.push_back({ticket, std::move(envelope)});
    }
}

Exchange Raft::State::request(const ServerId& to, Message message) {
    const auto exchange = next_exchange;
    next_exchange = next_exchange.next();
    out.send_now.push_back({to, exchange, std::move(message)});
    return exchange;
}

void Raft::State::refuse(Ask ask, Refusal why, std::string detail) {
    out.refused.push_back({ask, why, std::move(detail)});
}

void Raft::State::set_leader(Sender next) {
    if (next.id == leader.id && next.address == leader.address) return;
    leader = std::move(next);
    out.leader = LeaderChanged{leader};
}

Position Raft::State::append_own(EntryType type, Bytes data,
                                 std::shared_ptr<const Configuration> configuration) {
    Entry entry;
    entry.position = {hard.term, log.last().index.next()};
    entry.type = type;
    entry.data = std::move(data);
    entry.configuration = std::move(configuration);
    append_facts(entry);
    return entry.position;
}

void Raft::State::append_facts(const Entry& entry) {
    log.append(facts_of(entry));
    octets_since_snapshot += entry.data.size();
    if (entry.configuration) membership.appended(*entry.configuration, entry.position.index);
    write().entries.push_back(entry);
}

void Raft::State::truncate(LogIndex from) {
    CONDUCTOR_CHECK(from > commit);
    const LogIndex kept{from.value() - 1};
    log.truncate(from);
    membership.truncated(from);
    if (membership.latest_index() >= from) recall_membership();
    durable = std::min(durable, kept);
    for (auto& pending : unpersisted) pending.last = std::min(pending.last, kept);
    write().truncate = from;
}

// Below an unreadable entry there may be changes that are committed: one step back is not enough.
void Raft::State::recall_membership() {
    const auto& mark = log.snapshot();
    membership = Membership{};
    if (mark) membership.restored(mark->configuration, mark->configuration_index);
    for (auto index = log.first(); log.holds(index); index = index.next())
        if (const auto& made = log.at(index).configuration) membership.appended(*made, index);
    membership.committed_up_to(commit);
}

// One index and one term make one entry (§3.5), so what follows it in the log still does, and what was
// acknowledged is in the log at every moment. Until it is on disk again it does not count for us.
void Raft::State::put_back(const Entry& entry) {
    const auto index = entry.position.index;
    const LogIndex below{index.value() - 1};
    log.put_back(facts_of(entry));
    corrupt.erase(index);
    if (entry.configuration) recall_membership();
    durable = std::min(durable, below);
    for (auto& pending : unpersisted) pending.last = std::min(pending.last, below);
    write().put_back.push_back(entry);
}

void Raft::State::readable_again(LogIndex from, LogIndex to) {
    for (auto* set : {&corrupt, &guessed}) set->erase(set->lower_bound(from), set->upper_bound(to));
}

// What is applied, or a snapshot stands for, nobody has to give us again; a member that lacks it gets the
// snapshot. For the rest somebody else must lead.
void Raft::State::unreadable(LogIndex index) {
    if (!log.holds(index)) return;
    if (const auto& mark = log.snapshot(); mark && index <= mark->last.index) {
        auto shorter = *mark;
        shorter.first_kept = index.next();
        return log.compact(shorter);
    }
    corrupt.insert(index);
    maybe_snapshot();
    if (corrupt.empty() || settings.give_up_unreadable) return;
    if (reign) {
        end_reign("an entry of the log cannot be read");
        hold_off();
    }
    if (campaign) become_follower(hard.term, "an entry of the log cannot be read");
}

void Raft::State::advance_commit(LogIndex to) {
    if (to <= commit) return;
    commit = to;
    out.commit = commit;
    membership.committed_up_to(commit);
}

// ---- what the shell reports and callers ask ----

void Raft::State::persisted_up_to(WriteTicket ticket) {
    CONDUCTOR_CHECK(ticket <= last_ticket);
    persisted = std::max(persisted, ticket);
    while (!unpersisted.empty() && unpersisted.front().ticket <= persisted) {
        auto& done = unpersisted.front();
        durable = std::max(durable, done.last);
        if (done.snapshot) {
            stored_snapshot = std::move(done.snapshot);
            stored_snapshot_has_payload = done.snapshot_has_payload;
        }
        unpersisted.pop_front();
    }
    const bool whole = corrupt.empty() && durable == log.last().index && log.last() >= hard.floor;
    if (whole && hard.floor != Position{}) set_floor({});
    release_hold();
    if (campaign && !campaign->asked && campaign->own_vote <= persisted) ask_for_votes();
}

// A vote or a term of another cluster could be forgotten by this, so anything but an untouched store refuses.
// A term 1 without a vote is what a crash in the middle of an earlier bootstrap leaves behind.
void Raft::State::bootstrap(const Bootstrap& ask) {
    const auto fault = fault_of(ask.configuration);
    const bool untouched = log.empty() && hard.term <= Term{1} && hard.vote_candidate.empty() &&
                           hold != VoteHold::held && role == Role::follower;

    if (fault) return refuse(ask.ask, Refusal::invalid_configuration, *fault);
    if (!is_voter(ask.configuration, settings.self.id)) return refuse(ask.ask, Refusal::not_a_voter);
    if (!untouched) return refuse(ask.ask, Refusal::already_bootstrapped);
    if (stalled) return refuse(ask.ask, Refusal::store_stalled);

    set_hard_state({Term{1}, Term{}, {}});
    const auto position =
        append_own(EntryType::configuration, {}, std::make_shared<Configuration>(ask.configuration));
    out.accepted.push_back({ask.ask, position});
    election_at = alone() ? now : now + patience();
}

void Raft::State::propose(const Proposed& ask) {
    if (!reign) return refuse(ask.ask, Refusal::not_leader);
    if (reign->transfer) return refuse(ask.ask, Refusal::transfer_in_progress);

    const auto position = append_own(EntryType::command, ask.command, nullptr);
    out.accepted.push_back({ask.ask, position});
}

// A leader whose disk hangs would stay leader for ever: its heartbeats need no disk (raft-wire 5.15).
void Raft::State::store_changed(StoreCondition condition) {
    const bool now_stalled = condition == StoreCondition::stalled;
    if (now_stalled == stalled) return;
    stalled = now_stalled;
    if (!stalled) {
        election_at = alone() ? now : now + patience();
        return;
    }
    if (reign) {
        end_reign("the store has stalled");
        hold_off();
    }
    if (campaign) become_follower(hard.term, "the store has stalled");
}

}  // namespace conductor::consensus
