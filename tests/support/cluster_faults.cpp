// What goes wrong in a cluster and how it comes to rest, and the rules that no single node can check.
#include <algorithm>
#include <sstream>

#include "cluster.hpp"
#include "core/consensus/describe.hpp"
#include "core/consensus/membership.hpp"

namespace conductor::test_support {

using namespace std::chrono_literals;

Faults draw_faults(raft::Random& random) {
    const auto coin = [&](unsigned one_in) { return random.next() % one_in == 0; };
    Faults faults;
    if (coin(2)) faults.loss_percent = static_cast<unsigned>(random.next() % 20);
    if (coin(2)) faults.delay = random.between(1ms, 300ms);
    if (coin(2)) faults.flush = random.between(1ms, 100ms);
    faults.crashes = coin(2);
    faults.cuts = coin(2);
    faults.bulk_holes = coin(6);
    faults.transfers = coin(3);
    faults.changes = coin(3);
    faults.stalls = coin(5);
    faults.pauses = coin(4);
    faults.refusals = coin(3);
    if (!faults.changes) faults.rot = coin(4);
    if (!faults.changes && !faults.rot) faults.wipe = coin(4);
    return faults;
}

// ---- operators and faults ----

std::optional<std::size_t> Cluster::leader() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (!members_[i].running || members_[i].machine->role() != raft::Role::leader) continue;
        if (!best || members_[i].machine->term() > members_[*best].machine->term()) best = i;
    }
    return best;
}

void Cluster::propose() {
    const auto who = below(4) == 0 ? std::optional{below(members_.size())} : leader();
    if (!who || members_[*who].frozen_until > now_) return;
    const raft::Ask ask{next_ask_++};
    if (below(5) == 0) return step(*who, raft::ReadAsked{ask});
    step(*who, raft::Proposed{ask, Bytes::copy_of(std::string_view{std::to_string(ask.value())})});
}

void Cluster::trouble() {
    const auto who = below(members_.size());
    const auto other = below(members_.size());
    auto& member = members_[who];
    const bool awake = member.running && member.frozen_until <= now_;
    switch (below(11)) {
        case 0:
            if (faults_.crashes && member.running) crash(who);
            break;
        case 1:
            if (faults_.cuts && who != other) cut_.insert({who, other});
            break;
        case 2:
            if (!faults_.cuts) break;
            for (std::size_t i = 0; i < members_.size(); ++i) {
                cut_.insert({who, i});
                cut_.insert({i, who});
            }
            break;
        case 3:
        case 4:
            cut_.clear();
            holes_.clear();
            break;
        case 5:
            if (faults_.transfers && leader() && members_[*leader()].frozen_until <= now_)
                step(*leader(),
                     raft::TransferAsked{raft::Ask{next_ask_++}, below(2) == 0 ? ServerId{} : member.id});
            break;
        case 6: {
            if (!faults_.changes || !leader() || members_[*leader()].frozen_until > now_) break;
            const auto change = static_cast<raft::Change>(below(4));
            step(*leader(),
                 raft::ChangeAsked{raft::Ask{next_ask_++}, change, member.id, member.id.text() + ":1", {}});
            break;
        }
        case 7:
            if (!faults_.stalls || !awake) break;
            member.stalled = !member.stalled;
            step(who, raft::StoreChanged{member.stalled ? raft::StoreCondition::stalled
                                                        : raft::StoreCondition::well});
            schedule_flush(who);
            break;
        case 8:
            if (!faults_.pauses || !awake) break;
            if (below(2) == 0) {
                member.frozen_until = now_ + random_.between(10ms, 3s);
            } else {
                step(who, raft::EligibilityChanged{below(2) == 0, below(2) == 0, "paused"});
            }
            break;
        case 9:
            if (!faults_.refusals || !awake) break;
            for (const auto& chief : members_)
                if (chief.id == member.machine->leader().id && !chief.running)
                    return step(who, raft::LeaderGone{});
            break;
        default:
            if (faults_.bulk_holes) holes_.insert(who);
            break;
    }
}

void Cluster::settle(Duration limit) {
    cut_.clear();
    holes_.clear();
    const auto end = now_ + limit;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (!members_[i].running) boot(i);
        members_[i].frozen_until = {};
        members_[i].alarm = Instant::max();
        if (members_[i].stalled) {
            members_[i].stalled = false;
            step(i, raft::StoreChanged{raft::StoreCondition::well});
            schedule_flush(i);
        }
        step(i, raft::EligibilityChanged{});
        schedule_alarm(i);
    }
    const auto done = [&] {
        const auto lead = leader();
        if (!lead || !members_[*lead].machine->leads(now_)) return false;
        const auto& chief = *members_[*lead].machine;
        if (chief.last().index != chief.commit_index()) return false;
        return std::all_of(members_.begin(), members_.end(), [&](const Member& member) {
            if (raft::find_server(chief.latest_configuration(), member.id) == nullptr) return true;
            return member.applied == acknowledged_ && member.applied == chief.commit_index().value();
        });
    };
    while (now_ < end) {
        run(200ms, Faults{});
        pass(100ms);
        if (done()) return;
    }
    fail("the cluster did not come to rest");
}

// ---- rules ----

void Cluster::check(std::size_t who) {
    const auto& member = members_[who];
    if (!member.running) return;
    const auto& machine = *member.machine;
    if (machine.role() == raft::Role::leader) {
        const auto term = machine.term().value();
        const auto [known, fresh] = leaders_.emplace(term, who);
        if (!fresh && known->second != who) fail("two leaders in term " + std::to_string(term));
        // Leader completeness: what anybody has committed is in the log of whoever leads from then on.
        if (fresh) {
            for (const auto& [index, what] : agreed_) {
                if (index <= member.applied || committed_in_[index] >= term) continue;
                const auto found = member.memory.find(index);
                if (found == member.memory.end() || found->second.position.term.value() != what.first)
                    fail("leader " + member.id.text() + " lacks committed entry " + std::to_string(index));
            }
        }
    }
    auto configured = member.disk.snapshot ? member.disk.snapshot->configuration_index : LogIndex{};
    for (const auto& [index, entry] : member.memory)
        if (entry.configuration) configured = std::max(configured, entry.position.index);
    if (machine.latest_configuration_index() < configured ||
        machine.latest_configuration_index() > machine.last().index)
        fail("the latest configuration is not the last in the log");
    if (!machine.leads(now_)) return;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (i == who || !members_[i].running) continue;
        if (members_[i].machine->leads(now_))
            fail("two leaders hold a lease: " + members_[i].id.text() + " and " + member.id.text());
    }
}

void Cluster::fail(const std::string& what) const {
    std::ostringstream text;
    text << what << ", after " << steps_ << " steps, at "
         << std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count() << " ms";
    for (const auto& member : members_) {
        text << "\n  " << member.id;
        if (!member.running) {
            text << " down";
            continue;
        }
        const auto& m = *member.machine;
        text << ' ' << m.role() << " term " << m.term() << " last " << m.last() << " commit "
             << m.commit_index() << " first " << m.first_index() << " applied " << member.applied << " leader "
             << m.leader().id << " conf " << m.latest_configuration_index() << ' ' << m.latest_configuration();
    }
    throw Violation{text.str()};
}

}  // namespace conductor::test_support
