#include "core/control/conductor.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/go_duration.hpp"

namespace conductor::control {

struct Conductor::Posted {
    Conductor* conductor;
};

Conductor::Conductor(PolicySettings policy, const RoundSettings& rounds, Surroundings around)
    : around_{std::move(around)},
      always_eligible_{!policy.yield_when_idle},
      policy_{std::move(policy), around_.core.now()},
      rounds_{rounds, around_.core.now()},
      paused_{policy_.situation().paused},
      posted_{std::make_shared<Posted>(Posted{this})} {
    CONDUCTOR_CHECK(around_.eligibility != nullptr);
    CONDUCTOR_CHECK(around_.leave != nullptr);
    tell(Tick{});
}

Conductor::~Conductor() {
    around_.core.cancel_alarm();
}

// ---- what is told ------------------------------------------------------------------------------------------

void Conductor::elected(Term term) {
    leads_ = leader_known_ = true;
    term_ = term;
    tell_role();
}

void Conductor::stepped_down(Term term) {
    leads_ = leader_known_ = false;
    term_ = term;
    tell_role();
}

void Conductor::leader_changed(bool known) {
    // A leader that is elected says so itself: until then it may not act as one.
    leader_known_ = known;
    tell_role();
}

void Conductor::tell_role() {
    tell(RoleChanged{leads_, term_, leader_known_});
}

void Conductor::head_moved(Head head) {
    // Only the newest counts: a replay at start tells of many.
    if (!inbox_.empty() && std::holds_alternative<HeadMoved>(inbox_.back())) inbox_.pop_back();
    tell(HeadMoved{head});
}

void Conductor::sibling_refused() {
    tell(SiblingRefused{});
}

void Conductor::peers_seen(peers::View view) {
    tell(PeersSeen{std::move(view)});
}

void Conductor::node_ready() {
    tell(NodeReady{});
}

void Conductor::shut_down(std::function<void()> finished) {
    stopped_.store(true);
    if (finished_) return later(std::move(finished));
    on_finished_.push_back(std::move(finished));
    tell(StopAsked{});
}

// ---- what operators ask ------------------------------------------------------------------------------------

template <class Asked>
void Conductor::ask(OperatorDone done) {
    later([this, done = std::move(done)]() mutable {
        const OperatorAsk ask{++last_ask_};
        asks_.emplace(ask, std::move(done));
        tell(Asked{ask});
    });
}

void Conductor::pause(std::string /*by*/, OperatorDone done) {
    ask<PauseAsked>(std::move(done));
}

void Conductor::resume(OperatorDone done) {
    ask<ResumeAsked>(std::move(done));
}

void Conductor::waive_peer_check(OperatorDone done) {
    ask<WaiveAsked>(std::move(done));
}

void Conductor::override_leader(LeaderOverride order, OperatorDone done) {
    // It changes answers only, and those at once: a restarted daemon must not deny it while its core is not yet
    // at work (5.5.8).
    const bool changes = overridden_.exchange(order.on) != order.on;
    later([this, changes, order = std::move(order), done = std::move(done)] {
        tell(OverrideSet{order.on});
        if (!changes) return done({});
        const Fact by{"by", order.by};
        const Fact lasts{"lasts", order.lasts ? go_duration(*order.lasts) : "until cleared"};
        if (order.on)
            around_.observer.say({Level::warn, "leadership is overridden", "override_set", {by, lasts}});
        else
            around_.observer.say({Level::warn, "override of leadership is cleared", "override_cleared", {by}});
        done({});
    });
}

void Conductor::stop(OperatorDone done) {
    later([this, done = std::move(done)] {
        stopped_.store(true);  // the answer says that the connection ends
        done({});              // 2.4.5: whoever asks over RPC is answered before RPC ends
        around_.leave();
    });
}

// ---- turns -------------------------------------------------------------------------------------------------

void Conductor::tell(Event event) {
    inbox_.push_back(std::move(event));
    request_turn();
}

void Conductor::later(std::function<void()> work) {
    around_.core.post([posted = std::weak_ptr{posted_}, work = std::move(work)] {
        if (posted.lock()) work();
    });
}

void Conductor::request_turn() {
    if (std::exchange(turn_requested_, true)) return;
    later([this] { turn(); });
}

// What has become due, then everything that has come in, then the one alarm. What a port tells while it is
// called, an answer at once for instance, has a turn of its own.
void Conductor::turn() {
    const auto now = around_.core.now();
    if (!finished_ && rounds_.next_deadline(now) <= now) follow(rounds_.wake(now, around_.core.wall()));
    for (auto& event : std::exchange(inbox_, {})) {
        if (const auto* answered = std::get_if<Answered>(&event)) in_flight_.erase(answered->call);
        obey(policy_.step(now, event));
    }
    if (const auto due = policy_.next_deadline(); due && *due <= now) obey(policy_.step(now, Tick{}));

    if (const auto eligible = eligibility(); eligible != told_eligibility_)
        around_.eligibility(told_eligibility_ = eligible);
    const auto ended = around_.core.now();
    around_.observer.turned(ended - turn_ended_.value_or(now));
    turn_ended_ = ended;
    turn_requested_ = false;
    if (!inbox_.empty()) request_turn();
    set_alarm();
}

void Conductor::set_alarm() {
    if (finished_) return around_.core.cancel_alarm();
    auto next = rounds_.next_deadline(around_.core.now());
    if (const auto due = policy_.next_deadline()) next = std::min(next, *due);
    around_.core.wake_at(next, [posted = std::weak_ptr{posted_}] {
        if (const auto alive = posted.lock()) alive->conductor->request_turn();
    });
}

// From top to bottom (policy.hpp). What other threads read is true before anybody is told of it.
void Conductor::obey(const Decision& decision) {
    publish();
    for (const auto call : decision.abandon)
        if (const auto flight = in_flight_.extract(call)) lane(flight.mapped()).abandon(call);
    for (const auto& reply : decision.replies) {
        const auto asked = asks_.extract(reply.ask);
        CONDUCTOR_CHECK(!asked.empty());
        asked.mapped()(reply.error);
    }
    for (const auto& action : decision.actions) perform(action);
    for (const auto& line : decision.lines) around_.observer.say(line);
    for (const auto& count : decision.counts) around_.observer.count(count);
    if (!decision.finished || std::exchange(finished_, true)) return;
    for (auto& finished : std::exchange(on_finished_, {})) later(std::move(finished));
}

void Conductor::perform(const Action& action) {
    const auto where = lane_of(action.task);
    in_flight_.emplace(action.call, where);
    auto answered = [posted = std::weak_ptr{posted_}, call = action.call](Answer answer) {
        const auto alive = posted.lock();
        if (!alive || !alive->conductor->in_flight_.contains(call)) return;  // given up
        alive->conductor->tell(Answered{call, std::move(answer)});
    };
    lane(where).make(action, std::move(answered));
}

void Conductor::follow(const RoundStep& step) {
    if (step.wall_jumped)
        around_.observer.say(
            {Level::warn, "the wall clock has jumped, skipping one verdict", "wall_jumped", {}});
    if (step.verdict) {
        if (step.ended) around_.observer.round_ended(*step.verdict);
        date(*step.verdict);
        tell(Judged{*step.verdict, step.again});
    }
    for (const auto& begin : step.begin) {
        CONDUCTOR_CHECK(begin.check < around_.checks.size());
        auto found = [posted = std::weak_ptr{posted_}, begin,
                      begun = around_.core.now()](const std::optional<Finding>& finding) {
            const auto alive = posted.lock();
            if (!alive) return;
            auto& self = *alive->conductor;
            if (finding)
                self.around_.observer.check_ended(begin.check, self.around_.core.now() - begun, *finding);
            self.follow(self.rounds_.found(self.around_.core.now(), begin.look, finding));
            self.request_turn();  // the alarm may have to come earlier
        };
        around_.checks[begin.check]->judge(begin.limit, std::move(found));
    }
}

void Conductor::date(const Verdict& verdict) {
    const bool same = verdict.healthy == verdict_.healthy && verdict.degraded == verdict_.degraded &&
                      verdict.text == verdict_.text;
    if (!verdict_since_ || !same) verdict_since_ = around_.core.now();
    verdict_ = verdict;
}

CallLane& Conductor::lane(Lane which) {
    return which == Lane::node ? around_.node : around_.group;
}

Eligibility Conductor::eligibility() const {
    const auto& situation = policy_.situation();
    Eligibility now;
    now.eligible = always_eligible_ || (!situation.paused && situation.ready);
    const auto& rows = situation.peers.rows;
    now.other_eligible = std::any_of(rows.begin(), rows.end(), peers::eligible);
    if (!now.eligible) now.why = situation.paused ? "paused" : "not ready";
    return now;
}

void Conductor::publish() {
    const auto& situation = policy_.situation();
    paused_.store(situation.paused);
    healthy_.store(situation.verdict.healthy);
}

}  // namespace conductor::control
