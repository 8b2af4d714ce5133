#include "tests/model/control_world.hpp"

#include <algorithm>

namespace conductor::control::model {

namespace {

using namespace std::chrono_literals;

const ServerId self{"a"};
const ServerId other{"b"};
constexpr auto least_wait = 1s;

PolicySettings settings(const Origin& origin) {
    PolicySettings made;
    made.self = self;
    made.paused = origin.paused;
    made.active = peers::says(origin.producing);
    made.rows.startup_grace_span = 2s;
    made.rows.recovery_grace = 4s;
    made.rows.recovery_settle = 1s;
    made.rows.progress_span = 2s;
    made.rows.fault_cooldown_span = 4s;
    made.ladder.catchup_timeout = 3s;
    made.ladder.insert_limit = 2s;
    made.ladder.poll_period = 1s;
    made.ladder.target_memory = 4s;
    made.backoff = {.min = least_wait, .max = 2s, .tolerable_min = 1s, .tolerable_max = 2s, .jitter = false};
    made.pace = {.on = true, .first = 1s, .most = 2s, .spell = 4s};
    made.stop_soft_timeout = 1s;
    made.node_limit = 2s;
    made.refresh_limit = 1s;
    made.confirm_limit = 1s;
    made.transfer_limit = 1s;
    made.rank_limit = 1s;
    made.settle_limit = 1s;
    made.shutdown_limit = 2s;
    made.wedged_after = 2s;
    made.target_memory = 2s;
    if (origin.go) turn_to_go(made);
    switch (origin.planted) {
        case Planted::none:
            break;
        case Planted::no_backoff:
            made.backoff.min = made.backoff.tolerable_min = 0s;
            break;
        case Planted::no_bound:
            made.confirm_limit = 1h;
            break;
        case Planted::deaf_to_override:
            made.ladder.peers_withhold = false;
            break;
        case Planted::deaf_to_silence:
            made.ladder.empty_rule = false;
            break;
        case Planted::no_repair:
            made.ladder.repairs = false;
            break;
    }
    return made;
}

Verdict verdict_of(Fitness fitness) {
    Verdict verdict;
    if (fitness == Fitness::well) return verdict;
    verdict.healthy = false;
    verdict.fault = fitness == Fitness::stale  ? FaultClass::stale
                    : fitness == Fitness::hard ? FaultClass::hard
                                               : FaultClass::node_down;
    verdict.only_stale = fitness == Fitness::stale;
    verdict.text = identity(verdict.fault, "");
    return verdict;
}

Head block(std::uint64_t number, bool forked) {
    Head head{BlockNumber{number}, {}};
    head.hash.bytes.fill(static_cast<std::uint8_t>(number + (forked ? 100 : 0)));
    return head;
}

bool is_call(Turn::Kind kind) {
    return kind == Turn::Kind::answer || kind == Turn::Kind::refuse || kind == Turn::Kind::lose_answer ||
           kind == Turn::Kind::hollow;
}

}  // namespace

std::string to_text(const Turn& turn) {
    constexpr const char* names[] = {"time",   "cycle",       "answer", "refuse", "lose-answer",
                                     "hollow", "late-effect", "elect",  "depose", "health",
                                     "peers",  "crash",       "revive", "block",  "sibling",
                                     "pause",  "resume",      "waive",  "stop"};
    std::string text = names[static_cast<std::size_t>(turn.kind)];
    if (is_call(turn.kind)) text += turn.lane == Lane::node ? " node" : " group";
    constexpr const char* health[] = {"well", "stale", "hard", "node-down"};
    constexpr const char* peers[] = {"unasked", "silent", "fine", "stalled", "overridden"};
    if (turn.kind == Turn::Kind::health) text += std::string{" "} + health[turn.argument];
    if (turn.kind == Turn::Kind::peers) text += std::string{" "} + peers[turn.argument];
    return text;
}

World::World(const Origin& origin)
    : policy_{settings(origin), now_},
      producing_{origin.producing},
      paused_{origin.paused},
      empty_{origin.empty},
      ring_{origin.ring},
      go_{origin.go} {
    switch (origin.stand) {
        case Stand::level:
            break;
        case Stand::one_behind:
            el_number_ = 4;
            break;
        case Stand::two_behind:
            el_number_ = 3;
            break;
        case Stand::ahead:
            el_number_ = 6;
            break;
        case Stand::forked:
            forked_ = true;
            break;
    }
    see_peers(origin.peers);
}

Head World::fsm() const {
    return block(fsm_number_, false);
}
Head World::el() const {
    return block(el_number_, forked_);
}

const Action* World::flight(Lane lane) const {
    for (const auto& action : in_flight_)
        if (lane_of(action.task) == lane) return &action;
    return nullptr;
}

std::vector<Turn> World::turns() const {
    using Kind = Turn::Kind;
    std::vector<Turn> turns;
    if (finished_) return turns;
    if (policy_.next_deadline()) turns.push_back({Kind::time});
    for (const auto lane : {Lane::node, Lane::group}) {
        const auto* action = flight(lane);
        if (!action) continue;
        turns.push_back({Kind::answer, lane});
        // The environment has as many whims as its budget; a fault of a call is one of them.
        if (budget <= 0) continue;
        turns.push_back({Kind::refuse, lane});
        const auto& task = action->task;
        if (std::holds_alternative<StartSequencer>(task) || std::holds_alternative<StopSequencer>(task) ||
            std::holds_alternative<CommitPayload>(task) || std::holds_alternative<TransferLead>(task))
            turns.push_back({Kind::lose_answer, lane});
        if (std::holds_alternative<TransferLead>(task)) turns.push_back({Kind::hollow, lane});
    }
    turns.push_back({Kind::cycle});
    if (ghost_) turns.push_back({Kind::late_effect});
    if (budget <= 0) return turns;

    turns.push_back({leads_ ? Kind::depose : Kind::elect});
    if (leads_) turns.push_back({Kind::elect});  // deposed and elected again, unseen
    for (std::uint8_t fitness = 0; fitness < 4; ++fitness)
        if (fitness != static_cast<std::uint8_t>(fitness_))
            turns.push_back({Kind::health, Lane::node, fitness});
    for (std::uint8_t peers = 1; peers < 5; ++peers)
        if (peers != static_cast<std::uint8_t>(peers_)) turns.push_back({Kind::peers, Lane::node, peers});
    turns.push_back({up_ ? Kind::crash : Kind::revive});
    if (leads_ && producing_ && up_) {
        if (fsm_number_ < 7) turns.push_back({Kind::block});
        turns.push_back({Kind::sibling});
    }
    turns.push_back({paused_ ? Kind::resume : Kind::pause});
    if (leads_ && !waived_) turns.push_back({Kind::waive});
    if (!stopping_) turns.push_back({Kind::stop});
    return turns;
}

void World::take(const Turn& turn) {
    using Kind = Turn::Kind;
    if (turn.kind != Kind::time && turn.kind != Kind::cycle && turn.kind != Kind::answer &&
        turn.kind != Kind::late_effect)
        --budget;
    switch (turn.kind) {
        case Kind::time: {
            const auto due = policy_.next_deadline();
            if (due && *due > now_) {
                now_ = *due;
                at_this_instant_ = 0;
            }
            return give(Tick{});
        }
        case Kind::cycle:
            return give(Judged{verdict_of(fitness_)});
        case Kind::answer:
            return carry_out(turn.lane, true, true);
        case Kind::refuse:
            return carry_out(turn.lane, false, false);
        case Kind::lose_answer:
            return carry_out(turn.lane, true, false);
        case Kind::hollow: {
            const auto call = flight(turn.lane)->call;
            std::erase_if(in_flight_, [&](const Action& action) { return action.call == call; });
            return give(Answered{call, Done{}});
        }
        case Kind::late_effect: {
            const auto task = *std::exchange(ghost_, std::nullopt);
            (void)perform(task);
            return;
        }
        case Kind::elect:
            leads_ = true;
            term_ = term_.next();
            yields_ = 0;
            waived_ = false;
            forget_failures();
            return give(RoleChanged{true, term_, true});
        case Kind::depose:
            leads_ = false;
            waived_ = false;
            term_ = term_.next();
            forget_failures();
            return give(RoleChanged{false, term_, true});
        case Kind::health:
            fitness_ = static_cast<Fitness>(turn.argument);
            forget_failures();
            return give(Judged{verdict_of(fitness_)});
        case Kind::peers:
            return see_peers(static_cast<Peers>(turn.argument));
        case Kind::crash:
            up_ = producing_ = false;
            return;
        case Kind::revive:
            up_ = true;
            return;
        case Kind::block:
            el_number_ = ++fsm_number_;
            empty_ = forked_ = false;
            return give(HeadMoved{fsm()});
        case Kind::sibling:
            return give(SiblingRefused{});
        case Kind::pause:
            paused_ = true;
            asked_to_resume_ = false;
            forget_failures();
            return give(PauseAsked{OperatorAsk{1}});
        case Kind::resume:
            asked_to_resume_ = true;
            return give(ResumeAsked{OperatorAsk{2}});
        case Kind::waive:
            waived_ = true;
            forget_failures();
            return give(WaiveAsked{OperatorAsk{3}});
        case Kind::stop:
            stopping_ = true;
            forget_failures();
            return give(StopAsked{});
    }
}

// What the node or the group does when it does what it is asked.
Answer World::perform(const Task& task) {
    if (lane_of(task) == Lane::node && !up_) return Failed{FailureKind::unreachable, "down"};
    if (std::holds_alternative<AskActive>(task)) return ActiveIs{producing_};
    if (std::holds_alternative<AskHead>(task)) return HeadIs{el()};
    if (const auto* ask = std::get_if<AskBlock>(&task)) {
        if (ask->number > el().number) return Failed{FailureKind::not_found, "not found"};
        return HeadIs{block(ask->number.value(), forked_)};
    }
    if (const auto* post = std::get_if<PostPayload>(&task)) {
        el_number_ = std::max(el_number_, post->number.value());
        return Done{};
    }
    if (std::holds_alternative<FetchPayload>(task)) return Done{};
    if (const auto* start = std::get_if<StartSequencer>(&task)) {
        if (producing_) return Done{true, {}};
        if (start->head != el().hash) return Failed{FailureKind::remote_error, "block hash does not match"};
        producing_ = true;
        return Done{};
    }
    if (std::holds_alternative<StopSequencer>(task)) {
        const bool was = std::exchange(producing_, false);
        return Done{!was, el().hash};
    }
    if (std::holds_alternative<ConfirmLead>(task)) {
        if (!leads_) return Failed{FailureKind::not_leader, "node is not the leader"};
        confirmed_term_ = term_;
        confirmed_head_ = empty_ ? std::nullopt : std::optional{fsm()};
        return Confirmed{term_, confirmed_head_,
                         ring_ && !empty_ ? std::optional{BlockNumber{3}} : std::nullopt};
    }
    if (std::holds_alternative<CommitPayload>(task)) {
        if (!leads_) return Failed{FailureKind::not_leader, "node is not the leader"};
        fsm_number_ = el_number_;
        empty_ = false;
        return Done{};
    }
    if (std::holds_alternative<RankTargets>(task)) return peers_ == Peers::fine ? Ranked{{other}} : Ranked{};
    // A transfer that works deposes us before it is answered.
    leads_ = false;
    waived_ = false;
    term_ = term_.next();
    return Done{};
}

void World::carry_out(Lane lane, bool effect, bool tell) {
    const auto action = *flight(lane);
    std::erase_if(in_flight_, [&](const Action& other_action) { return other_action.call == action.call; });
    const bool led = leads_;
    Answer answer = Failed{FailureKind::remote_error, "refused"};
    const auto head_before = fsm_number_;
    if (effect) answer = perform(action.task);
    if (effect && !tell) answer = Failed{FailureKind::timed_out, "lost"};

    const auto* failed = std::get_if<Failed>(&answer);
    if (failed && std::holds_alternative<ConfirmLead>(action.task)) failed_confirm_ = now_;
    if (failed && std::holds_alternative<StopSequencer>(action.task)) failed_stop_ = now_;
    if (std::holds_alternative<StartSequencer>(action.task) && !failed) waived_ = false;
    if (const auto* told = std::get_if<ActiveIs>(&answer)) {
        if (peers::says(told->active) != policy_.situation().active) forget_failures();
    }
    if (led && !leads_) {
        forget_failures();
        give(RoleChanged{false, term_, true});
    }
    if (fsm_number_ != head_before) give(HeadMoved{fsm()});
    give(Answered{action.call, answer});
}

void World::see_peers(Peers peers) {
    peers_ = peers;
    peers::Row row;
    row.member = {other, true, peers::Reach::configured};
    row.asked = peers != Peers::unasked;
    row.known = peers == Peers::fine || peers == Peers::stalled || peers == Peers::overridden;
    if (row.known) {
        row.status.health = peers == Peers::fine ? peers::Health::healthy : peers::Health::stalled;
        row.status.paused = row.status.active = peers::Says::no;
        row.status.overridden = peers::says(peers == Peers::overridden);
        row.status.ready = peers::Says::yes;
        row.status.head = block(3, false);
    }
    forget_failures();
    give(PeersSeen{{{row}}});
}

void World::forget_failures() {
    failed_confirm_.reset();
    failed_stop_.reset();
}

void World::give(const Event& event) {
    look_at(policy_.step(now_, event));
}

void World::break_promise(const std::string& what) {
    if (broken_.empty()) broken_ = what;
}

void World::look_at(const Decision& decision) {
    for (const auto call : decision.abandon) {
        const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                        [&](const Action& action) { return action.call == call; });
        if (found == in_flight_.end()) continue;
        if (std::holds_alternative<StartSequencer>(found->task) ||
            std::holds_alternative<StopSequencer>(found->task))
            ghost_ = found->task;
        in_flight_.erase(found);
    }
    for (const auto& reply : decision.replies)
        if (reply.ask == OperatorAsk{2}) {
            asked_to_resume_ = false;
            if (reply.error.empty()) paused_ = false;
        }
    if (policy_.situation().paused != paused_) break_promise("the conductor is paused against its orders");
    for (const auto& action : decision.actions) {
        look_at(action);
        in_flight_.push_back(action);
    }
    finished_ = finished_ || decision.finished;
    if (finished_ && !decision.actions.empty()) break_promise("an action after the end");
    if (policy_.situation().leads != leads_ && !decision.actions.empty() && leads_)
        break_promise("leadership is believed otherwise than consensus says");
    const auto lanes = std::count_if(in_flight_.begin(), in_flight_.end(),
                                     [](const Action& action) { return lane_of(action.task) == Lane::node; });
    if (lanes > 1 || std::ssize(in_flight_) - lanes > 1) break_promise("two calls in one lane");
    const auto due = policy_.next_deadline();
    if (!in_flight_.empty() && !due) break_promise("a call without a bound");
    at_this_instant_ += static_cast<int>(decision.actions.size());
    if (at_this_instant_ > 60) break_promise("work without end in one instant");
}

