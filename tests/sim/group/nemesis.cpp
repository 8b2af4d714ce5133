// Who makes the troubles. Each kind has its own dice and its own pace, so that a run without one of them meets
// the others as before.
#include <algorithm>

#include "core/consensus/membership.hpp"
#include "world.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

void World::unleash() {
    draw_weather(dice_[static_cast<std::size_t>(Trouble::delay)]);
    for (std::size_t i = 0; i < trouble_count; ++i)
        if (plan_.troubles[i]) keep_making(static_cast<Trouble>(i));
}

void World::keep_making(Trouble trouble) {
    auto& dice = dice_[static_cast<std::size_t>(trouble)];
    schedule_.after(dice.between(plan_.pace / 4, 2 * plan_.pace), [this, trouble] {
        if (!troubled_) return;
        const auto which = static_cast<std::size_t>(trouble);
        // Each has dice of its own, so that one that is skipped leaves those after it as they were.
        consensus::Random draw{dice_[which].next()};
        if (plan_.skipped.count({trouble, ++made_[which]}) == 0) make(trouble, draw);
        keep_making(trouble);
    });
}

// How the links are, from one of its moments to the next.
void World::draw_weather(consensus::Random& dice) {
    Weather next;
    const auto has = [&](Trouble trouble) { return plan_.has(trouble); };
    if (has(Trouble::loss)) next.loss_per_mille = static_cast<unsigned>(dice.next() % 60);
    if (has(Trouble::delay))
        next.delay = dice.next() % 6 == 0 ? dice.between(1ms, 5s) : dice.between(1ms, 200ms);
    if (has(Trouble::duplicates)) next.twice_per_mille = static_cast<unsigned>(dice.next() % 100);
    if (has(Trouble::reordering)) next.overtaken_per_mille = static_cast<unsigned>(dice.next() % 200);
    if (has(Trouble::slow_links)) {
        const auto block = 560 * plan_.octets_declared + 200;
        next.octets_per_s = block / 4 + 1000 + dice.next() % (block * 8);
    }
    network_.weather = next;
}

void World::make(Trouble trouble, consensus::Random& draw) {
    ++troubles_made_;
    const auto who = static_cast<Who>(draw.next() % size_);
    const auto other = static_cast<Who>(draw.next() % size_);
    const auto below = [&](std::uint64_t limit) { return draw.next() % limit; };
    auto& one = node(who);
    switch (trouble) {
        case Trouble::loss:
        case Trouble::delay:
        case Trouble::duplicates:
        case Trouble::reordering:
        case Trouble::slow_links:
            draw_weather(draw);
            break;
        case Trouble::cuts:
            if (below(3) == 0) return network_.heal();
            if (below(2) == 0) {
                if (who != other) network_.cut(who, other);
                break;
            }
            for (Who far = 0; far < size_; ++far) network_.cut(who, far), network_.cut(far, who);
            break;
        case Trouble::large_lost:
            if (below(2) == 0) return network_.heal();
            for (Who far = 0; far < size_; ++far)
                if (below(2) == 0) network_.swallow_large(who, far);
            break;
        case Trouble::resets:
            network_.reset_one(who);
            break;
        case Trouble::half_open:
            network_.half_open_one(who);
            break;
        case Trouble::slow_disk:
            one.disk_weather.flush = below(2) == 0 ? draw.between(1ms, 500ms) : 1ms;
            break;
        case Trouble::stalls:
            one.disk_weather.stall = draw.between(100ms, below(3) == 0 ? 60s : 6s);
            break;
        case Trouble::disk_errors:
            one.disk_weather.error = true;
            break;
        case Trouble::crashes:
            crash(who, draw, false);
            break;
        case Trouble::crash_loops:
            crash(who, draw, true);
            for (auto i = below(5); i > 0; --i)
                schedule_.after(draw.between(50ms, 4s), [this, who, again = draw.next()] {
                    consensus::Random more{again};
                    if (troubled_) crash(who, more, true);
                });
            break;
        case Trouble::lost_host: {
            if (!one.running()) break;
            one.crash(true, true);
            schedule_.after(draw.between(1s, 20s), [this, who] { start(who); });
            break;
        }
        case Trouble::pauses:
            freeze(below(2) == 0 ? who : leader().value_or(who), draw.between(10ms, below(3) == 0 ? 12s : 2s));
            break;
        case Trouble::full_disk:
            one.disk_weather.full = true;
            schedule_.after(draw.between(500ms, 20s), [this, who] { node(who).disk_weather.full = false; });
            break;
        case Trouble::bad_reads:
            one.disk_weather.unreadable = true;
            schedule_.after(draw.between(500ms, 20s),
                            [this, who] { node(who).disk_weather.unreadable = false; });
            crash(who, draw, true);
            break;
        case Trouble::rot:
            spoil(who, draw);
            break;
        case Trouble::wipe: {
            if (wiped_ || !one.running() || who >= plan_.voters) break;
            one.crash(true, false);
            replace_disk(who);
            schedule_.after(draw.between(1ms, 3s), [this, who] { start(who); });
            break;
        }
        case Trouble::gone: {
            if (!one.awake()) break;
            const auto& chief = one.raft().leader().id;
            if (chief.empty() || node(letter_of(chief)).running()) break;
            one.step(consensus::LeaderGone{});
            break;
        }
        case Trouble::transfers:
        case Trouble::membership:
        case Trouble::eligibility:
            operate(trouble, draw);
            break;
        case Trouble::sick:
        case Trouble::down:
        case Trouble::slow_node:
        case Trouble::wall_jumps:
        case Trouble::lies:
        case Trouble::overrides:
            make_at_station(trouble, draw);
            break;
        case Trouble::control:
        case Trouble::late_gossip:
        case Trouble::drift:
        case Trouble::real_store:
        case Trouble::count:
            break;
    }
}

