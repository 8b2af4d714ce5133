#include "node.hpp"

#include <algorithm>
#include <sstream>
#include <tuple>

#include "block.hpp"
#include "core/consensus/describe.hpp"
#include "planted/planted.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

Node::Node(Surroundings& world, Who who, std::unique_ptr<Disk> disk, NodeClock clock)
    : world_{world}, who_{who}, disk_{std::move(disk)}, clock_{clock} {
    sender_.id = ServerId{std::string(1, static_cast<char>('a' + who))};
    sender_.address = "10.0.0." + std::to_string(who + 1) + ":50050";
}

// ---- lives ----

void Node::boot() {
    auto found = disk_->open();
    ++life_;
    frozen_until_ = {};
    armed_ = Instant::max();
    writes_.clear();
    at_work_ = 0;
    stalled_ = false;
    promises_.clear();
    memory_.clear();
    head_ = {};
    commit_ = applied_ = {};
    waiting_.clear();
    proposals_.clear();
    confirms_.clear();
    confirmed_later_.clear();
    transfers_.clear();
    reads_.clear();
    confirming_.reset();
    confirmed_.reset();
    producing_ = false;
    leading_until_ = Instant::min();
    staged_snapshot_ = {};
    asked_.clear();
    contacts_.clear();
    members_ = {};
    members_index_ = {};
    staged_payload_ = found.snapshot_payload;

    world_.checker.boots(who_, found.state.hard_state);
    if (found.state.snapshot) {
        staged_snapshot_ = found.state.snapshot->last;
        commit_ = applied_ = staged_snapshot_.index;
        if (!found.snapshot_payload.empty() && !head_.restore(found.snapshot_payload))
            throw Violation{"durability: a stored snapshot does not decode"};
    }
    world_.checker.restores(who_, applied_, head_digest(), head_number());
    for (const auto& entry : found.entries) world_.checker.finds(entry);
    remember(found.state);
    hide_damage(found.state);
    for (auto& entry : found.entries) memory_.emplace(entry.position.index, std::move(entry));
    find_path();
    empty_at_boot = found.state.hard_state == consensus::HardState{} && found.state.entries.empty() &&
                    !found.state.snapshot;

    auto settings = world_.plan.raft;
    settings.self = sender_;
    settings.seed = world_.random.next();
    raft_ = std::make_unique<consensus::Raft>(std::move(settings), std::move(found.state), local());
    world_.trace.line(world_.schedule.now(), sender_.id.text() + " starts");
    step(consensus::Tick{});
}

void Node::crash(bool power, bool silent, bool failing) {
    if (!running()) return;
    std::vector<DiskWrite> under_way(std::make_move_iterator(writes_.begin()),
                                     std::make_move_iterator(writes_.end()));
    // What was queued behind the flush at work had not been given to the disk.
    under_way.resize(std::min(under_way.size(), at_work_));
    if (failing) {
        disk_->fail(under_way, power, world_.random);
    } else {
        disk_->crash(under_way, power, world_.random);
    }
    writes_.clear();
    at_work_ = 0;
    raft_.reset();
    ++life_;
    on_death();
    leading_until_ = Instant::min();
    world_.network.died(who_, silent);
    world_.trace.line(world_.schedule.now(), sender_.id.text() + " ends");
}

void Node::give(std::uint64_t life, consensus::Input input) {
    if (!running() || life != life_) return;
    if (!awake()) {
        world_.schedule.at(frozen_until_, [this, life, input = std::move(input)] { give(life, input); });
        return;
    }
    step(input);
}

// ---- the shell ----

void Node::step(const consensus::Input& input) {
    if (!running()) return;
    ++steps_;
    if (raft_->latest_configuration_index() != members_index_) {
        members_ = raft_->latest_configuration();
        members_index_ = raft_->latest_configuration_index();
    }
    const Voted before{raft_->last(), raft_->vote_hold() != consensus::VoteHold::none};
    note_answer(input);
    auto out = raft_->step(local(), input);
    check_ballot(input, before, out);
    if (raft_->latest_configuration_index() > raft_->last().index)
        throw Violation{"membership: a configuration counts that is not in the log"};
    auto& trace = world_.trace;
    trace.note(who_ * 31 + input.index());
    trace.note(raft_->term().value() << 32U ^ raft_->last().index.value());
    trace.note(static_cast<std::uint64_t>(world_.schedule.now().time_since_epoch().count()));
    if (trace.told()) {
        std::ostringstream text;
        text << sender_.id << " input " << input.index();
        if (const auto* received = std::get_if<consensus::Received>(&input))
            text << " from " << received->from.id << ": " << received->message;
        text << '\n' << out;
        trace.line(world_.schedule.now(), text.str());
    }
    const auto life = life_;
    perform(std::move(out));
    if (life != life_) return;
    publish();
    on_step(who_);
    arm();
}

