// Events and the choice of what to do next; how it is done stands in policy_plans.cpp.
#include "core/control/policy.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace conductor::control {

void turn_to_go(PolicySettings& settings) {
    settings.yield_when_idle = false;    // P-2
    settings.rows.hold_partial = false;  // P-13
    settings.pace.on = false;
    settings.transfer_at_shutdown = false;  // 2.4.4
    settings.rows.startup_grace = false;    // 2.5.2
    settings.rows.start_when_nobody_takes_over = false;
    settings.ladder.repairs = false;         // 5.5.4
    settings.ladder.empty_rule = false;      // 5.5.7
    settings.ladder.peers_withhold = false;  // 5.5.8
}

Policy::Policy(PolicySettings settings, Instant now)
    : settings_{std::move(settings)},
      now_{now},
      ladder_{settings_.ladder},
      backoff_{settings_.backoff},
      pace_{settings_.pace} {
    s_.born = now;
    s_.paused = settings_.paused;
    s_.ready = settings_.ready;
    s_.active = settings_.active;
    // 2.1: not the leader, healthy until a check says otherwise.
    s_.prev = {false, true, s_.active == Active::yes};
    prev_presumed_ = s_.active == Active::unknown;
}

Decision Policy::step(Instant now, const Event& event) {
    now_ = now;
    out_ = {};
    std::visit([this](const auto& what) { on(what); }, event);
    expire();
    advance();
    verdict_is_news_ = false;
    out_.finished = finished_;
    return std::move(out_);
}

// ---- events ------------------------------------------------------------------------------------------------

void Policy::on(const RoleChanged& event) {
    hears_leader_ = event.leader_known || event.leads;
    s_.leader_known = s_.leader_known || hears_leader_;
    // A reign that ended and began again between two events is another reign.
    const bool new_reign = event.leads && s_.leads && event.term != s_.term;
    const bool lost = s_.leads && (!event.leads || new_reign);
    const bool gained = event.leads && (!s_.leads || new_reign);
    s_.term = event.term;
    if (lost) lost_lead();
    if (gained) gained_lead();
}

void Policy::lost_lead() {
    s_.leads = false;
    // An answer alone does not count: leadership may have stayed.
    if (settle_until_ || (run_ && run_->transfer_begun())) pace_.handed_over(now_);
    state_event();
    say(Level::info, "Leadership status changed", "leader_lost",
        {{"server", settings_.self.text()}, {"leader", false}, {"term", s_.term.value()}});
    ladder_.reset();
    refusal_.reset();
    start_failing_since_.reset();
    settle_until_.reset();
    waived_ = false;
    s_.sibling = s_.fell_idle = s_.transfer_failed = s_.wait_is_over = false;
    s_.waiting_since.reset();

    if (plan_ == Plan::climb) abort_plan();
    if (plan_ == Plan::yield) {
        out_.counts.push_back({.counter = Counter::transfers, .success = true, .triple = {}});
        abort_plan();
    }
    if (plan_ != Plan::hand_over) return;
    // The transfer has worked, or is no longer ours to make. A stop that still runs goes on by itself.
    if (run_->transfer_begun() && !run_->transfer_ended())
        out_.counts.push_back({.counter = Counter::transfers, .success = true, .triple = {}});
    run_->lost_lead();
    abandon(group_);
    if (run_->ended() || s_.stopping) {
        if (run_->ended()) conclude_hand_over();
        return;
    }
    row_succeeded();
    run_.reset();
    plan_ = Plan::stop;
    row_ = Row::stop;
    entry_ = s_.triple();
}

void Policy::gained_lead() {
    s_.leads = true;
    state_event();
    say(Level::info, "Leadership status changed", "leader_gained",
        {{"server", settings_.self.text()}, {"leader", true}, {"term", s_.term.value()}});
    elected_idle_ = hands_off();
    yielded_ = said_no_heir_ = false;
    // P-9: whom we handed over to a moment ago has not kept it.
    if (last_transfer_at_ && !last_target_.empty() && now_ - *last_transfer_at_ < settings_.target_memory)
        failed_targets_[last_target_] = now_;
    for (const auto& row : s_.peers.rows) {
        if (row.status.active != peers::Says::yes) continue;
        // P-8: said and counted, never waited for; what it builds cannot be committed.
        out_.counts.push_back({.counter = Counter::two_active, .success = true, .triple = {}});
        say(Level::warn, "another sequencer is still active", "two_active", {{"peer", row.member.id.text()}});
    }
}

