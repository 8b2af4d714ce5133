// Who makes the troubles. Each kind has its own dice and its own pace, so that a run without one of them meets
// the others as before.
#include <algorithm>

#include "core/consensus/membership.hpp"
#include "world.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

void World::unleash() {
    draw_weather();
    for (std::size_t i = 0; i < trouble_count; ++i)
        if (plan_.troubles[i]) keep_making(static_cast<Trouble>(i));
}

void World::keep_making(Trouble trouble) {
    auto& dice = dice_[static_cast<std::size_t>(trouble)];
    schedule_.after(dice.between(plan_.pace / 4, 2 * plan_.pace), [this, trouble] {
        if (!troubled_) return;
        make(trouble, dice_[static_cast<std::size_t>(trouble)]);
        keep_making(trouble);
    });
}

// How the links are, from one of its moments to the next.
void World::draw_weather() {
    auto& dice = dice_[static_cast<std::size_t>(Trouble::delay)];
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
            draw_weather();
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
                schedule_.after(draw.between(50ms, 4s), [this, who] {
                    if (troubled_) crash(who, dice_[static_cast<std::size_t>(Trouble::crash_loops)], true);
                });
            break;
        case Trouble::lost_host: {
            if (!one.running()) break;
            one.crash(true, true);
            schedule_.after(draw.between(1s, 20s), [this, who] { start(who); });
            break;
        }
        case Trouble::pauses:
            one.freeze(draw.between(10ms, below(3) == 0 ? 12s : 2s));
            break;
        case Trouble::rot: {
            if (rotten_ || !one.running()) break;
            one.crash(true, false);
            rotten_ = one.disk().rot(draw);
            schedule_.after(draw.between(1ms, 3s), [this, who] { start(who); });
            break;
        }
        case Trouble::wipe: {
            if (wiped_ || !one.running() || who >= plan_.voters) break;
            one.crash(true, false);
            one.disk().wipe();
            wiped_ = who;
            checker_.wiped(who);
            schedule_.after(draw.between(1ms, 3s), [this, who] { start(who); });
            break;
        }
        case Trouble::gone: {
            if (!one.awake()) break;
            const auto& chief = one.raft().leader().id;
            if (chief.empty() || node(static_cast<Who>(chief.text()[0] - 'a')).running()) break;
            one.step(consensus::LeaderGone{});
            break;
        }
        case Trouble::transfers:
        case Trouble::membership:
        case Trouble::eligibility:
            operate(trouble, draw);
            break;
        case Trouble::drift:
        case Trouble::real_store:
        case Trouble::count:
            break;
    }
}

void World::crash(Who who, consensus::Random& draw, bool soon) {
    if (!node(who).running()) return;
    node(who).crash(draw.next() % 2 == 0, false);
    const auto wait = soon || draw.next() % 2 == 0 ? draw.between(1ms, 300ms) : draw.between(300ms, 20s);
    schedule_.after(wait, [this, who] { start(who); });
}

void World::operate(Trouble trouble, consensus::Random& draw) {
    const auto below = [&](std::uint64_t limit) { return draw.next() % limit; };
    const auto who = static_cast<Who>(below(size_));
    auto& one = node(who);
    if (trouble == Trouble::eligibility) {
        const consensus::EligibilityChanged change{below(2) == 0, below(2) == 0, "paused"};
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
        return leading.step(
            consensus::TransferAsked{leading.next_ask(), below(2) == 0 ? ServerId{} : one.sender().id});
    }
    const auto change = static_cast<consensus::Change>(below(4));
    leading.step(
        consensus::ChangeAsked{leading.next_ask(), change, one.sender().id, one.sender().id.text() + ":1", {}});
}

}  // namespace conductor::sim