void Node::read(LogIndex committed) {
    if (!awake() || raft_->role() != consensus::Role::leader || reads_.size() > 100) return;
    const auto ask = next_ask();
    reads_.emplace(ask, committed);
    step(consensus::ReadAsked{ask});
}

void Node::perform(consensus::Output out) {
    if (out.stepped_down) {
        lose_waiters();
        on_stepped_down(out.stepped_down->term);
        confirming_.reset();
        confirmed_.reset();
        producing_ = false;
        leading_until_ = Instant::min();
        contacts_.clear();
    }
    if (out.leader) on_leader(!out.leader->leader.id.empty());
    std::optional<DiskWrite> staged;
    const bool mends = out.write && !out.write->put_back.empty();
    if (out.write) {
        staged.emplace();
        stage(*out.write, *staged);
        staged->what = std::move(*out.write);
    }
    for (const auto& peer : out.reconnect) world_.network.reopen_bulk(who_, letter_of(peer));
    for (auto& envelope : out.send_now)
        is_request(envelope.message) ? post(std::move(envelope)) : reply(std::move(envelope));
    for (const auto exchange : out.hang_up) world_.network.hang_up(exchange);
    answer(out);
    for (auto& promise : out.send_when_durable) {
        if (planted(Fault::answers_before_the_flush)) reply(promise.reply);
        promises_.push_back(std::move(promise));
    }
    if (staged) {
        writes_.push_back(std::move(*staged));
        flush();
    }
    if (mends) apply_up_to(commit_);
    if (out.commit) check_commit(*out.commit);
    if (out.commit) apply_up_to(*out.commit);
    serve_confirmed();
    if (out.elected) on_elected(out.elected->term);
    if (out.elected && !controlled) {
        confirming_ = next_ask();
        step(consensus::ReadAsked{*confirming_});
    }
}

void Node::stage(const consensus::Write& write, DiskWrite& staged) {
    give_up_what_is_cut(write);
    if (write.discard_log) memory_.clear();
    if (write.truncate) memory_.erase(memory_.lower_bound(*write.truncate), memory_.end());
    if (write.snapshot) {
        if (write.snapshot_payload) {
            if (write.snapshot->last.index <= applied_)
                throw Violation{"monotonic head: a snapshot of what is applied is restored again"};
            if (!head_.restore(*write.snapshot_payload)) throw Violation{"a snapshot does not decode"};
            commit_ = std::max(commit_, write.snapshot->last.index);
            applied_ = write.snapshot->last.index;
            path_.clear();
            world_.checker.restores(who_, applied_, head_digest(), head_number());
        }
        staged.snapshot_payload = staged_payload_ = head_.snapshot();
        staged_snapshot_ = write.snapshot->last;
        rotten_.erase(rotten_.begin(), rotten_.upper_bound(staged_snapshot_.index));
        hidden_.erase(hidden_.begin(), hidden_.upper_bound(staged_snapshot_.index));
        memory_.erase(memory_.begin(), memory_.lower_bound(write.snapshot->first_kept));
    }
    for (const auto& entry : write.put_back) {
        memory_.insert_or_assign(entry.position.index, entry);
        rotten_.erase(entry.position.index);
    }
    if (write.truncate) rotten_.erase(rotten_.lower_bound(*write.truncate), rotten_.end());
    if (write.discard_log) rotten_.clear();
    if (write.entries.empty()) return;
    auto before = consensus::Position{Term{}, LogIndex{write.entries.front().position.index.value() - 1}};
    if (const auto known = memory_.find(before.index); known != memory_.end()) before = known->second.position;
    if (staged_snapshot_.index == before.index) before = staged_snapshot_;
    world_.checker.writes(who_, before, write.entries);
    for (const auto& entry : write.entries) memory_.insert_or_assign(entry.position.index, entry);
}

