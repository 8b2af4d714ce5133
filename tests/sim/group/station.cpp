#include "station.hpp"

#include <algorithm>
#include <sstream>

#include "block.hpp"
#include "core/control/describe.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration too_old = 15s;      // of the sequencer's newest block: `healthcheck.unsafe-interval`
constexpr Duration commit_limit = 1s;  // a sequencer waits no longer for its commit

control::Failed failed(control::FailureKind kind, const char* text) {
    return {kind, text};
}

}  // namespace

class Station::NodeLane final : public control::CallLane {
public:
    explicit NodeLane(Station& station) : station_{station} {}
    void make(const control::Action& action, std::function<void(control::Answer)> done) override {
        const bool starts = std::holds_alternative<control::StartSequencer>(action.task);
        const bool stops = std::holds_alternative<control::StopSequencer>(action.task);
        // I-4 is about what is sent: a call that was on its way when the operator paused cannot be called back.
        if (station_.conductor_->paused() && (starts || stops))
            throw Violation{starts ? "quiet pause: a paused member starts its sequencer"
                                   : "quiet pause: a paused member stops its sequencer"};
        if (starts) station_.check_start();
        auto& random = station_.world_.random;
        const auto there = random.between(100us, 1ms + station_.sequencer.slow);
        const auto back = random.between(100us, 1ms + station_.sequencer.slow);
        if (!station_.sequencer.up)
            return station_.later(there,
                                  [done] { done(failed(control::FailureKind::unreachable, "refused")); });
        // It is done when the call arrives, whether or not anybody still waits.
        station_.later(there, [this, back, task = action.task, done] {
            auto answer = station_.answer_of(task);
            station_.later(back, [done, answer = std::move(answer)] { done(answer); });
        });
    }
    void abandon(control::Call) override {}

private:
    Station& station_;
};

class Station::GroupLane final : public control::CallLane {
public:
    explicit GroupLane(Station& station) : station_{station} {}
    void make(const control::Action& action, std::function<void(control::Answer)> done) override {
        station_.group_call(action, std::move(done));
    }
    void abandon(control::Call) override {}

private:
    Station& station_;
};

Station::Station(Surroundings& world, Node& node)
    : world_{world},
      node_{node},
      node_lane_{std::make_unique<NodeLane>(*this)},
      group_lane_{std::make_unique<GroupLane>(*this)} {
    sequencer.moved_at = world.schedule.now();
    node.on_elected = [this](Term term) {
        if (conductor_) conductor_->elected(term);
    };
    node.on_stepped_down = [this](Term term) {
        if (conductor_) conductor_->stepped_down(term);
    };
    node.on_leader = [this](bool known) {
        if (conductor_) conductor_->leader_changed(known);
    };
    node.on_head = [this](peers::Head head) {
        if (conductor_) conductor_->head_moved(head);
    };
}

Station::~Station() = default;

void Station::boot() {
    ++epoch_;
    control::PolicySettings policy;
    policy.self = node_.sender().id;
    policy.backoff.seed = world_.random.next();
    control::RoundSettings rounds;
    rounds.checks.resize(1);
    rounds.checks[0].settings.instance = "op-node";
    conductor_ = std::make_unique<control::Conductor>(
        policy, rounds,
        control::Conductor::Surroundings{*this,
                                         *node_lane_,
                                         *group_lane_,
                                         *this,
                                         {this},
                                         [this](const control::Eligibility& e) {
                                             node_.give(node_.life(), consensus::EligibilityChanged{
                                                                          e.eligible, e.other_eligible, e.why});
                                         },
                                         [] {}});
    conductor_->node_ready();
    if (overridden_) override_leader(true);
}

void Station::died() {
    ++epoch_;
    ++alarm_;
    conductor_.reset();
    shelf_.reset();
    committing_ = false;
    handed_over_.clear();  // the pace is kept in memory, as all that control knows
    told_ = seen_ = seen_before_ = {};
}

// For this life of the process, once it is not frozen.
void Station::later(Duration wait, std::function<void()> work) {
    world_.schedule.after(wait, [this, epoch = epoch_, life = node_.life(), work = std::move(work)]() mutable {
        node_.run(life, [this, epoch, work = std::move(work)] {
            if (epoch == epoch_ && conductor_) work();
        });
    });
}

Instant Station::now() const {
    return node_.local_now();
}
std::chrono::nanoseconds Station::wall() const {
    return (now() + wall_ahead_).time_since_epoch();
}

void Station::wake_at(Instant when, std::function<void()> work) {
    const auto name = ++alarm_;
    const auto wait = std::max(node_.world_time(when) - world_.schedule.now(), Duration{});
    later(wait, [this, name, work = std::move(work)] {
        if (name == alarm_) work();
    });
}

void Station::say(const control::Line& line) {
    if (!world_.trace.told()) return;
    std::ostringstream text;
    text << node_.sender().id << " says: " << line.message;
    for (const auto& fact : line.facts) {
        text << ' ' << fact.key << '=';
        std::visit([&](const auto& value) { text << value; }, fact.value);
    }
    world_.trace.line(world_.schedule.now(), text.str());
}