void Policy::on(const Judged& event) {
    const auto before = std::exchange(s_.verdict, event.verdict);
    verdict_is_news_ = !event.again;
    refresh_due_ = true;
    if (event.again) return;
    const auto error = event.verdict.healthy ? Fact{"error", nullptr} : Fact{"error", event.verdict.text};
    say(Level::debug, "received health update", "", {{"server", settings_.self.text()}, error});
    if (!event.verdict.healthy)
        say(Level::error, "Sequencer is unhealthy", "unhealthy",
            {{"server", settings_.self.text()}, {"err", event.verdict.text}});
    if (event.verdict.healthy != before.healthy)
        say(Level::info, "Health state changed", "health_changed",
            {{"old", before.healthy}, {"new", event.verdict.healthy}});
    if (event.verdict.healthy) {
        s_.transfer_failed = s_.wait_is_over = false;
        s_.waiting_since.reset();
    }
    if (event.verdict.healthy != before.healthy || event.verdict.fault != before.fault) state_event();
}

void Policy::on(const PeersSeen& event) {
    const auto said = [](const peers::View& view) {
        std::vector<std::pair<bool, std::pair<peers::Says, peers::Says>>> words;
        words.reserve(view.rows.size());
        for (const auto& row : view.rows)
            words.push_back({row.asked, {row.status.overridden, row.status.active}});
        return words;
    };
    // What held a start back may be gone; the back-off stands, so that a flapping peer does not drive us.
    const bool changed = said(s_.peers) != said(event.view);
    s_.peers = event.view;
    if (changed && refusal_ && refusal_->hold) retry_at_.reset();
}

void Policy::on(const HeadMoved& event) {
    if (!newest_ || event.head.number > newest_->number) {
        s_.progress_at = now_;
        pace_.spell_ends();
    }
    newest_ = event.head;
}

void Policy::on(const NodeReady&) {
    s_.ready = true;
    refresh_due_ = true;
    state_event();
}

void Policy::on(const SiblingRefused&) {
    // Paused, the sequencer is the operator's; its next try will be refused again.
    if (s_.leads && !hands_off()) s_.sibling = true;
}

void Policy::on(const PauseAsked& event) {
    s_.paused = true;
    abort_plan();
    finished_ = finished_ || s_.stopping;  // what was left to do there is no longer ours to do
    s_.waiting_since.reset();
    state_event();
    out_.replies.push_back({event.ask, {}});
    for (const auto ask : std::exchange(resumes_, {}))
        out_.replies.push_back({ask, "cannot resume because it was paused meanwhile"});
    say(Level::info, "OpConductor has been paused", "paused", {});
}

void Policy::on(const ResumeAsked& event) {
    if (s_.stopping) {
        out_.replies.push_back({event.ask, "cannot resume because the conductor is stopping"});
        return;
    }
    if (!s_.paused) {
        out_.replies.push_back({event.ask, {}});
        say(Level::info, "OpConductor has been resumed", "resumed", {});
        state_event();
        return;
    }
    // What was asked before the operator spoke does not tell what is true now.
    if (refreshing()) abandon(node_);
    resumes_.push_back(event.ask);
    issue(AskActive{});
}

void Policy::on(const WaiveAsked& event) {
    if (!s_.leads) {
        out_.replies.push_back({event.ask, "node is not the leader"});
        return;
    }
    waived_ = true;
    state_event();
    out_.replies.push_back({event.ask, {}});
    say(Level::warn, "the check of the peers is waived until the next start", "peers_waived", {});
}

void Policy::on(const StopAsked&) {
    if (std::exchange(s_.stopping, true)) return;
    abort_plan();
    for (const auto ask : std::exchange(resumes_, {}))
        out_.replies.push_back({ask, "cannot resume because the conductor is stopping"});
    say_farewell();
}

void Policy::on(const Answered& event) {
    for (auto* flight : {&node_, &group_}) {
        if (!*flight || (*flight)->call != event.call) continue;
        const auto task = (*flight)->task;
        flight->reset();
        deliver(task, event.answer);
        return;
    }
    // An answer to a call that was abandoned: whatever it says is out of date.
}

void Policy::deliver(const Task& task, const Answer& answer) {
    if (std::holds_alternative<AskActive>(task)) return active_told(answer);
    switch (plan_) {
        case Plan::stop:
            return stop_ended(answer);
        case Plan::climb:
            return follow(ladder_.answered(now_, answer, ground()));
        case Plan::hand_over:
        case Plan::yield:
            return hand_over_answered(task, answer);
        case Plan::none:
            break;
    }
    CONDUCTOR_CHECK(plan_ != Plan::none);  // no plan, no flight
}

/// The state has changed by what others did: what failed before may work now (5.11.2).
void Policy::state_event() {
    backoff_.reset();
    retry_at_.reset();
    errors_.reset();
}

// ---- time --------------------------------------------------------------------------------------------------