void World::make_at_station(Trouble trouble, consensus::Random& draw) {
    const auto who = static_cast<Who>(draw.next() % size_);
    auto& sequencer = stations_[who]->sequencer;
    switch (trouble) {
        case Trouble::sick:
            sequencer.sick = true;
            schedule_.after(draw.between(500ms, 30s), [this, who] { stations_[who]->sequencer.sick = false; });
            break;
        case Trouble::down:
            sequencer.up = sequencer.active = false;
            schedule_.after(draw.between(100ms, 20s), [this, who] { stations_[who]->sequencer.up = true; });
            break;
        case Trouble::wall_jumps:
            stations_[who]->jump_wall_clock(draw.between(-10s, 10s));
            break;
        case Trouble::overrides:
            stations_[who]->override_leader(true);
            schedule_.after(draw.between(1s, 20s), [this, who] { stations_[who]->override_leader(false); });
            break;
        case Trouble::lies:
            stations_[who]->lie(static_cast<Station::Lie>(draw.next() % 4), draw.next());
            schedule_.after(draw.between(1s, 30s), [this, who] { stations_[who]->lie(Station::Lie::none, 0); });
            break;
        default:
            sequencer.slow = draw.next() % 2 == 0 ? Duration{} : draw.between(10ms, 12s);
            break;
    }
}

void World::crash(Who who, consensus::Random& draw, bool soon) {
    if (!node(who).running()) return;
    node(who).crash(draw.next() % 2 == 0, false);
    const auto wait = soon || draw.next() % 2 == 0 ? draw.between(1ms, 300ms) : draw.between(300ms, 20s);
    schedule_.after(wait, [this, who] { start(who); });
}

void World::replace_disk(Who who) {
    node(who).wipe();
    wiped_ = who;
    checker_.wiped(who);
}

// One member at a time, and only in a group that is whole: of what two members lack, one might be what was
// committed, and a member that lacks something lets nobody lead who is behind it, and does not lead either
// (reliability 1.3.6). While it is being fed again its leader may end, or it itself, or both.
void World::spoil(Who who, consensus::Random& draw) {
    if (wiped_ || who >= plan_.voters || !all_whole()) return;
    if (!node(who).crash_and_rot(draw)) {
        schedule_.after(1ms, [this, who] { start(who); });
        return;
    }
    const auto down = draw.between(1ms, 3s);
    schedule_.after(down, [this, who] { start(who); });
    const auto then = draw.next() % 4;
    if (then == 0) return;
    schedule_.after(down + draw.between(1ms, 200ms), [this, who, then, again = draw.next()] {
        consensus::Random more{again};
        if (!troubled_) return;
        if (then != 1) crash(who, more, true);
        if (const auto chief = leader(); then != 2 && chief) crash(*chief, more, false);
    });
}

bool World::all_whole() const {
    const auto chief = leader();
    if (!chief) return false;
    const auto& raft = nodes_[*chief]->raft();
    const auto& servers = raft.latest_configuration().servers;
    return consensus::count_voters(raft.latest_configuration()) == plan_.voters &&
           std::ranges::all_of(servers, [&](const consensus::Server& server) {
               const auto& one = *nodes_[letter_of(server.id)];
               return one.running() && one.whole();
           });
}

// Whoever asks the process first when it goes on gets an honest answer.
void World::freeze(Who who, Duration span) {
    auto& one = node(who);
    if (!one.running()) return;
    one.freeze(span);
    schedule_.after(span, [this, who, span, life = one.life()] {
        auto& woken = node(who);
        if (woken.life() != life || woken.frozen_until() != schedule_.now()) return;  // it went on earlier
        if (!woken.says_that_it_leads()) return;
        if (span > plan_.raft.lease_timeout + 100ms && !woken.leads_alone())
            throw Violation{"honest leadership: a process that was stopped says that it leads"};
        ask_who_leads();
    });
}

// The one that is told to take over stands still until its leader may have given it up, and is not heard by it
// when it goes on.
void World::obey_late(Who who, Who chief, Duration span) {
    freeze(who, span);
    schedule_.after(span - 1ms, [this, who, chief] { network_.cut(who, chief); });
    schedule_.after(span + 1s, [this, who, chief] { network_.mend(who, chief); });
}

void World::operate(Trouble trouble, consensus::Random& draw) {
    const auto below = [&](std::uint64_t limit) { return draw.next() % limit; };
    const auto who = static_cast<Who>(below(size_));
    auto& one = node(who);
    if (trouble == Trouble::eligibility) {
        const consensus::EligibilityChanged change{below(2) == 0, below(2) == 0, "paused"};
        if (!stations_.empty()) return stations_[who]->pause(below(2) == 0);
        if (one.awake()) one.step(change);
        return;
    }
    const auto chief = leader();
    if (!chief || !node(*chief).awake()) return;
    auto& leading = node(*chief);
    if (trouble == Trouble::transfers) {
        for (auto wait = 2ms; wait < 100ms;
             wait += 7ms)  // who is being replaced is asked whether it still knows all
            schedule_.after(wait, [this] {
                for (auto& asked : nodes_) asked->read(checker_.committed());
            });
        const bool late = who != *chief && below(4) == 0;
        if (late) obey_late(who, *chief, draw.between(1500ms, 4900ms));
        const bool named = late || below(2) == 0;
        return leading.step(consensus::TransferAsked{leading.next_ask(), named ? one.sender().id : ServerId{}});
    }
    const auto change = static_cast<consensus::Change>(below(4));
    leading.step(
        consensus::ChangeAsked{leading.next_ask(), change, one.sender().id, one.sender().id.text() + ":1", {}});
}

}  // namespace conductor::sim