void World::look_at(const Action& action) {
    const auto& task = action.task;
    const bool starts = std::holds_alternative<StartSequencer>(task);
    const bool stops = std::holds_alternative<StopSequencer>(task);
    const bool transfers = std::holds_alternative<TransferLead>(task);

    if (action.limit > 2s) break_promise("a call without a bound");
    if (paused_ && (starts || stops)) break_promise("quiet pause: start or stop while paused");
    if (paused_ && transfers) {
        if (++yields_ > 1) break_promise("quiet pause: a second yield in one reign");
        if (peers_ != Peers::fine && peers_ != Peers::stalled)
            break_promise("silence is not consent: yield to a member that is not known to be fit");
    }
    if (starts) {
        const auto head = std::get<StartSequencer>(task).head;
        if (confirmed_term_ != term_ || !leads_) break_promise("fresh start: not confirmed in this term");
        if (confirmed_head_ && head != confirmed_head_->hash) break_promise("fresh start: another head");
        if (confirmed_head_ && *confirmed_head_ != fsm()) break_promise("fresh start: the head has moved");
        if (!confirmed_head_ && !empty_) break_promise("fresh start: a payload was committed meanwhile");
        if (!go_ && peers_ == Peers::overridden) break_promise("a start beside an overridden conductor");
        if (!go_ && peers_ == Peers::unasked) break_promise("a start before the peers were asked");
        if (empty_ && (go_ || (peers_ == Peers::silent && !waived_)))
            break_promise("silence is not consent: an empty group was started without its voters' word");
        if (fitness_ == Fitness::node_down) break_promise("a start although the node is known to be down");
    }
    if (stops && leads_ && fitness_ == Fitness::well && !stopping_ && !policy_.situation().sibling)
        break_promise("a healthy leader was stopped");
    // No failing action is repeated before its back-off has passed.
    if (std::holds_alternative<ConfirmLead>(task) && failed_confirm_ && now_ - *failed_confirm_ < least_wait)
        break_promise("back-off: leadership is confirmed again at once");
    if (stops && failed_stop_ && now_ - *failed_stop_ < least_wait)
        break_promise("back-off: the sequencer is stopped again at once");
}

