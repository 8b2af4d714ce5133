#include "core/control/row.hpp"

#include <algorithm>

namespace conductor::control {

namespace {

constexpr const char* came_back = "leadership was handed on a moment ago, and came back";

bool any_voter(const peers::View& view, bool (*is)(const peers::Row&)) {
    return std::any_of(view.rows.begin(), view.rows.end(),
                       [&](const peers::Row& row) { return row.member.voter && is(row); });
}

// Handing over cannot help: every other voter is known, and none of them could lead. True for a sole voter.
bool nobody_better(const peers::View& view) {
    return view.all_voters_known() && !any_voter(view, peers::candidate);
}

Choice as_follower(Instant now, const Situation& s, const RowRules& rules) {
    if (s.active == Active::unknown) return {Row::ask_active, "not known whether the node produces", {}};
    if (s.active == Active::no)
        return s.verdict.healthy ? Choice{Row::follow, "", {}} : Choice{Row::follow_sick, "", {}};
    const auto grace_ends = s.born + rules.startup_grace_span;
    if (rules.startup_grace && !s.leader_known && now < grace_ends)
        return {Row::grace, "no leader known yet", grace_ends};
    return {Row::stop, "not the leader", {}};
}

// P-3: the wait ends with health, or here: for want of progress, for somebody healthy, or for its length.
Choice waiting(Instant now, const Situation& s, const RowRules& rules) {
    if (!rules.bounded_wait) return {Row::wait, "", {}};
    const auto since = s.waiting_since.value_or(now);
    const auto progress = std::max(since, s.progress_at.value_or(since));
    const auto stuck_at = progress + rules.progress_span;
    if (now >= stuck_at) return {Row::hand_over, "no new block while waiting", {}, true};

    // A voter that has just not yet noticed the stall calls itself healthy: only after some checks on both
    // sides does its word say that it would do better.
    const auto settled_at = since + rules.recovery_settle;
    if (now >= settled_at && any_voter(s.peers, peers::healthy_candidate))
        return {Row::hand_over, "another voter is healthy", {}, true};

    const auto grace_ends = since + rules.recovery_grace;
    if (now >= grace_ends && !nobody_better(s.peers)) return {Row::hand_over, "waited long enough", {}, true};

    auto again = stuck_at;
    if (now < settled_at) again = std::min(again, settled_at);
    if (now < grace_ends) again = std::min(again, grace_ends);
    return {Row::wait, "", again};
}

std::optional<Instant> cooling_until(Instant now, const Situation& s, const RowRules& rules) {
    if (!rules.fault_cooldown || !s.verdict.only_faults || !s.fault_transfer_at) return std::nullopt;
    const auto until = *s.fault_transfer_at + s.verdict.fault_cooldown.value_or(rules.fault_cooldown_span);
    return now < until ? std::optional{until} : std::nullopt;
}

Choice sick_and_idle(Instant now, const Situation& s, const RowRules& rules) {
    const bool node_down = s.verdict.fault == FaultClass::node_down;
    if (!s.prev.leader && !s.prev.active && !node_down) return {Row::start_stalled, "the chain is stalled", {}};
    if (s.verdict.only_stale && rules.restart_stalled && s.fell_idle)
        return {Row::start_stalled, "the node was restarted", {}};
    if (s.verdict.only_stale && rules.start_when_nobody_takes_over && s.transfer_failed)
        return {Row::start_stalled, "nobody took over", {}};
    if (const auto until = cooling_until(now, s, rules)) return {Row::hold_fault, "checks cannot look", until};
    if (s.stays_until) return {Row::hold_lead, came_back, s.stays_until};
    return {Row::transfer, "not healthy", {}};
}

Choice sick_and_active(Instant now, const Situation& s, const RowRules& rules) {
    const bool blocks_wait =
        s.verdict.fault == FaultClass::node_down || s.verdict.fault == FaultClass::builder_partial;
    if (s.prev == Triple{true, false, false} && !blocks_wait && !s.wait_is_over) return waiting(now, s, rules);
    if (rules.hold_partial && s.prev == Triple{true, true, true} && s.verdict.only_partial &&
        !any_voter(s.peers, peers::healthy_candidate))
        return {Row::hold_partial, "only the builder is missing, and nobody better is known", {}};
    if (const auto until = cooling_until(now, s, rules)) return {Row::hold_fault, "checks cannot look", until};
    if (s.stays_until) return {Row::hold_lead, came_back, s.stays_until};
    return {Row::hand_over, "not healthy", {}};
}

}  // namespace

const char* name_of(Row row) noexcept {
    constexpr const char* names[] = {"follow",   "follow_sick",  "ask_active", "grace",         "stop",
                                     "sequence", "stop_sibling", "start",      "start_stalled", "transfer",
                                     "wait",     "hold_partial", "hold_fault", "hold_lead",     "hand_over"};
    return names[static_cast<std::size_t>(row)];
}

Choice choose(Instant now, const Situation& s, const RowRules& rules) {
    if (!s.leads) return as_follower(now, s, rules);
    const auto triple = s.triple();
    if (triple.healthy) {
        if (!triple.active) return {Row::start, "", {}};
        if (s.sibling) return {Row::stop_sibling, "a payload beside the head was refused", {}};
        return {Row::sequence, "", {}};
    }
    return triple.active ? sick_and_active(now, s, rules) : sick_and_idle(now, s, rules);
}

}  // namespace conductor::control
