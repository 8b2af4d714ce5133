#include "cluster.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/consensus/describe.hpp"
#include "core/consensus/membership.hpp"

namespace conductor::test_support {

using namespace std::chrono_literals;

namespace {

std::string content(const raft::Entry& entry) {
    return std::string{as_text(entry.data.span())} + "/" + raft::name_of(entry.type) +
           (entry.configuration ? raft::go_text(*entry.configuration) : "");
}

std::string fold(const std::string& state, const std::string& what) {
    return std::to_string(std::hash<std::string>{}(state + "|" + what));
}

}  // namespace

Cluster::Cluster(std::uint64_t seed, unsigned voters, unsigned spares, const raft::Settings& settings)
    : random_{seed}, settings_{settings} {
    auto first = std::make_shared<raft::Configuration>();
    for (unsigned i = 0; i < voters + spares; ++i) {
        Member member;
        member.id = ServerId{std::string(1, static_cast<char>('a' + i))};
        member.sender = {member.id, "10.0.0." + std::to_string(i + 1) + ":50050"};
        members_.push_back(std::move(member));
        if (i < voters)
            first->servers.push_back({members_[i].id, members_[i].id.text() + ":1", raft::Suffrage::voter});
    }
    for (unsigned i = 0; i < voters; ++i) {
        raft::Entry entry;
        entry.position = {Term{1}, LogIndex{1}};
        entry.type = raft::EntryType::configuration;
        entry.configuration = first;
        members_[i].disk.hard_state.term = Term{1};
        members_[i].disk.log[1] = entry;
    }
    for (std::size_t i = 0; i < members_.size(); ++i) boot(i);
}

// ---- time ----

void Cluster::at(Instant when, std::function<void()> run) {
    events_.push({std::max(when, now_), order_++, std::move(run)});
}

void Cluster::run(Duration span, const Faults& faults) {
    faults_ = faults;
    ++run_;
    keep_proposing(run_);
    keep_breaking(run_);
    pass(span);
    ++run_;
}

void Cluster::pass(Duration span) {
    const auto end = now_ + span;
    while (!events_.empty() && events_.top().at <= end) {
        auto event = events_.top();
        events_.pop();
        now_ = event.at;
        event.run();
    }
    now_ = end;
}

void Cluster::keep_proposing(std::uint64_t run) {
    if (run != run_) return;
    propose();
    at(now_ + random_.between(5ms, 60ms), [this, run] { keep_proposing(run); });
}

void Cluster::keep_breaking(std::uint64_t run) {
    if (run != run_) return;
    trouble();
    at(now_ + random_.between(30ms, 400ms), [this, run] { keep_breaking(run); });
}

// ---- lives ----

void Cluster::boot(std::size_t who) {
    auto& member = members_[who];
    const bool wipe = faults_.wipe && !wiped_ && members_.size() >= 3 && member.life > 1;
    if (wipe) {
        wiped_ = who;
        member.disk = {};
    }
    ++member.life;
    member.running = true;
    member.frozen_until = {};
    member.stalled = false;
    member.flushing.clear();
    member.promises.clear();
    member.flushed = {};
    member.flush_scheduled = false;
    member.alarm = Instant::max();
    member.memory = member.disk.log;
    member.applied = 0;
    member.state.clear();
    member.has_head = false;

    raft::StoredState stored;
    stored.hard_state = member.disk.hard_state;
    stored.snapshot = member.disk.snapshot;
    if (stored.snapshot) {
        member.applied = stored.snapshot->last.index.value();
        member.state = member.disk.payload;
        member.has_head = true;
        stored.snapshot_has_payload = true;
    }
    for (const auto& [index, entry] : member.disk.log)
        stored.entries.push_back({entry.position, entry.type, entry.data.size(), entry.configuration});

    const bool in_charge = members_.size() >= 3;  // somebody else must hold what is lost here
    if (faults_.rot && in_charge && rotten_.empty() && !member.disk.log.empty() && below(2) == 0) {
        const auto found =
            std::next(member.disk.log.begin(), static_cast<std::ptrdiff_t>(below(member.disk.log.size())));
        if (found->first > member.applied) rotten_[who] = found->first;
    }
    if (const auto bad = rotten_.find(who); bad != rotten_.end()) {
        if (bad->second > member.applied && member.disk.log.count(bad->second) != 0) {
            stored.corrupt.push_back(LogIndex{bad->second});
            member.memory.erase(bad->second);
        } else {
            rotten_.erase(bad);
        }
    }

    auto settings = settings_;
    settings.self = member.sender;
    settings.seed = random_.next();
    member.machine = std::make_unique<raft::Raft>(settings, std::move(stored), now_);
    const bool forgot = wiped_ == who && member.disk.hard_state == raft::HardState{} && member.disk.log.empty();
    if (forgot) step(who, raft::VoteHoldChanged{raft::VoteHold::held});
    schedule_alarm(who);
}

// What was not flushed may be lost, or reach the disk all the same: any prefix of it, and of the next write
// perhaps only the hard state.
void Cluster::crash(std::size_t who) {
    auto& member = members_[who];
    auto keep = below(member.flushing.size() + 1);
    for (auto& flush : member.flushing) {
        if (keep == 0) {
            if (below(2) == 0 && flush.write.hard_state) member.disk.hard_state = *flush.write.hard_state;
            break;
        }
        --keep;
        member.disk.apply(flush.write, flush.payload);
    }
    member.running = false;
    member.machine.reset();
    ++member.life;
    std::erase_if(asked_,
                  [&](const auto& item) { return item.second.of == who && (lost(item.second, 1ms), true); });
    at(now_ + random_.between(1ms, 3s), [this, who] {
        if (!members_[who].running) boot(who);
    });
}

void Cluster::Disk::apply(const raft::Write& write, const std::string& payload_of_write) {
    if (write.hard_state) hard_state = *write.hard_state;
    if (write.snapshot) {
        snapshot = write.snapshot;
        payload = payload_of_write;
    }
    if (write.discard_log) log.clear();
    if (write.snapshot) log.erase(log.begin(), log.lower_bound(write.snapshot->first_kept.value()));
    if (write.truncate) log.erase(log.lower_bound(write.truncate->value()), log.end());
    for (const auto* entries : {&write.put_back, &write.entries})
        for (const auto& entry : *entries) log[entry.position.index.value()] = entry;
}

// ---- the shell ----

void Cluster::step(std::size_t who, const raft::Input& input) {
    auto& member = members_[who];
    if (!member.running) return;
    if (member.frozen_until > now_) {
        at(member.frozen_until, [this, who, input, life = member.life] {
            if (members_[who].life == life) step(who, input);
        });
        return;
    }
    ++steps_;
    auto out = member.machine->step(now_, input);
    if (tell_) {
        std::ostringstream line;
        line << out;
        tell_(now_, member.id, input, line.str());
    }
    note(who);
    note(member.machine->term().value());
    note(member.machine->commit_index().value());
    perform(who, std::move(out));
    check(who);
    schedule_alarm(who);
}

void Cluster::perform(std::size_t who, raft::Output out) {
    auto& member = members_[who];
    if (out.write) mirror(member, *out.write);
    for (auto& envelope : out.send_now) {
        const bool reply = !std::holds_alternative<raft::AppendRequest>(envelope.message) &&
                           !std::holds_alternative<raft::VoteRequest>(envelope.message) &&
                           !std::holds_alternative<raft::SnapshotRequest>(envelope.message) &&
                           !std::holds_alternative<raft::TimeoutNowRequest>(envelope.message);
        reply ? answer(who, std::move(envelope)) : post(who, std::move(envelope));
    }
    if (out.write) {
        const auto payload = out.write->snapshot_payload
                                 ? std::string{as_text(out.write->snapshot_payload->span())}
                                 : member.state;
        member.flushing.push_back({std::move(*out.write), payload});
        schedule_flush(who);
    }
    for (auto& promise : out.send_when_durable) {
        if (promise.kept_by <= member.flushed) fail("a promise was made for a write that is done");
        member.promises.push_back(std::move(promise));
    }
    for (const auto exchange : out.hang_up) {
        const auto asked = asked_.find(exchange);
        if (asked == asked_.end()) fail("hung up on nobody");
        connection_.erase({asked->second.by, who});
        lost(asked->second, 1ms);
        asked_.erase(asked);
    }
    for (const auto& id : out.reconnect) {
        for (std::size_t to = 0; to < members_.size(); ++to)
            if (members_[to].id == id) connection_.erase({who, to});
    }
    if (out.elected) {
        const auto term = out.elected->term.value();
        const auto [known, fresh] = leaders_.emplace(term, who);
        if (!fresh && known->second != who) fail("two leaders in term " + std::to_string(term));
    }
    if (out.commit) {
        apply(member, out.commit->value());
        step(who, raft::Applied{*out.commit, member.has_head});
    }
}

void Cluster::mirror(Member& member, const raft::Write& write) {
    if (write.snapshot_payload) {
        member.state = std::string{as_text(write.snapshot_payload->span())};
        member.applied = write.snapshot->last.index.value();
        member.has_head = true;
        const auto known = states_.find(member.applied);
        if (known == states_.end() || known->second != member.state)
            fail("a snapshot stands for a state nobody had");
    }
    if (write.discard_log) member.memory.clear();
    if (write.snapshot)
        member.memory.erase(member.memory.begin(),
                            member.memory.lower_bound(write.snapshot->first_kept.value()));
    if (write.truncate)
        member.memory.erase(member.memory.lower_bound(write.truncate->value()), member.memory.end());
    std::vector<raft::Entry> entries = write.put_back;
    entries.insert(entries.end(), write.entries.begin(), write.entries.end());
    for (const auto& entry : entries) {
        const auto index = entry.position.index.value();
        member.memory[index] = entry;
        const auto bad = rotten_.find(static_cast<std::size_t>(&member - members_.data()));
        if (bad != rotten_.end() && bad->second == index) rotten_.erase(bad);
        // Log matching: whoever holds this index with this term holds the same.
        const auto [known, fresh] =
            written_.emplace(std::pair{index, entry.position.term.value()}, content(entry));
        if (!fresh && known->second != content(entry))
            fail("two entries of one term at " + std::to_string(index));
    }
}

void Cluster::apply(Member& member, Index commit) {
    while (member.applied < commit) {
        const auto index = ++member.applied;
        const auto found = member.memory.find(index);
        if (found == member.memory.end())
            fail("commit " + std::to_string(index) + " without its entry at " + member.id.text());
        const std::pair what{found->second.position.term.value(), content(found->second)};
        const auto [known, fresh] = agreed_.emplace(index, what);
        committed_in_.emplace(index, member.machine->term().value());
        if (!fresh && known->second != what) fail("two entries are committed at " + std::to_string(index));
        if (found->second.type == raft::EntryType::command) {
            member.state = fold(member.state, what.second);
            member.has_head = true;
        }
        const auto [state, first] = states_.emplace(index, member.state);
        if (!first && state->second != member.state) fail("two states at " + std::to_string(index));
    }
    acknowledged_ = std::max(acknowledged_, commit);
}

void Cluster::schedule_flush(std::size_t who) {
    auto& member = members_[who];
    if (member.flush_scheduled || member.stalled || member.flushing.empty()) return;
    member.flush_scheduled = true;
    at(now_ + upto(faults_.flush), [this, who, life = member.life] {
        auto& m = members_[who];
        if (m.life != life || !m.running) return;
        m.flush_scheduled = false;
        if (m.frozen_until > now_) return at(m.frozen_until, [this, who] { schedule_flush(who); });
        if (m.stalled || m.flushing.empty()) return;
        const auto flush = std::move(m.flushing.front());
        m.flushing.pop_front();
        m.disk.apply(flush.write, flush.payload);
        m.flushed = flush.write.ticket;
        auto promises = std::exchange(m.promises, {});
        for (auto& promise : promises) {
            if (promise.kept_by <= m.flushed) {
                answer(who, std::move(promise.reply));
            } else {
                m.promises.push_back(std::move(promise));
            }
        }
        step(who, raft::Persisted{m.flushed});
        schedule_flush(who);
    });
}

void Cluster::schedule_alarm(std::size_t who) {
    auto& member = members_[who];
    if (!member.running) return;
    const auto when = std::max(member.machine->next_deadline(), member.frozen_until);
    if (when >= member.alarm && member.alarm > now_) return;
    if (when == Instant::max()) return;
    member.alarm = when;
    at(when, [this, who, life = member.life] {
        auto& m = members_[who];
        if (m.life != life || !m.running) return;
        m.alarm = Instant::max();
        if (now_ >= m.machine->next_deadline() && now_ >= m.frozen_until) {
            step(who, raft::Tick{});
            if (m.running && m.machine->next_deadline() <= now_) step(who, raft::Tick{});
            if (m.running && m.machine->next_deadline() <= now_)
                fail("woken at a moment when nothing could be done");
        }
        schedule_alarm(who);
    });
}

// ---- the network ----

bool Cluster::passes(std::size_t from, std::size_t to, bool bulk) {
    if (cut_.count({from, to}) != 0) return false;
    if (bulk && holes_.count(from) != 0) return false;
    return below(100) >= faults_.loss_percent;
}

void Cluster::post(std::size_t from, raft::Envelope envelope) {
    std::size_t to = 0;
    while (to < members_.size() && members_[to].id != envelope.to) ++to;
    if (to == members_.size()) fail("a message to nobody");
    auto& sender = members_[from];
    const Asked asked{from, sender.life, envelope.exchange, to, members_[to].life};

    bool bulk = false;
    if (auto* append = std::get_if<raft::AppendRequest>(&envelope.message)) {
        bulk = append->count > 0;
        for (auto index = append->first.value(); append->entries.size() < append->count; ++index) {
            const auto found = sender.memory.find(index);
            if (found == sender.memory.end()) return lost(asked, 1ms);
            append->entries.push_back(found->second);
        }
    }
    if (auto* snapshot = std::get_if<raft::SnapshotRequest>(&envelope.message)) {
        bulk = true;
        if (sender.disk.snapshot->last != snapshot->last) fail("the snapshot on its way is not the newest");
        snapshot->payload = Bytes::copy_of(std::string_view{sender.disk.payload});
        ++snapshots_sent_;
    }
    if (!members_[to].running || !passes(from, to, bulk))
        return lost(asked, members_[to].running ? 400ms : 2ms);

    const raft::Exchange exchange{(next_exchange_++) << 32U};
    asked_.emplace(exchange, asked);
    auto& connection = connection_[{from, to}];
    if (connection == 0) connection = next_connection_++;
    raft::Received received{exchange, sender.sender, std::move(envelope.message), raft::Connection{connection}};
    const auto arrival = std::max(now_ + upto(faults_.delay), members_[to].frozen_until);
    at(arrival, [this, to, received = std::move(received)] {
        const auto found = asked_.find(received.exchange);
        if (found == asked_.end()) return;
        if (members_[to].life != found->second.of_life || !members_[to].running) {
            lost(found->second, 1ms);
            asked_.erase(found);
            return;
        }
        step(to, received);
    });
    at(now_ + 5s, [this, exchange] {
        const auto found = asked_.find(exchange);
        if (found == asked_.end()) return;
        lost(found->second, 1ms);
        asked_.erase(found);
    });
}

void Cluster::answer(std::size_t from, raft::Envelope envelope) {
    const auto found = asked_.find(envelope.exchange);
    if (found == asked_.end()) return;
    const auto asked = found->second;
    asked_.erase(found);
    if (!passes(from, asked.by, false)) return lost(asked, 400ms);
    raft::Received received{asked.exchange, members_[from].sender, std::move(envelope.message), {}};
    const auto arrival = std::max(now_ + upto(faults_.delay), members_[asked.by].frozen_until);
    at(arrival, [this, asked, received = std::move(received)] {
        if (members_[asked.by].life == asked.life) step(asked.by, received);
    });
}

void Cluster::lost(const Asked& asked, Duration after) {
    at(std::max(now_ + after, members_[asked.by].frozen_until), [this, asked] {
        if (members_[asked.by].life == asked.life)
            step(asked.by, raft::Unanswered{members_[asked.of].id, asked.exchange, "lost"});
    });
}

}  // namespace conductor::test_support