bool World::settled(bool as_leader) const {
    if (stopping_) return finished_;
    if (!in_flight_.empty()) return false;
    const auto& s = policy_.situation();
    if (as_leader) return producing_ && s.active == Active::yes && s.prev == Triple{true, true, true};
    return !producing_ && s.active == Active::no && s.prev == Triple{false, true, false};
}

std::string World::unsettled(bool as_leader) const {
    auto calm = *this;
    calm.budget = 1000000;
    calm.up_ = true;
    calm.forked_ = false;
    calm.ghost_.reset();
    if (calm.el_number_ < calm.fsm_number_ && !calm.ring_) calm.el_number_ = calm.fsm_number_;  // gossip
    if (calm.go_) calm.el_number_ = calm.fsm_number_;
    calm.take({Turn::Kind::health, Lane::node, static_cast<std::uint8_t>(Fitness::well)});
    calm.see_peers(Peers::fine);
    if (as_leader != calm.leads_) calm.take({as_leader ? Turn::Kind::elect : Turn::Kind::depose});
    if (calm.paused_ && !calm.asked_to_resume_ && !calm.stopping_) calm.take({Turn::Kind::resume});

    const auto until = calm.now_ + 30s;
    auto cycle_at = calm.now_ + 1s;
    for (int guard = 0; guard < 2000 && calm.now_ < until; ++guard) {
        if (calm.settled(as_leader)) return {};
        if (calm.flight(Lane::node))
            calm.take({Turn::Kind::answer, Lane::node});
        else if (calm.flight(Lane::group))
            calm.take({Turn::Kind::answer, Lane::group});
        else if (const auto due = calm.policy_.next_deadline(); due && *due < cycle_at)
            calm.take({Turn::Kind::time});
        else {
            calm.now_ = cycle_at;
            calm.at_this_instant_ = 0;
            cycle_at += 1s;
            calm.take({Turn::Kind::cycle});
        }
        // A transfer that was under way may still carry leadership off once; the group gives it back.
        if (as_leader && !calm.leads_ && !calm.stopping_) calm.take({Turn::Kind::elect});
        if (!calm.broken_.empty()) return calm.broken_;
    }
    return calm.settled(as_leader) ? std::string{} : "progress: " + calm.fingerprint();
}

std::string World::fingerprint() const {
    std::string text = policy_.fingerprint(now_);
    for (const bool flag : {leads_, up_, producing_, paused_, asked_to_resume_, empty_, stopping_, finished_,
                            waived_, forked_, confirmed_term_ == term_, yields_ > 0})
        text += flag ? '1' : '0';
    for (const auto value : {fsm_number_, el_number_, static_cast<std::uint64_t>(fitness_),
                             static_cast<std::uint64_t>(peers_), static_cast<std::uint64_t>(budget)})
        text += std::to_string(value) + ",";
    if (confirmed_head_) text += std::to_string(confirmed_head_->number.value());
    if (ghost_) text += name_of(*ghost_);
    for (const auto& failed : {failed_confirm_, failed_stop_})
        text += failed && now_ - *failed < least_wait ? 'f' : '-';
    return text;
}

}  // namespace conductor::control::model