// A shell that does not answer must not wedge us: at its limit a call counts as timed out here.
void Policy::expire() {
    for (auto* flight : {&node_, &group_}) {
        if (!*flight || now_ < (*flight)->deadline) continue;
        const auto task = (*flight)->task;
        abandon(*flight);
        deliver(task, Failed{FailureKind::timed_out, "context deadline exceeded"});
    }
    if (ladder_wait_ && now_ >= *ladder_wait_) {
        ladder_wait_.reset();
        follow(ladder_.waited(now_, ground()));
    }
    if (run_) follow(run_->tick(now_, settings_.self));
    if (settle_until_ && now_ >= *settle_until_) settle_until_.reset();
    if (farewell_until_ && now_ >= *farewell_until_) {
        abort_plan();
        finished_ = true;
    }
}

std::optional<Instant> Policy::next_deadline() const {
    if (finished_) return std::nullopt;
    std::optional<Instant> next;
    const auto consider = [&](const std::optional<Instant>& when) {
        if (when && (!next || *when < *next)) next = when;
    };
    if (node_) consider(node_->deadline);
    if (group_) consider(group_->deadline);
    consider(ladder_wait_);
    if (run_) consider(run_->next_deadline());
    consider(farewell_until_);
    if (hands_off() || s_.stopping) return next;
    consider(retry_at_);
    consider(look_again_);
    consider(settle_until_);
    return next;
}

// ---- what next ---------------------------------------------------------------------------------------------

void Policy::advance() {
    if (finished_ || s_.stopping) return;
    if (hands_off()) return while_idle();

    // Each turn either begins something, or stands on a row that asks for nothing.
    s_.stays_until = stays_until();
    const auto choice = choose(now_, s_, settings_.rows);
    look_again_ = choice.look_again;
    void_what_no_longer_applies(choice);
    if (plan_ != Plan::none) return;
    if (settle_until_ || (retry_at_ && now_ < *retry_at_)) return refresh_if_due();
    retry_at_.reset();
    obey(choice);
}

void Policy::while_idle() {
    look_again_.reset();
    consider_yield();
    refresh_if_due();
}

// 5.11.3: a plan goes on only while the row that it serves, or its like, applies.
void Policy::void_what_no_longer_applies(const Choice& choice) {
    const bool starting = choice.row == Row::start || choice.row == Row::start_stalled;
    if (plan_ == Plan::climb) {
        if (starting)
            row_ = choice.row;
        else
            abort_plan();
    }
    // Leadership has come back, but a stop is on its way: it is given a moment to end, not ten seconds.
    const bool stopping = choice.row == Row::stop || choice.row == Row::stop_sibling;
    if (plan_ == Plan::stop && !stopping && s_.leads && node_)
        node_->deadline = std::min(node_->deadline, now_ + settings_.stop_soft_timeout);
}

void Policy::obey(const Choice& choice) {
    if (choice.ends_wait) s_.wait_is_over = true;
    if (choice.row != Row::wait) s_.waiting_since.reset();
    row_ = choice.row;
    entry_ = s_.triple();
    switch (choice.row) {
        case Row::follow_sick:
            if (verdict_is_news_)
                say(Level::error, "server (follower) is not healthy", "follower_unhealthy",
                    {{"server", settings_.self.text()}});
            [[fallthrough]];
        case Row::follow:
        case Row::sequence:
            if (s_.leads) pace_.spell_ends();
            row_succeeded();
            return refresh_if_due();
        case Row::grace:
        case Row::hold_partial:
        case Row::hold_fault:
        case Row::hold_lead:
            return refresh_if_due();
        case Row::wait: {
            const std::string waiting = "waiting for sequencing to become healthy by itself";
            if (!s_.waiting_since) {
                s_.waiting_since = now_;
                look_again_ = choose(now_, s_, settings_.rows).look_again;
            }
            say_failed_step(waiting, "waiting");
            return refresh_if_due();
        }
        case Row::ask_active:
            if (!refreshing()) issue(AskActive{});
            return;
        case Row::stop:
        case Row::stop_sibling:
            return begin_stop(choice.row);
        case Row::start:
        case Row::start_stalled:
            return begin_climb(choice.row);
        case Row::transfer:
        case Row::hand_over:
            say(Level::debug, "entering action with status", "", {{"status", to_text(entry_)}});
            return begin_hand_over({.cause = Cause::unhealthy,
                                    .stop = choice.row == Row::hand_over,
                                    .targets = {},
                                    .side_by_side = settings_.stop_beside_transfer,
                                    .failed = failed_targets()});
    }
}

// P-4: the belief is refreshed with every health cycle, and after each stop until the node confirms it (P-8).
void Policy::refresh_if_due() {
    if (!refresh_due_ || node_) return;
    issue(AskActive{});
}

bool Policy::refreshing() const {
    return node_ && std::holds_alternative<AskActive>(node_->task);
}

bool Policy::start_wedged(Instant now) const {
    return (start_failing_since_ && now - *start_failing_since_ > settings_.wedged_after) ||
           (refusal_ && refusal_->alarm);
}

}  // namespace conductor::control
