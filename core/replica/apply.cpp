// The replicated state: what becomes of an entry once it is committed. Entries that this process has written
// are in memory; after a restart a leader commits a log that only the disk holds, and then facts decide which
// one entry must be read at all, so that a log of a gigabyte costs one payload.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>

#include "core/base/check.hpp"
#include "core/replica/replica.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::replica {

struct Replica::Loaded {
    consensus::StoredState state;
    std::deque<PayloadFacts> facts;
    std::optional<Bytes> snapshot;
    std::optional<storage::StoreError> error;
    std::optional<storage::StoreError> damage;  ///< what one of the unreadable entries says
};

namespace {

storage::StoreError damage_of(storage::LogStore& store, LogIndex index) {
    const auto read = store.read(index);
    if (!read) return read.error();
    return {storage::StoreErrc::corrupt_record, {}, "an entry of the log could not be read"};
}

}  // namespace

void Replica::start(std::function<void()> ready) {
    CONDUCTOR_CHECK(life_ == Life::loading);
    disk_.run([this, ready = std::move(ready)](storage::LogStore& store) {
        auto loaded = std::make_shared<Loaded>();
        loaded->state = store.recovered();
        auto& corrupt = loaded->state.corrupt;
        std::set<LogIndex> bad{corrupt.begin(), corrupt.end()};
        for (const auto& entry : loaded->state.entries) {
            Bytes prefix;
            const bool readable = bad.count(entry.position.index) == 0;
            if (entry.type == consensus::EntryType::command && readable) {
                auto read = store.read_data_prefix(entry.position.index, facts_prefix);
                if (!read && read.error().code != storage::StoreErrc::corrupt_record) {
                    loaded->error = read.error();
                    break;
                }
                if (read) {
                    prefix = *read;
                } else if (!loaded->state.snapshot ||
                           entry.position.index > loaded->state.snapshot->last.index) {
                    bad.insert(entry.position.index);
                    loaded->damage = read.error();
                }
            }
            loaded->facts.push_back(facts_of(entry.position, entry.type, prefix.span()));
        }
        if (!corrupt.empty() && !loaded->damage) loaded->damage = damage_of(store, corrupt.front());
        corrupt.assign(bad.begin(), bad.end());
        if (loaded->state.snapshot && loaded->state.snapshot_has_payload) {
            auto payload = store.snapshot_payload();
            if (payload) {
                loaded->snapshot = *payload;
            } else {
                loaded->error = payload.error();
            }
        }
        boost::asio::post(core_, [this, loaded, ready] {
            if (life_ == Life::loading) begin(std::move(*loaded), ready);
        });
    });
}

void Replica::begin(Loaded loaded, const std::function<void()>& ready) {
    life_ = Life::running;
    if (loaded.error) return fall_silent(*loaded.error);

    for (auto& facts : loaded.facts) ledger_.put(facts);
    if (loaded.state.snapshot) {
        applied_ = commit_ = loaded.state.snapshot->last.index;
        if (loaded.snapshot) {
            const auto restored = head_.restore(*loaded.snapshot);
            if (!restored) {
                const storage::StoreError unusable{
                    storage::StoreErrc::corrupt_record, "snapshot",
                    "the stored snapshot does not decode: " + restored.error().precise};
                return fall_silent(unusable);
            }
            remember_path({}, LogIndex{}, applied_.next());
            if (const auto newest = ring_.newest(); !newest || newest->hash != head_.head()->hash)
                ring_.restart(payload::position_of(*head_.head(), applied_));
            events_.head_moved(*head_.head());
        }
    }
    if (loaded.state.snapshot) outbox_.snapshot_written(loaded.state.snapshot->last);
    const auto corrupt = loaded.state.corrupt;
    raft_ = std::make_unique<consensus::Raft>(options_.raft, std::move(loaded.state), conductor::now());
    ready_.store(true);
    if (!corrupt.empty() && loaded.damage) events_.unreadable(corrupt.front(), *loaded.damage);
    if (eligibility_) step(*eligibility_);
    step(consensus::Tick{});
    if (life_ == Life::running) ready();
}

