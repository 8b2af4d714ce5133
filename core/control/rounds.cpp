#include "core/control/rounds.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace conductor::control {

namespace {

std::vector<CheckSettings> settings_of(const std::vector<CheckPlan>& plans) {
    std::vector<CheckSettings> settings;
    settings.reserve(plans.size());
    for (const auto& plan : plans) settings.push_back(plan.settings);
    return settings;
}

// Missed turns are dropped, not made up for.
void move_past(Instant& due, Duration interval, Instant now) {
    if (due > now) return;
    due += ((now - due) / interval + 1) * interval;
}

// The detail is for the log and changes with every look.
bool says_the_same(Verdict a, Verdict b) {
    a.detail.clear();
    b.detail.clear();
    return a == b;
}

}  // namespace

Rounds::Rounds(const RoundSettings& settings, Instant now)
    : beat_{settings.beat},
      fold_{settings_of(settings.checks)},
      wall_{settings.wall_tolerance},
      next_beat_{now + settings.beat} {
    CONDUCTOR_CHECK(beat_ > Duration::zero());
    checks_.reserve(settings.checks.size());
    for (const auto& plan : settings.checks) {
        CONDUCTOR_CHECK(plan.interval > Duration::zero());
        checks_.push_back({plan.interval, plan.limit, now + plan.interval, std::nullopt, std::nullopt});
    }
}

RoundStep Rounds::wake(Instant now, std::chrono::nanoseconds wall) {
    RoundStep step;
    expire(now);
    close_if_over(now, step);
    const bool at_beat = now >= next_beat_;
    if (at_beat) {
        if (open_) close(now, step);
        move_past(next_beat_, beat_, now);
        open_ = true;
        given_early_ = false;
        step.wall_jumped = wall_.jumped(now, wall);
        if (step.wall_jumped) fold_.skip_next();
    }
    begin_due(now, at_beat, step);
    close_if_over(now, step);
    give_if_changed(now, step);
    return step;
}

RoundStep Rounds::found(Instant now, Look look, const std::optional<Finding>& finding) {
    RoundStep step;
    const auto check = std::find_if(checks_.begin(), checks_.end(),
                                    [&](const Check& one) { return one.running && one.running->look == look; });
    if (check == checks_.end()) return step;
    if (finding) check->took = now - check->running->begun;
    check->running.reset();
    awaited_.erase(look);
    if (finding) (void)fold_.record(now, static_cast<std::size_t>(check - checks_.begin()), *finding);
    close_if_over(now, step);
    give_if_changed(now, step);
    return step;
}

Instant Rounds::next_deadline(Instant now) const {
    auto next = next_beat_;
    for (const auto& check : checks_) {
        next = std::min(next, check.due);
        if (check.running) next = std::min(next, check.running->deadline);
    }
    if (const auto held = fold_.next_deadline(now)) next = std::min(next, *held);
    return next;
}

std::vector<CheckReport> Rounds::report(Instant now) const {
    auto reports = fold_.report(now);
    for (std::size_t i = 0; i < reports.size(); ++i) reports[i].took = checks_[i].took;
    return reports;
}

// Whoever hangs could not look, which is no proof of anything (plugin-abi §7.3): the fold knows for how long
// that may be so.
void Rounds::expire(Instant now) {
    for (std::size_t i = 0; i < checks_.size(); ++i) {
        auto& running = checks_[i].running;
        if (!running || now < running->deadline) continue;
        awaited_.erase(running->look);
        checks_[i].took = now - running->begun;
        running.reset();
        (void)fold_.record(now, i, {Judgement::unknown, FaultClass::hard, {}, "no answer within its limit"});
    }
}

void Rounds::begin_due(Instant now, bool at_beat, RoundStep& step) {
    for (std::size_t i = 0; i < checks_.size(); ++i) {
        auto& check = checks_[i];
        if (now < check.due) continue;
        move_past(check.due, check.interval, now);
        if (check.running) continue;
        const Look look{++looks_};
        check.running = {look, now, now + check.limit};
        if (at_beat) awaited_.insert(look);
        step.begin.push_back({look, i, check.limit});
    }
}

void Rounds::close_if_over(Instant now, RoundStep& step) {
    if (open_ && awaited_.empty()) close(now, step);
}

void Rounds::close(Instant now, RoundStep& step) {
    open_ = false;
    awaited_.clear();
    auto verdict = fold_.verdict(now);
    step.again = given_early_ && says_the_same(verdict, given_);
    step.verdict = given_ = std::move(verdict);
    step.ended = true;
}

void Rounds::give_if_changed(Instant now, RoundStep& step) {
    auto verdict = fold_.verdict(now);
    if (says_the_same(verdict, given_)) return;
    step.verdict = given_ = std::move(verdict);
    given_early_ = open_;
}

}  // namespace conductor::control