void Node::post(consensus::Envelope envelope) {
    const auto to = letter_of(envelope.to);
    std::uint64_t octets = 200;
    check_said(envelope.message);
    note_request(envelope);
    if (auto* append = std::get_if<consensus::AppendRequest>(&envelope.message)) {
        for (auto index = append->first; append->entries.size() < append->count; index = index.next()) {
            const auto found = memory_.find(index);
            if (found == memory_.end() && damaged(index))
                return world_.network.lose(who_, to, envelope.exchange);
            if (found == memory_.end()) throw Violation{"an append names what the log does not hold"};
            append->entries.push_back(found->second);
            octets += found->second.data.size() * world_.plan.octets_declared;
        }
    }
    if (auto* snapshot = std::get_if<consensus::SnapshotRequest>(&envelope.message)) {
        if (snapshot->last != staged_snapshot_) return world_.network.lose(who_, to, envelope.exchange);
        snapshot->payload = staged_payload_;
        octets += staged_payload_.size() * world_.plan.octets_declared;
        ++snapshots_sent_;
    }
    world_.network.ask(who_, to, std::move(envelope), octets);
}

void Node::reply(consensus::Envelope envelope) {
    check_said(envelope.message);
    world_.network.answer(who_, std::move(envelope));
}

void Node::publish() {
    const auto lease = raft_->leading_until();
    const auto until = stalled_ ? Instant::min() : lease;
    const bool extreme = until == Instant::min() || until == Instant::max();
    leading_until_ = extreme ? until : clock_.world(until) - 4ms;
    check_lease(lease);
}

// ---- the state ----

void Node::apply_up_to(LogIndex commit) {
    commit_ = std::max(commit_, commit);
    if (applying_) return;
    const auto before = applied_;
    while (applied_ < commit_) {
        const auto found = memory_.find(applied_.next());
        if (found == memory_.end() && damaged(applied_.next())) break;
        if (found == memory_.end()) throw Violation{"durability: what is committed is not in the log"};
        const auto& entry = found->second;
        const auto number_before = head_number();
        if (entry.type == consensus::EntryType::command && !head_.apply(entry.data).accepted())
            throw Violation{"no invention: what is committed is no payload"};
        applied_ = applied_.next();
        if (head_.head() && head_number() != number_before) {
            path_[head_number()] = applied_;
            on_head({head_number(), head_.head()->hash});
        }
        world_.checker.applies(who_, raft_->term(), entry, head_digest(), head_number());
        while (!waiting_.empty() && waiting_.begin()->first.first <= applied_) {
            const auto [place, commit_of] = std::move(*waiting_.begin());
            waiting_.erase(waiting_.begin());
            const bool same_index = planted(Fault::waits_by_index_alone) && place.first == applied_;
            if (place != std::pair{applied_, entry.position.term} && !same_index) {
                commit_of.done(false);
                continue;
            }
            // A change that begins in this step counts for what comes after it.
            auto [held, voters] = copies(members_, entry.position);
            if (2 * held <= voters)
                std::tie(held, voters) = copies(raft_->latest_configuration(), entry.position);
            const auto& head = *head_.head();
            world_.checker.acknowledges(who_, raft_->term(), entry.position, commit_of.block,
                                        {head.number, head.hash, head.parent}, held, voters);
            commit_of.done(true);
        }
    }
    if (confirmed_ && *confirmed_ <= applied_) {
        confirmed_.reset();
        producing_ = true;
    }
    serve_confirmed();
    if (applied_ == before) return;
    applying_ = true;
    step(consensus::Applied{applied_, head_.head().has_value()});
    applying_ = false;
    apply_up_to(commit_);
}

// The store reads a closed segment when somebody wants something of it, not when it opens.
void Node::hide_damage(consensus::StoredState& found) {
    hidden_.clear();
    const bool plain = found.guessed.empty() && !found.corrupt.empty();
    if (!plain || world_.random.next() % 2 == 0) return;
    for (const auto& entry : found.entries) {
        const bool bad = rotten_.count(entry.position.index) != 0;
        if (bad && entry.type == consensus::EntryType::command)
            hidden_.emplace(entry.position.index, entry.position);
    }
    std::erase_if(found.corrupt, [&](LogIndex index) { return hidden_.count(index) != 0; });
}