// A leader's snapshot, as it goes to the disk: the state is the one at its end from now on, and whatever is
// being read for an earlier one comes too late.
void Replica::take_over(const consensus::SnapshotMark& mark, const Bytes& payload) {
    const auto restored = head_.restore(payload);
    CONDUCTOR_CHECK(restored.has_value());  // receive() has tried
    replaying_ = false;
    missed_.reset();
    ++replay_;
    waiters_.fail_all({"leadership lost while committing log", false, true});
    commit_ = std::max(commit_, mark.last.index);
    applied_ = mark.last.index;
    if (!head_.head()) return ring_.restart(std::nullopt);
    ring_.restart(payload::position_of(*head_.head(), applied_));
    events_.head_moved(*head_.head());
}

void Replica::apply_committed() {
    if (replaying_ || missed_) return;
    const auto before = applied_;
    while (applied_ < commit_) {
        const auto next = applied_.next();
        const auto* cached = cache_.find(next);
        if (cached == nullptr) {
            auto to = next;
            while (to < commit_ && cache_.find(to.next()) == nullptr) to = to.next();
            replay_from_disk(to);
            if (replaying_) break;
            continue;
        }
        apply_cached(*cached);
        applied_ = next;
    }
    if (applied_ == before) return;
    report_applied();
}

void Replica::report_applied() {
    cache_.trim(applied_);
    step(consensus::Applied{applied_, head_.head().has_value()});
}

std::optional<BlockNumber> Replica::head_number() const {
    return head_.head() ? std::optional{head_.head()->number} : std::nullopt;
}

void Replica::apply_cached(const wire::EncodedEntry& entry) {
    const auto position = entry.facts.position;
    if (entry.facts.type == consensus::EntryType::command) {
        pending_octets_ -= std::min<std::uint64_t>(pending_octets_, entry.facts.octets);
        const auto began = conductor::now();
        const auto verdict = head_.apply(entry.data);
        events_.applied(conductor::now() - began);
        if (!verdict.accepted()) {
            ledger_.mark_undecodable(position.index);
            waiters_.applied(position, control::CommitError{verdict.error, true, false});
            return;
        }
        if (verdict.effect == payload::Effect::not_newer) {
            ++figures_.not_newer;
        } else {
            took(*head_.head(), position.index);
        }
        if (verdict.parent_mismatch) ++figures_.parent_mismatches;
        ++figures_.commits;
    }
    waiters_.applied(position, {});
}

// Which entry of (applied, to] is head in the end follows from numbers alone; only that one is read and
// checked whole. One that does not decode was skipped by every state machine: it is marked, and the question
// asked again.
void Replica::replay_from_disk(LogIndex to) {
    const auto* winner = ledger_.winner(head_number(), applied_, to);
    if (winner == nullptr) {
        applied_ = to;
        return;
    }
    replaying_ = true;
    disk_.run([this, to, facts = *winner, replay = ++replay_](storage::LogStore& store) {
        auto read = store.read(facts.position.index);
        boost::asio::post(
            core_, [this, replay, to, facts, read = std::move(read)] { replayed(replay, facts, to, read); });
    });
}

void Replica::replayed(std::uint64_t replay, const PayloadFacts& facts, LogIndex to,
                       const Result<consensus::Entry, storage::StoreError>& read) {
    if (life_ != Life::running || replay != replay_) return;
    replaying_ = false;
    if (!read && read.error().code == storage::StoreErrc::corrupt_record) {
        const auto index = facts.position.index;
        if (options_.raft.give_up_unreadable) {
            ledger_.mark_undecodable(index);
        } else {
            missed_ = index;
        }
        report_unreadable(index, read.error());
        return apply_committed();
    }
    if (!read) return fall_silent(read.error());

    const auto previous = head_number();
    if (!head_.apply(read->data).accepted()) {
        ledger_.mark_undecodable(facts.position.index);
        return apply_committed();
    }
    remember_path(previous, applied_, facts.position.index);
    took(*head_.head(), facts.position.index);
    applied_ = to;
    report_applied();
    apply_committed();
}

