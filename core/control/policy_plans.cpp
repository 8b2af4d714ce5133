// How policy carries out a row: stop, climb, hand over, yield, leave; and what each answer means for it.
#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/control/policy.hpp"

namespace conductor::control {

// ---- stop (5.4) --------------------------------------------------------------------------------------------

void Policy::begin_stop(Row row) {
    plan_ = Plan::stop;
    row_ = row;
    say(Level::debug, "entering action with status", "", {{"status", to_text(entry_)}});
    issue(StopSequencer{});
}

void Policy::stop_ended(const Answer& answer) {
    plan_ = Plan::none;
    const auto error = note_stop(answer);
    if (!error.empty()) return row_failed(error, "stop", name_of(std::get<Failed>(answer).kind));
    row_succeeded();
}

std::string Policy::note_stop(const Answer& answer) {
    if (const auto* failed = std::get_if<Failed>(&answer)) {
        // It is presumed to produce until it says otherwise.
        s_.active = Active::yes;
        refresh_due_ = true;
        out_.counts.push_back({.counter = Counter::stop_failures, .success = false, .triple = {}});
        return "failed to stop sequencer: " + failed->text;
    }
    const auto* done = std::get_if<Done>(&answer);
    CONDUCTOR_CHECK(done != nullptr);
    s_.active = Active::no;
    s_.sibling = s_.fell_idle = false;
    refresh_due_ = refresh_due_ || !s_.leads;  // P-8: not believed before the node has said so
    out_.counts.push_back({.counter = Counter::stops, .success = !done->already, .triple = {}});
    if (done->already)
        say(Level::warn, "sequencer already stopped", "seq_stop_ok", {});
    else
        say(Level::info, "stopped sequencer", "seq_stop_ok",
            {{"latestHead", to_hex(done->head.value_or(BlockHash{}))}});
    return {};
}

// ---- start (5.5) -------------------------------------------------------------------------------------------

void Policy::begin_climb(Row row) {
    plan_ = Plan::climb;
    row_ = row;
    say(Level::debug, "entering action with status", "", {{"status", to_text(entry_)}});
    follow(ladder_.begin(now_, ground()));
}

void Policy::follow(LadderStep step) {
    for (auto& line : step.lines) out_.lines.push_back(std::move(line));
    if (const auto* task = std::get_if<Task>(&step.rung)) return issue(*task);
    if (const auto* wait = std::get_if<WaitUntil>(&step.rung)) {
        ladder_wait_ = wait->when;
        return;
    }
    if (const auto* done = std::get_if<Climbed>(&step.rung)) return climbed(*done);
    if (const auto* refusal = std::get_if<Refusal>(&step.rung)) return refused(*refusal);

    const auto& hand_over = std::get<HandOver>(step.rung);
    refusal_ = hand_over.because;
    if (!start_failing_since_) start_failing_since_ = now_;
    say(Level::warn, "another voter should lead", "lead_handed_on",
        {{"why", std::string{name_of(hand_over.because.why)}}, {"err", hand_over.because.text}});
    begin_hand_over({.cause = Cause::policy,
                     .stop = s_.active != Active::no,
                     .targets = hand_over.targets,
                     .side_by_side = settings_.stop_beside_transfer,
                     .failed = {}});
}

void Policy::climbed(const Climbed& climbed) {
    plan_ = Plan::none;
    s_.active = Active::yes;
    s_.sibling = s_.fell_idle = s_.transfer_failed = false;
    waived_ = false;
    refusal_.reset();
    start_failing_since_.reset();
    out_.counts.push_back({.counter = Counter::starts, .success = !climbed.already, .triple = {}});
    if (climbed.already)
        say(Level::warn, "sequencer already started.", "seq_start_ok", {});
    else
        say(Level::info, "started sequencer", "seq_start_ok",
            {{"head", to_hex(climbed.head)}, {"term", s_.term.value()}});
    row_succeeded();
}

void Policy::refused(const Refusal& refusal) {
    plan_ = Plan::none;
    refusal_ = refusal;
    if (!start_failing_since_) start_failing_since_ = now_;
    if (refusal.outcome_unknown) s_.active = Active::unknown;
    out_.counts.push_back({.counter = Counter::start_failures, .success = false, .triple = {}});

    // 5.3: a leader that is sick and cannot start hands on. Not so where the start is held back by a rule that
    // binds the next leader as well: then only somebody known healthy makes a difference.
    const bool someone_healthy =
        std::any_of(s_.peers.rows.begin(), s_.peers.rows.end(), peers::healthy_candidate);
    // And where leadership has come back from others that could not either, it stays for a while.
    if (row_ != Row::start_stalled || (refusal.hold && !someone_healthy) || stays_until())
        return row_failed(refusal.text, "start", name_of(refusal.why));
    say(Level::error, "failed to start sequencer, transferring leadership instead", "seq_start_failed",
        {{"server", settings_.self.text()}, {"err", refusal.text}});
    begin_hand_over({.cause = Cause::unhealthy,
                     .stop = s_.active != Active::no,
                     .targets = {},
                     .side_by_side = settings_.stop_beside_transfer,
                     .failed = failed_targets()});
}

// ---- hand over (5.6) ---------------------------------------------------------------------------------------

void Policy::begin_hand_over(HandOverOrder order) {
    plan_ = Plan::hand_over;
    if (s_.verdict.only_faults && order.cause == Cause::unhealthy) s_.fault_transfer_at = now_;
    run_.emplace(now_, std::move(order), settings_.stop_soft_timeout);
    follow(run_->begin(settings_.self));
}

void Policy::follow(HandOverStep step) {
    for (auto& line : step.lines) out_.lines.push_back(std::move(line));
    for (auto& count : step.counts) out_.counts.push_back(count);
    for (const auto& id : step.failed) failed_targets_[id] = now_;
    if (step.node) issue(std::move(*step.node));
    if (step.group) {
        if (const auto* transfer = std::get_if<TransferLead>(&*step.group)) {
            last_target_ = transfer->target;
            last_transfer_at_ = now_;
        }
        issue(std::move(*step.group));
    }
}

void Policy::hand_over_answered(const Task& task, const Answer& answer) {
    CONDUCTOR_CHECK(run_.has_value());
    if (std::holds_alternative<StopSequencer>(task)) {
        const auto error = note_stop(answer);
        follow(run_->node_answered(settings_.self, error.empty(), error));
    } else {
        follow(run_->group_answered(settings_.self, answer));
    }
    if (run_ && run_->ended()) conclude_hand_over();
}

std::optional<Instant> Policy::stays_until() const {
    const auto& rows = s_.peers.rows;
    const auto others = std::ranges::count_if(rows, [](const peers::Row& row) { return row.member.voter; });
    return pace_.held_until(now_, static_cast<std::size_t>(others));
}

void Policy::conclude_hand_over() {
    const auto run = *std::exchange(run_, std::nullopt);
    const bool yielding = std::exchange(plan_, Plan::none) == Plan::yield;
    if (run.transferred() && s_.leads) settle_until_ = now_ + settings_.settle_limit;
    if (s_.stopping) {
        finished_ = true;
        return;
    }
    if (yielding) return;
    const auto error = run.error();
    if (!run.transferred()) s_.transfer_failed = true;
    if (error.empty()) return row_succeeded();
    row_failed(error, run.stop_failed() ? "stop" : "transfer", "failed");
}

// P-2 (c): once per reign, to somebody known to be able to act. A sequencer that an operator runs by hand under
// a paused leader is no halt, and nothing that a yield would cure.
void Policy::consider_yield() {
    if (!settings_.yield_when_idle || !s_.leads || !elected_idle_ || yielded_ || plan_ != Plan::none) return;
    const bool idle = s_.active == Active::no || (!s_.ready && s_.active != Active::yes);
    if (!idle) return;

    const peers::Row* heir = nullptr;
    for (const auto& row : s_.peers.rows) {
        if (!peers::candidate(row)) continue;
        const auto better = [&] {
            if (row.status.health != heir->status.health) return row.status.health < heir->status.health;
            const auto number = [](const peers::Row& of) {
                return of.status.head ? of.status.head->number : BlockNumber{};
            };
            return number(row) > number(*heir);
        };
        if (!heir || better()) heir = &row;
    }
    if (!heir) {
        if (!std::exchange(said_no_heir_, true))
            say(Level::warn, "leading while paused, and no other member is known to be able to take over",
                "leads_idle", {{"server", settings_.self.text()}});
        return;
    }
    yielded_ = true;
    plan_ = Plan::yield;
    run_.emplace(
        now_, HandOverOrder{.cause = Cause::policy, .stop = false, .targets = {heir->member.id}, .failed = {}},
        settings_.stop_soft_timeout);
    follow(run_->begin(settings_.self));
}

// 2.4.4: stop, hand over, leave; or leave the sequencer as it is. Never longer than the limit.
void Policy::say_farewell() {
    const bool someone = std::any_of(s_.peers.rows.begin(), s_.peers.rows.end(), peers::candidate);
    if (!settings_.transfer_at_shutdown || !s_.leads || hands_off() || !someone) {
        finished_ = true;
        return;
    }
    entry_ = s_.triple();
    farewell_until_ = now_ + settings_.shutdown_limit;
    begin_hand_over({.cause = Cause::shutdown,
                     .stop = s_.active != Active::no,
                     .targets = {},
                     .side_by_side = settings_.stop_beside_transfer,
                     .failed = failed_targets()});
}

// ---- is it producing? --------------------------------------------------------------------------------------

void Policy::active_told(const Answer& answer) {
    if (const auto* failed = std::get_if<Failed>(&answer)) {
        for (const auto ask : std::exchange(resumes_, {}))
            out_.replies.push_back(
                {ask, "cannot resume because failed to get sequencer active status: " + failed->text});
        if (!hands_off() && plan_ == Plan::none && row_ == Row::ask_active && s_.active == Active::unknown)
            row_failed("failed to get sequencer active status: " + failed->text, "active",
                       name_of(failed->kind));
        return;
    }
    const auto* told = std::get_if<ActiveIs>(&answer);
    CONDUCTOR_CHECK(told != nullptr);
    const auto before = std::exchange(s_.active, peers::says(told->active));
    // Go has asked before it begins (2.1): who finds its node producing has not been idle before.
    if (std::exchange(prev_presumed_, false)) s_.prev.active = told->active;
    if (before != s_.active) {
        say(Level::info, "sequencer active status updated", "active_changed", {{"active", told->active}});
        if (before == Active::yes && s_.leads) s_.fell_idle = true;
        // Out of doubt is not out of trouble: a start that fails again and again keeps its back-off.
        if (before != Active::unknown || row_ == Row::ask_active) state_event();
    }
    if (resumes_.empty()) return;
    for (const auto ask : std::exchange(resumes_, {})) out_.replies.push_back({ask, {}});
    s_.paused = false;
    state_event();
    say(Level::info, "OpConductor has been resumed", "resumed", {});
}

// ---- shared means ------------------------------------------------------------------------------------------

void Policy::issue(Task task) {
    const auto lane = lane_of(task);
    auto& flight = lane == Lane::node ? node_ : group_;
    if (lane == Lane::node && refreshing()) abandon(node_);  // a question gives way to a deed
    CONDUCTOR_CHECK(!flight.has_value());

    const bool starts = std::holds_alternative<StartSequencer>(task);
    const bool stops = std::holds_alternative<StopSequencer>(task);
    if (starts || stops) CONDUCTOR_CHECK(!hands_off());  // I-4
    if (starts) CONDUCTOR_CHECK(s_.leads);               // I-2
    if (std::holds_alternative<AskActive>(task)) refresh_due_ = false;
    if (starts) say_step("starting sequencer", "seq_start");
    if (stops) say_step("stopping sequencer", "seq_stop");
    if (std::holds_alternative<PostPayload>(task)) say(Level::debug, "posting unsafe head to op-node", "", {});
    const auto limit = limit_of(task);
    flight = Flight{Call{++calls_}, std::move(task), now_ + limit};
    out_.actions.push_back({flight->call, flight->task, limit});
}

Duration Policy::limit_of(const Task& task) const {
    if (lane_of(task) == Lane::node)
        return std::holds_alternative<AskActive>(task) ? settings_.refresh_limit : settings_.node_limit;
    if (std::holds_alternative<RankTargets>(task)) return settings_.rank_limit;
    if (std::holds_alternative<TransferLead>(task)) return settings_.transfer_limit;
    return settings_.confirm_limit;
}

void Policy::abandon(std::optional<Flight>& flight) {
    if (!flight) return;
    // An action that was decided in this very step has not left yet.
    const auto unsent = std::find_if(out_.actions.begin(), out_.actions.end(),
                                     [&](const Action& action) { return action.call == flight->call; });
    if (unsent != out_.actions.end())
        out_.actions.erase(unsent);
    else
        out_.abandon.push_back(flight->call);
    flight.reset();
}

void Policy::abort_plan() {
    const auto in_flight = [&](const std::optional<Flight>& flight, auto kind) {
        return flight && std::holds_alternative<decltype(kind)>(flight->task);
    };
    if (in_flight(node_, StartSequencer{}) || in_flight(node_, StopSequencer{})) {
        s_.active = Active::unknown;
        refresh_due_ = true;
        say(Level::warn, "call to the sequencer was given up, its outcome is unknown", "",
            {{"action", std::string{name_of(node_->task)}}});
    }
    abandon(node_);
    abandon(group_);
    ladder_wait_.reset();
    ladder_.abandon();
    run_.reset();
    plan_ = Plan::none;
}

void Policy::row_succeeded() {
    backoff_.reset();
    retry_at_.reset();
    errors_.reset();
    if (entry_ == s_.prev) return;
    say(Level::info, "state changed", "state_changed",
        {{"prev_state", to_text(s_.prev)}, {"new_state", to_text(entry_)}});
    out_.counts.push_back({.counter = Counter::state_changes, .success = true, .triple = entry_});
    s_.prev = entry_;
    prev_presumed_ = false;
}

void Policy::row_failed(const std::string& error, const char* action, const char* reason) {
    const bool produces = s_.leads && s_.verdict.healthy && s_.active == Active::yes;
    const bool someone_else = !s_.leads && hears_leader_;
    retry_at_ = now_ + backoff_.next(produces || someone_else ? Urgency::tolerable : Urgency::halted);
    out_.counts.push_back(
        {.counter = Counter::failures, .success = false, .triple = {}, .action = action, .reason = reason});
    say(Level::debug, "exiting action with status and error", "",
        {{"status", to_text(entry_)}, {"err", error}});
    say_failed_step(error, "step_failed");
}

void Policy::say_failed_step(const std::string& error, const char* event) {
    const auto held = errors_.pass(now_, error);
    if (!held) return;
    const Fact err{"err", error};
    const Fact status{"status", to_text(entry_)};
    const auto facts =
        *held == 0 ? std::vector{err, status} : std::vector{err, status, Fact{"repeated", *held}};
    say(Level::error, "failed to execute step, queueing another one to retry", event, facts);
}

void Policy::say(Level level, const char* message, const char* event, std::vector<Fact> facts) {
    out_.lines.push_back({level, message, event, std::move(facts)});
}

void Policy::say_step(const char* message, const char* event) {
    const auto triple = s_.triple();
    say(Level::info, message, event,
        {{"server", settings_.self.text()},
         {"leader", triple.leader},
         {"healthy", triple.healthy},
         {"active", triple.active}});
}

std::vector<FailedTarget> Policy::failed_targets() const {
    std::vector<FailedTarget> failed;
    for (const auto& [id, when] : failed_targets_)
        if (now_ - when < settings_.target_memory) failed.push_back({id, now_ - when});
    return failed;
}

std::string Policy::fingerprint(Instant now) const {
    std::string text;
    const auto put = [&](auto value) { text += std::to_string(value) + ","; };
    const auto until = [&](const std::optional<Instant>& when) {
        text += when ? std::to_string(std::max<std::int64_t>(0, (*when - now).count())) + "," : "-,";
    };
    const auto since = [&](const std::optional<Instant>& when, Duration cap) {
        text += when ? std::to_string(std::min(now - *when, cap).count()) + "," : "-,";
    };
    const auto& rows = settings_.rows;
    for (const bool flag : {s_.leads,
                            s_.leader_known,
                            s_.verdict.healthy,
                            s_.verdict.only_stale,
                            s_.verdict.only_partial,
                            s_.verdict.only_faults,
                            s_.prev.leader,
                            s_.prev.healthy,
                            s_.prev.active,
                            s_.paused,
                            s_.ready,
                            s_.stopping,
                            s_.sibling,
                            s_.fell_idle,
                            s_.transfer_failed,
                            s_.wait_is_over,
                            finished_,
                            hears_leader_,
                            refresh_due_,
                            waived_,
                            prev_presumed_,
                            elected_idle_,
                            yielded_,
                            resumes_.empty(),
                            entry_.leader,
                            entry_.healthy,
                            entry_.active})
        text += flag ? '1' : '0';
    put(static_cast<int>(s_.verdict.fault));
    put(static_cast<int>(s_.active));
    put(static_cast<int>(plan_));
    put(static_cast<int>(row_));
    put(backoff_.tries());
    if (!s_.leader_known) since(s_.born, rows.startup_grace_span);
    since(s_.waiting_since, rows.recovery_grace);
    if (s_.waiting_since) since(s_.progress_at, rows.progress_span);
    since(s_.fault_transfer_at, s_.verdict.fault_cooldown.value_or(rows.fault_cooldown_span));
    for (const auto* flight : {&node_, &group_}) {
        if (!*flight) continue;
        text += name_of((*flight)->task);
        until((*flight)->deadline);
    }
    until(ladder_wait_);
    until(retry_at_);
    until(look_again_);
    until(settle_until_);
    until(farewell_until_);
    if (const auto times = pace_.times(now); times != 0) {
        put(times);
        since(pace_.last(), settings_.pace.spell);
    }
    if (newest_) put(newest_->number.value());
    for (const auto& [id, when] : failed_targets_)
        if (now - when < settings_.target_memory) text += id.text() + std::to_string((now - when).count());
    if (last_transfer_at_ && now - *last_transfer_at_ < settings_.target_memory)
        text += "L" + last_target_.text() + std::to_string((now - *last_transfer_at_).count());
    for (const auto& row : s_.peers.rows)
        text += (row.known ? "k" : "u") + std::to_string(static_cast<int>(row.status.health)) +
                std::to_string(static_cast<int>(row.status.paused)) +
                std::to_string(static_cast<int>(row.status.overridden)) +
                std::to_string(static_cast<int>(row.status.active)) +
                (row.status.head ? std::to_string(row.status.head->number.value()) : "?") +
                (row.asked ? "a" : "");
    text += ladder_.fingerprint(now);
    if (run_) text += run_->fingerprint(now);
    return text;
}

}  // namespace conductor::control