bool Node::damaged(LogIndex index) {
    if (rotten_.count(index) == 0) return false;
    hidden_.erase(index);
    world_.schedule.after(0ns, [this, life = life_, index] { give(life, consensus::Unreadable{index}); });
    return true;
}

void Node::answer(const consensus::Output& out) {
    for (const auto& accepted : out.accepted) {
        const auto asked = proposals_.find(accepted.ask);
        if (asked == proposals_.end()) continue;
        waiting_.emplace(std::pair{accepted.position.index, accepted.position.term}, asked->second);
        proposals_.erase(asked);
    }
    for (const auto& refused : out.refused) {
        if (const auto asked = proposals_.extract(refused.ask)) asked.mapped().done(false);
        if (const auto asked = transfers_.extract(refused.ask)) asked.mapped()(false);
        if (const auto asked = confirms_.extract(refused.ask)) asked.mapped()(std::nullopt);
        reads_.erase(refused.ask);
    }
    for (const auto& done : out.done)
        if (const auto asked = transfers_.extract(done.ask)) asked.mapped()(true);
    for (const auto& read : out.reads) {
        if (const auto asked = reads_.extract(read.ask); asked && read.index < asked.mapped())
            throw Violation{"reads: an answer from " + std::to_string(read.index.value()) + ", and " +
                            std::to_string(asked.mapped().value()) + " was committed before the question"};
        if (auto asked = confirms_.extract(read.ask))
            confirmed_later_.emplace_back(read.index, std::move(asked.mapped()));
        if (read.ask != confirming_) continue;
        confirming_.reset();
        confirmed_ = read.index;
        if (*confirmed_ > applied_) continue;
        confirmed_.reset();
        producing_ = true;
    }
}

// A sequencer asks for its next block only when it knows what became of the last.
void Node::produce(std::uint64_t salt) {
    if (controlled || !awake() || stalled_ || !producing_ || !waiting_.empty() || !raft_->leads(local()))
        return;
    const auto& head = head_.head();
    Checker::Block block;
    block.number = head ? head->number.next() : BlockNumber{1};
    block.parent = head ? head->hash : BlockHash{};
    const auto octets = make_block(block.number, block.parent, salt);
    block.hash = payload::envelope_from_ssz(octets)->hash;
    world_.checker.proposes(digest(octets.span()));
    const auto ask = next_ask();
    proposals_.emplace(ask, Commit{block, [](bool) {}});
    step(consensus::Proposed{ask, octets});
}

std::uint64_t Node::head_digest() const {
    const auto& head = head_.head();
    if (!head) return 0;
    if (digested_.first.data() != head->ssz.data() || digested_.first.size() != head->ssz.size())
        digested_ = {head->ssz, digest(head->ssz.span())};
    return digested_.second;
}
BlockNumber Node::head_number() const {
    return head_.head() ? head_.head()->number : BlockNumber{};
}

std::optional<consensus::Position> Node::log_at(LogIndex index) const {
    if (const auto found = memory_.find(index); found != memory_.end()) return found->second.position;
    if (const auto found = hidden_.find(index); found != hidden_.end()) return found->second;
    if (index <= staged_snapshot_.index) return std::nullopt;
    return consensus::Position{};
}

// ---- time ----

void Node::arm() {
    const auto deadline = raft_->next_deadline();
    if (deadline == Instant::max()) return;
    const auto when = std::max(clock_.world(deadline), world_.schedule.now());
    if (when >= armed_) return;
    armed_ = when;
    world_.schedule.at(when, [this, life = life_, when] {
        if (life == life_ && armed_ == when) tick(life);
    });
}

void Node::tick(std::uint64_t life) {
    armed_ = Instant::max();
    if (raft_->next_deadline() > local()) return arm();
    give(life, consensus::Tick{});
}

std::string Node::text() const {
    std::ostringstream out;
    out << "\n  " << sender_.id;
    if (!running()) {
        out << " down";
        return out.str();
    }
    out << ' ' << raft_->role() << " term " << raft_->term() << " last " << raft_->last() << " commit "
        << raft_->commit_index() << " first " << raft_->first_index() << " applied " << applied_ << " leader "
        << raft_->leader().id << " hold " << static_cast<int>(raft_->vote_hold())
        << (stalled_ ? " stalled" : "") << (producing_ ? " producing" : "") << ' '
        << raft_->latest_configuration();
    return out.str();
}

}  // namespace conductor::sim