// The ring remembers what led to the head too: those payloads can be posted to a sequencer that lags.
void Replica::remember_path(std::optional<BlockNumber> head, LogIndex from, LogIndex before) {
    for (auto index = from.next(); index < before; index = index.next()) {
        const auto* facts = ledger_.find(index);
        if (facts == nullptr || !moves_head(*facts, head)) continue;
        head = facts->number;
        ring_.push({facts->number, facts->hash, facts->parent, index});
    }
}

void Replica::took(const payload::Envelope& envelope, LogIndex index) {
    ring_.push(payload::position_of(envelope, index));
    events_.head_moved(envelope);
}

// ---- commits --------------------------------------------------------------------------------------------

void Replica::commit(payload::Envelope envelope, control::CommitDone done) {
    boost::asio::post(core_, [this, envelope = std::move(envelope), done = std::move(done)]() mutable {
        begin_commit(std::move(envelope), std::move(done));
    });
}

void Replica::begin_commit(payload::Envelope envelope, control::CommitDone done) {
    if (auto reason = reason_to_refuse(envelope)) {
        ++figures_.commits_refused;
        return done(control::CommitError{std::move(*reason), false, false});
    }
    if (const auto position = in_flight(envelope)) return waiters_.add(*position, std::move(done));
    propose(std::move(envelope.ssz), std::move(done));
}

// op-node sends a payload again whose commit took too long for it (8.2.1). A second copy in the log would be
// right too, but it is the slow disk that would have to take it. The hash is what the payload claims, so the
// octets decide.
std::optional<consensus::Position> Replica::in_flight(const payload::Envelope& envelope) const {
    for (auto index = applied_.next(); index <= ledger_.last(); index = index.next()) {
        const auto* facts = ledger_.find(index);
        if (facts == nullptr || facts->kind != RecordKind::payload || facts->number != envelope.number ||
            facts->hash != envelope.hash || !waiters_.waits_for(facts->position))
            continue;
        const auto* entry = cache_.find(index);
        if (entry != nullptr && std::ranges::equal(entry->data.span(), envelope.ssz.span()))
            return facts->position;
    }
    return std::nullopt;
}

void Replica::reset_head(const payload::Envelope& envelope, control::CommitDone done) {
    auto data = payload::reset_entry(envelope);
    if (auto reason = reason_to_refuse(data.size()))
        return done(control::CommitError{std::move(*reason), false, false});
    propose(std::move(data), std::move(done));
}

void Replica::propose(Bytes data, control::CommitDone done) {
    pending_octets_ += data.size();
    const consensus::Ask ask{++last_ask_};
    asked_.emplace(ask, std::move(done));
    step(consensus::Proposed{ask, std::move(data)});
}

std::optional<std::string> Replica::reason_to_refuse(std::size_t octets) const {
    if (life_ == Life::dead || life_ == Life::stopped) return "raft is already shutdown";
    if (life_ == Life::loading || !leads()) return "node is not the leader";
    if (pending_octets_ + octets > options_.pending_octets || waiters_.size() >= options_.pending_commits)
        return "timed out enqueuing operation";
    return std::nullopt;
}

std::optional<std::string> Replica::reason_to_refuse(const payload::Envelope& envelope) {
    if (auto reason = reason_to_refuse(envelope.ssz.size())) return reason;
    if (options_.refuse_siblings && contradicts_log(envelope)) {
        ++figures_.siblings_refused;
        events_.sibling_refused();
        return "conflicting payload at head";
    }
    return std::nullopt;
}

// P-51: a payload with the number and the parent of the newest one in our log, applied or in flight, but
// another hash. Acknowledging it would let two blocks of one height be published.
bool Replica::contradicts_log(const payload::Envelope& envelope) const {
    const auto sibling = [&](const auto& other) {
        return other.number == envelope.number && other.parent == envelope.parent &&
               other.hash != envelope.hash;
    };
    if (const auto* in_flight = ledger_.winner(head_number(), applied_, ledger_.last()))
        return sibling(*in_flight);
    return head_.head() && sibling(*head_.head());
}

}  // namespace conductor::replica