void Station::judge(Duration, std::function<void(std::optional<control::Finding>)> done) {
    later(world_.random.between(1ms, 20ms), [this, done = std::move(done)] {
        control::Finding finding;
        finding.judgement = control::Judgement::healthy;
        if (!sequencer.up || sequencer.sick) {
            finding.judgement = control::Judgement::unhealthy;
            if (!sequencer.up) finding.fault = control::FaultClass::node_down;
        } else if (world_.schedule.now() - sequencer.moved_at > too_old) {
            finding.judgement = control::Judgement::unhealthy;
            finding.fault = control::FaultClass::stale;
        }
        done(finding);
    });
}

// ---- the sequencer's answers ----

control::Answer Station::answer_of(const control::Task& task) {
    using control::FailureKind;
    if (std::holds_alternative<control::AskActive>(task)) return control::ActiveIs{sequencer.active};
    if (std::holds_alternative<control::AskHead>(task)) return control::HeadIs{sequencer.head};
    if (const auto* ask = std::get_if<control::AskBlock>(&task)) {
        const auto block = sequencer.at(ask->number);
        if (!block) return failed(FailureKind::not_found, "not found");
        return control::HeadIs{*block};
    }
    if (const auto* ask = std::get_if<control::PostPayload>(&task)) {
        const auto block = node_.payload(ask->number);
        if (!block) return failed(FailureKind::other, "not in the ring");
        sequencer.take({block->first, block->second}, world_.schedule.now());
        return control::Done{};
    }
    if (const auto* ask = std::get_if<control::FetchPayload>(&task)) {
        const auto* known = sequencer.find(ask->block.hash);
        if (known == nullptr) return failed(FailureKind::not_found, "not found");
        shelf_ = *known;
        return control::Done{};
    }
    if (const auto* ask = std::get_if<control::StartSequencer>(&task)) return started(ask->head);
    const bool was = std::exchange(sequencer.active, false);
    return control::Done{!was, sequencer.head.hash};
}

control::Answer Station::started(const BlockHash& head) {
    if (head != sequencer.head.hash) return failed(control::FailureKind::refused, "block hash does not match");
    if (sequencer.head.number < floor_)
        throw Violation{"fresh start: on block " + std::to_string(sequencer.head.number.value()) + ", and " +
                        std::to_string(floor_.value()) + " was out when leadership was confirmed"};
    drawn_.reset();
    const bool was = std::exchange(sequencer.active, true);
    return control::Done{was, head};
}

// ---- the group ----

void Station::group_call(const control::Action& action, std::function<void(control::Answer)> done) {
    const auto answer = [this, done = std::move(done)](control::Answer what) {
        later({}, [done, what = std::move(what)] { done(what); });
    };
    if (std::holds_alternative<control::RankTargets>(action.task)) return answer(control::Ranked{});
    if (std::holds_alternative<control::ConfirmLead>(action.task)) {
        const auto out = world_.checker.newest_block();
        return node_.confirm([this, out, answer](std::optional<control::Confirmed> confirmed) {
            if (!confirmed) return answer(failed(control::FailureKind::not_leader, "node is not the leader"));
            floor_ = out;
            answer(*confirmed);
        });
    }
    if (const auto* ask = std::get_if<control::TransferLead>(&action.task)) {
        return node_.transfer(ask->target, [this, answer](bool handed) {
            if (handed) note_transfer();
            if (handed) return answer(control::Done{});
            answer(failed(control::FailureKind::other, "it did not work"));
        });
    }
    if (!shelf_) return answer(failed(control::FailureKind::other, "the payload is gone"));
    node_.commit(shelf_->block, shelf_->octets, [answer](bool stored) {
        if (stored) return answer(control::Done{});
        answer(failed(control::FailureKind::other, "not committed"));
    });
}

// ---- producing ----

void Station::produce() {
    if (!sequencer.up || !sequencer.active || committing_) return;
    // What was not committed is asked for again, now and then as another block of the same place.
    const bool again = drawn_ && drawn_->block.parent == sequencer.head.hash && world_.random.next() % 4 != 0;
    if (!again) {
        Checker::Block block{sequencer.head.number.next(), {}, sequencer.head.hash};
        const auto octets = make_block(block.number, block.parent, world_.random.next());
        block.hash = payload::envelope_from_ssz(octets)->hash;
        drawn_ = Sequencer::Known{block, octets};
    }
    if (!node_.awake()) return;
    committing_ = true;
    const auto asked = ++commits_;
    world_.schedule.after(commit_limit, [this, asked] {
        if (asked == commits_) committing_ = false;
    });
    node_.commit(drawn_->block, drawn_->octets,
                 [this, block = *drawn_, asked](bool stored) { committed(block, asked, stored); });
}

void Station::committed(const Sequencer::Known& block, std::uint64_t asked, bool stored) {
    if (asked != commits_ || !committing_) return;  // too late: nobody waits any more
    committing_ = false;
    if (!stored) return;
    sequencer.take(block, world_.schedule.now());
    on_block(block);
}

