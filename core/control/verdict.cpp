#include "core/control/verdict.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace conductor::control {

namespace {

bool fails(Judgement judgement) {
    return judgement == Judgement::unhealthy;
}

}  // namespace

std::string identity(FaultClass fault, const std::string& reason) {
    switch (fault) {
        case FaultClass::stale:
            return "sequencer is not healthy";
        case FaultClass::node_down:
            return "cannot connect to sequencer rpc endpoints";
        case FaultClass::supervisor_down:
            return "cannot connect to supervisor rpc endpoint";
        case FaultClass::builder_unreachable:
            return "cannot connect to rollup boost rpc endpoints";
        case FaultClass::builder_partial:
            return "rollup boost is partially healthy, meaning that rbuilder is not healthy but the execution "
                   "client is healthy";
        case FaultClass::builder_down:
            return "rollup boost is not healthy";
        case FaultClass::hard:
            break;
    }
    return reason.empty() ? "sequencer is not healthy" : "sequencer is not healthy: " + reason;
}

peers::Health own_health(const Verdict& verdict, const std::optional<peers::Head>& el_head,
                         const std::optional<peers::Head>& fsm_head) {
    if (verdict.healthy) return verdict.degraded ? peers::Health::degraded : peers::Health::healthy;
    if (verdict.only_partial) return peers::Health::degraded;
    // P-47: fit means reachable and level with the replicated head, however old that head is.
    if (verdict.only_stale && el_head && fsm_head && *el_head == *fsm_head) return peers::Health::stalled;
    return peers::Health::unhealthy;
}

VerdictFold::VerdictFold(std::vector<CheckSettings> checks) {
    for (auto& settings : checks) {
        Check check;
        check.settings = std::move(settings);
        checks_.push_back(std::move(check));
    }
}

Verdict VerdictFold::record(Instant now, std::size_t number, const Finding& finding) {
    CONDUCTOR_CHECK(number < checks_.size());
    auto& check = checks_[number];
    if (std::exchange(check.skip, false)) return verdict(now);

    if (finding.judgement == Judgement::unknown) {
        if (!check.unknown_since) check.unknown_since = now;
        return verdict(now);
    }
    check.unknown_since.reset();

    const bool turns = !check.counted || fails(check.counted->judgement) != fails(finding.judgement);
    if (!turns) {
        check.pending.reset();
        check.streak = 0;
        check.counted = finding;
        return verdict(now);
    }
    check.pending = finding;
    ++check.streak;
    const auto& settings = check.settings;
    const auto needed =
        fails(finding.judgement) ? settings.failures_to_unhealthy : settings.successes_to_healthy;
    // Before the first failure has counted the check stands as healthy, so a first success needs no streak.
    const bool first_success = !check.counted && !fails(finding.judgement);
    if (check.streak >= needed || first_success) {
        check.counted = std::exchange(check.pending, std::nullopt);
        check.streak = 0;
        check.since = now;
    }
    return verdict(now);
}

VerdictFold::Standing VerdictFold::standing(Instant now, const Check& check) {
    const auto* counted = check.counted ? &*check.counted : nullptr;
    const auto last = counted ? counted->judgement : Judgement::unknown;
    if (!check.unknown_since) return {last, counted, false};

    switch (check.settings.on_unknown) {
        case OnUnknown::healthy:
            return {Judgement::healthy, counted, false};
        case OnUnknown::unhealthy:
            return {Judgement::unhealthy, nullptr, true};
        case OnUnknown::hold:
            break;
    }
    if (now - *check.unknown_since < check.settings.hold_for) return {last, counted, false};
    return {Judgement::unhealthy, nullptr, true};
}

Verdict VerdictFold::verdict(Instant now) const {
    Verdict verdict;
    bool stale = true;
    bool partial = true;
    bool faults = true;
    for (const auto& check : checks_) {
        if (check.settings.role != CheckRole::gate) continue;
        const auto stands = standing(now, check);
        if (stands.judgement == Judgement::degraded) verdict.degraded = true;
        if (!fails(stands.judgement)) continue;

        const auto fault = stands.finding ? stands.finding->fault : FaultClass::hard;
        stale = stale && fault == FaultClass::stale;
        partial = partial && fault == FaultClass::builder_partial;
        faults = faults && stands.fault;
        verdict.fault_cooldown =
            std::max(verdict.fault_cooldown.value_or(Duration::zero()), check.settings.fault_cooldown);
        if (!std::exchange(verdict.healthy, false)) continue;  // an earlier gate has given the text

        verdict.fault = fault;
        if (stands.finding) {
            verdict.text = identity(fault, check.settings.names_reason ? stands.finding->reason : "");
            verdict.detail = stands.finding->detail;
        } else {
            verdict.text = identity(fault, check.settings.names_reason ? "other" : "");
            verdict.detail = "check " + check.settings.instance + " could not tell";
        }
    }
    if (verdict.healthy) return verdict;
    verdict.only_stale = stale;
    verdict.only_partial = partial;
    verdict.only_faults = faults;
    verdict.degraded = false;
    return verdict;
}

std::optional<Instant> VerdictFold::next_deadline(Instant now) const {
    std::optional<Instant> next;
    for (const auto& check : checks_) {
        if (!check.unknown_since || check.settings.on_unknown != OnUnknown::hold) continue;
        const auto ends = *check.unknown_since + check.settings.hold_for;
        if (ends > now && (!next || ends < *next)) next = ends;
    }
    return next;
}

void VerdictFold::skip_next() {
    for (auto& check : checks_) check.skip = true;
}

std::vector<CheckReport> VerdictFold::report(Instant now) const {
    std::vector<CheckReport> reports;
    for (const auto& check : checks_) {
        const auto stands = standing(now, check);
        CheckReport report;
        report.instance = check.settings.instance;
        report.role = check.settings.role;
        report.judgement = stands.judgement;
        report.since = check.since;
        if (stands.finding) {
            report.fault = stands.finding->fault;
            report.reason = stands.finding->reason;
            report.detail = stands.finding->detail;
            report.since_unix = stands.finding->since_unix;
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

bool WallWatch::jumped(Instant now, std::chrono::nanoseconds wall_since_epoch) {
    const auto offset = wall_since_epoch - now.time_since_epoch();
    const auto before = std::exchange(offset_, offset);
    if (!before) return false;
    const auto moved = offset > *before ? offset - *before : *before - offset;
    return moved > tolerance_;
}

}  // namespace conductor::control