void Station::derive() {
    const auto& head = node_.head();
    if (!head) return;
    // The newest may have been committed and never answered: then no sequencer has it.
    auto hash = head->hash;
    for (auto number = head->number; sequencer.find(hash) == nullptr;
         number = BlockNumber{number.value() - 1}) {
        const auto block = node_.payload(number);
        if (!block || block->first.hash != hash) return;
        hash = block->first.parent;
    }
    sequencer.derive(hash, world_.schedule.now());
}

void Station::see(peers::View view) {
    told_ = view;
    later({}, [this, view = std::move(view)] {
        seen_before_ = std::exchange(seen_, view);
        seen_at_ = world_.schedule.now();
        conductor_->peers_seen(view);
    });
}

void Station::meet(peers::View members) {
    for (auto& row : members.rows) {
        const auto* before = told_.find(row.member.id);
        if (before == nullptr) continue;
        const auto member = std::exchange(row, *before).member;
        row.member = member;
    }
    see(std::move(members));
}

void Station::override_leader(bool on) {
    overridden_ = on;
    later({}, [this, on] { conductor_->override_leader({on}, [](const std::string&) {}); });
}

void Station::lie(Lie how, std::uint64_t salt) {
    lie_ = how;
    lie_salt_ = salt;
    old_news_ = status();
}

void Station::answer(peers::Row& row) const {
    row.status = lie_ == Lie::old_news ? old_news_ : status();
    if (lie_ == Lie::silence) {
        row.known = false;
        row.age.reset();
        row.status = {};
    }
    if (lie_ != Lie::invention) return;
    consensus::Random draw{lie_salt_ +
                           static_cast<std::uint64_t>(world_.schedule.now().time_since_epoch() / 5s)};
    auto& status = row.status;
    status.health = static_cast<peers::Health>(draw.next() % 5);
    status.paused = static_cast<peers::Says>(draw.next() % 3);
    status.active = static_cast<peers::Says>(draw.next() % 3);
    status.ready = static_cast<peers::Says>(draw.next() % 3);
    if (draw.next() % 3 == 0) status.head.reset();
    if (status.head && draw.next() % 2 == 0) status.head->number = BlockNumber{draw.next() % 2000};
    if (status.head && draw.next() % 2 == 0)
        status.head->hash.bytes.fill(static_cast<std::uint8_t>(draw.next()));
}

// ---- what a start needs, and how often leadership may be handed over ----

// Silence is not consent (conductor.md 1.7.4, 5.5.7, 5.5.8): judged when the call is made, by what this member
// has been told.
void Station::check_start() const {
    const auto why = why_not_start(seen_);
    // What came in this very moment may not have been looked at yet.
    const bool now = seen_at_ == world_.schedule.now();
    if (why && (!now || why_not_start(seen_before_))) throw Violation{*why};
}

std::optional<std::string> Station::why_not_start(const peers::View& seen) const {
    if (node_.voters() > 1 && seen.rows.empty()) return "silence is not consent: a start, and nobody was asked";
    const bool empty = !node_.has_head();
    for (const auto& row : seen.rows) {
        const auto& id = row.member.id.text();
        if (row.status.overridden == peers::Says::yes)
            return "override: a start beside " + id + ", which is overridden";
        if (!empty || !row.member.voter) continue;
        const bool said = row.known && row.status.head && row.status.active != peers::Says::unknown &&
                          row.status.overridden != peers::Says::unknown;
        if (!said) return "silence is not consent: a start on an empty group, and " + id + " has not said all";
    }
    return std::nullopt;
}

void Station::note_transfer() {
    const auto now = world_.schedule.now();
    if (std::exchange(out_then_, world_.checker.newest_block()) != world_.checker.newest_block())
        handed_over_.clear();
    while (!handed_over_.empty() && now - handed_over_.front() > 10s) handed_over_.pop_front();
    handed_over_.push_back(now);
    if (handed_over_.size() > node_.voters() + 4)
        throw Violation{"bounded work: one member hands leadership over " +
                        std::to_string(handed_over_.size()) + " times in ten seconds without a block"};
}

void Station::pause(bool on) {
    later({}, [this, on] {
        on ? conductor_->pause({}, [](const std::string&) {}) : conductor_->resume([](const std::string&) {});
    });
}

peers::Status Station::status() const {
    peers::Status status;
    const auto says = [](bool yes) { return yes ? peers::Says::yes : peers::Says::no; };
    status.id = node_.sender().id;
    status.protocol = peers::Protocol::ours;
    status.health = !sequencer.up || sequencer.sick                        ? peers::Health::unhealthy
                    : world_.schedule.now() - sequencer.moved_at > too_old ? peers::Health::stalled
                                                                           : peers::Health::healthy;
    status.paused = says(conductor_ && conductor_->paused());
    status.overridden = says(overridden_);
    status.active = says(sequencer.active);
    status.ready = says(true);
    if (sequencer.up) status.head = sequencer.head;
    return status;
}

}  // namespace conductor::sim
