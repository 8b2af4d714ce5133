#include "world.hpp"

#include <algorithm>
#include <sstream>

#include "core/consensus/membership.hpp"
#include "real_disk.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t busiest = 50'000;   // events within a millisecond
constexpr int calm_rounds = 10;             // election time-outs until blocks flow again (reliability.md 3.1)
constexpr int calm_rounds_controlled = 60;  // the sequencers must be found fit, and be fed what they lack
constexpr int catch_up_rounds = 30;         // until every member has them

}  // namespace

// Two that say at one moment that they lead.
void World::ask_who_leads() const {
    const auto says = std::ranges::count_if(nodes_, [](const auto& one) { return one->says_that_it_leads(); });
    if (says > 1) throw Violation{"honest leadership: two members say that they lead"};
}

World::World(Plan plan, std::ostream* tell)
    : plan_{std::move(plan)},
      random_{plan_.seed ^ 0x5eedULL},
      size_{plan_.voters + plan_.spares},
      checker_{size_},
      network_{schedule_,
               size_,
               plan_.seed ^ 0x2e7ULL,
               {[this](Who who) -> std::optional<std::uint64_t> {
                    if (!nodes_[who]->running()) return std::nullopt;
                    return nodes_[who]->life();
                },
                [this](Who who) -> const consensus::Sender& { return nodes_[who]->sender(); },
                [this](Who who, std::uint64_t life, consensus::Input input) {
                    nodes_[who]->give(life, std::move(input));
                }}},
      around_{plan_, schedule_, network_, checker_, trace_, random_} {
    if (tell != nullptr) trace_.tell_to(*tell);
    for (Who who = 0; who < size_; ++who) {
        const bool drifts = plan_.has(Trouble::drift);
        const auto ppm = drifts ? static_cast<std::int64_t>(random_.next() % 2001) - 1000 : 0;
        const NodeClock clock{schedule_.now(), drifts ? random_.between(0s, 1000s) : 0s, ppm};
        std::unique_ptr<Disk> disk;
        if (plan_.has(Trouble::real_store)) {
            disk = std::make_unique<RealDisk>(random_.next());
        } else {
            disk = std::make_unique<ModelDisk>();
        }
        nodes_.push_back(std::make_unique<Node>(around_, who, std::move(disk), clock));
        auto& made = *nodes_.back();
        made.on_step = [this](Who stepping) { stepped(stepping); };
        made.copies = [this](const consensus::Configuration& members, consensus::Position position) {
            return copies(members, position);
        };
        made.on_failed_disk = [this](Who failed, Duration wait) {
            schedule_.after(wait, [this, failed] { start(failed); });
        };
    }
    for (Who who = 0; plan_.has(Trouble::control) && who < size_; ++who) {
        node(who).controlled = true;
        stations_.push_back(std::make_unique<Station>(around_, node(who)));
        stations_[who]->on_block = [this, who](const Sequencer::Known& block) { gossip(who, block); };
        node(who).on_death = [this, who] { stations_[who]->died(); };
    }
    began_ = schedule_.now();
    for (std::size_t i = 0; i < trouble_count; ++i) dice_.emplace_back(plan_.seed * 1000003 + i);
}

Result World::run() {
    try {
        found_group();
        unleash();
        keep_producing();
        if (!stations_.empty()) keep_polling();
        run_for(plan_.span);
        calm();
    } catch (const std::exception& violation) {
        std::ostringstream text;
        text << violation.what() << "\n  after "
             << std::chrono::duration_cast<std::chrono::milliseconds>(schedule_.now().time_since_epoch())
                        .count() -
                    1'000'000
             << " ms";
        for (const auto& one : nodes_) text << one->text();
        throw Violation{text.str()};
    }
    Result result;
    result.span = elapsed();
    result.trace = trace_.hash();
    result.blocks = checker_.acknowledged();
    result.elections = checker_.elections();
    result.troubles = troubles_made_;
    for (const auto& one : nodes_) {
        result.steps += one->steps();
        result.snapshots += one->snapshots_sent();
    }
    return result;
}

// The first members know each other, as after a bootstrap and its additions.
void World::found_group() {
    consensus::Entry first;
    first.position = {Term{1}, LogIndex{1}};
    first.type = consensus::EntryType::configuration;
    auto members = std::make_shared<consensus::Configuration>();
    for (Who who = 0; who < plan_.voters; ++who)
        members->servers.push_back({node(who).sender().id, node(who).sender().id.text() + ":1", {}});
    first.configuration = members;
    DiskWrite write;
    write.what.hard_state = consensus::HardState{Term{1}, {}, {}};
    write.what.entries = {first};
    checker_.writes(0, {}, write.what.entries);
    for (Who who = 0; who < plan_.voters; ++who) {
        (void)node(who).disk().open();
        node(who).disk().write({&write, 1});
    }
    for (Who who = 0; who < size_; ++who) start(who);
}

void World::start(Who who) {
    if (node(who).running()) return;
    if (node(who).disk_weather.unreadable) {
        schedule_.after(1s, [this, who] { start(who); });
        return;
    }
    try {
        node(who).boot();
    } catch (const RealDisk::Refused& refused) {
        // It says what is bad, and does not guess: an operator puts in another disk.
        trace_.line(schedule_.now(), "a store does not open: " + refused.why);
        replace_disk(who);
        node(who).boot();
    }
    if (!stations_.empty()) {
        stations_[who]->boot();
        stations_[who]->see(view_of(who, false));
    }
    // An operator says of a member that never held anything that it is new (`raft.join=new`).
    const bool asks = node(who).empty_at_boot && wiped_ == who;
    if (asks) node(who).step(consensus::VoteHoldChanged{consensus::VoteHold::asking});
    if (node(who).raft().vote_hold() != consensus::VoteHold::asking) return;
    ask_about_vote(who, node(who).life());
}

// raft-wire 5.4.1, with two differences. Where nobody can be asked, it asks again. And whoever lists it at all
// counts: a leader that found out that this member forgets has taken its vote already, perhaps without a
// quorum.
void World::ask_about_vote(Who who, std::uint64_t life) {
    schedule_.after(random_.between(50ms, 300ms), [this, who, life] {
        if (!node(who).running() || node(who).life() != life) return;
        bool answered = size_ == 1;
        bool listed = false;
        for (Who other = 0; other < size_; ++other) {
            if (other == who || !node(other).awake()) continue;
            if (!network_.reaches(who, other) || !network_.reaches(other, who)) continue;
            const auto& members = node(other).raft().latest_configuration();
            if (members.servers.empty()) continue;
            answered = true;
            listed = listed || consensus::find_server(members, node(who).sender().id) != nullptr;
        }
        if (!answered) return ask_about_vote(who, life);
        node(who).give(
            life, consensus::VoteHoldChanged{listed ? consensus::VoteHold::held : consensus::VoteHold::none});
    });
}

void World::run_for(Duration span) {
    const auto end = schedule_.now() + span;
    auto moment = schedule_.now();
    std::uint64_t busy = 0;
    while (schedule_.run_next(end)) {
        if (schedule_.now() - moment > 1ms) {
            moment = schedule_.now();
            busy = 0;
        }
        if (++busy > busiest) throw Violation{"bounded work: the group is busy without end at one moment"};
    }
}

void World::keep_producing() {
    for (auto& one : nodes_) {
        one->produce(++salt_);
        one->read(checker_.committed());
    }
    ask_who_leads();
    for (auto& one : stations_) one->produce();
    schedule_.after(plan_.block_time, [this] { keep_producing(); });
}

void World::gossip(Who from, const Sequencer::Known& block) {
    for (Who to = 0; to < size_; ++to) {
        if (to == from) continue;
        const bool late = plan_.has(Trouble::late_gossip) && troubled_ && random_.next() % 3 == 0;
        const auto most = random_.next() % 2 == 0 ? 10s : 90s;  // in the end other nodes hand it on
        schedule_.after(random_.between(5ms, late ? Duration{most} : 50ms),
                        [this, to, block] { stations_[to]->gossiped(block); });
    }
}

// In the end every node has what any of them has, and a branch that the group did not take is given up: one
// that a member acknowledged below the head (I-7) is repaired by no conductor. Late, so that conductors must
// have done first what they can.
void World::share_blocks() {
    for (const auto& from : stations_)
        from->sequencer.for_each([this](const Sequencer::Known& block) {
            schedule_.after(random_.between(1s, 10s), [this, block] {
                for (const auto& to : stations_) to->gossiped(block);
            });
        });
    schedule_.after(40s, [this] {
        for (const auto& station : stations_) station->derive();
    });
}

// The peers' RPC: each host asks the others once a second.
void World::keep_polling() {
    for (Who who = 0; who < size_; ++who)
        if (node(who).awake()) stations_[who]->see(view_of(who, true));
    schedule_.after(1s, [this] { keep_polling(); });
}

peers::View World::view_of(Who who, bool asked) const {
    peers::View view;
    for (const auto& server : nodes_[who]->raft().latest_configuration().servers) {
        const auto other = letter_of(server.id);
        if (other == who) continue;
        auto& row = view.rows.emplace_back();
        row.member = {server.id, server.suffrage == consensus::Suffrage::voter, peers::Reach::configured};
        row.asked = asked;
        row.known =
            asked && nodes_[other]->awake() && network_.reaches(who, other) && network_.reaches(other, who);
        if (!row.known) continue;
        row.age = Duration{};
        stations_[other]->answer(row);
    }
    return view;
}

std::optional<std::size_t> World::leader() const {
    std::optional<Who> best;
    for (Who who = 0; who < size_; ++who) {
        if (!nodes_[who]->running() || nodes_[who]->raft().role() != consensus::Role::leader) continue;
        if (!best || nodes_[who]->raft().term() > nodes_[*best]->raft().term()) best = who;
    }
    return best;
}

std::pair<std::size_t, std::size_t> World::copies(const consensus::Configuration& members,
                                                  consensus::Position position) const {
    std::size_t held = 0;
    std::size_t voters = 0;
    for (const auto& server : members.servers) {
        if (server.suffrage != consensus::Suffrage::voter) continue;
        ++voters;
        const auto& one = *nodes_[letter_of(server.id)];
        if (wiped_.has_value() || one.disk().holds(position)) ++held;
    }
    return {held, voters};
}

void World::stepped(Who who) {
    auto& one = node(who);
    const auto& raft = one.raft();
    if (const auto& obeyed = raft.leader().id; !obeyed.empty())
        checker_.follows(who, raft.term(), letter_of(obeyed));
    // At once, as core/daemon does: a vote may be new, and its owner lead, before the next poll.
    if (!stations_.empty() && met_[who] != raft.latest_configuration().servers) {
        met_[who] = raft.latest_configuration().servers;
        stations_[who]->meet(view_of(who, false));
    }
    if (raft.role() != consensus::Role::leader) return;
    checker_.leads(who, raft.term(), [&](LogIndex index) { return one.log_at(index); });
    if (one.leading_until() <= schedule_.now()) return;
    for (Who other = 0; other < size_; ++other)
        if (other != who && node(other).running() && node(other).leading_until() > schedule_.now())
            throw Violation{"honest leadership: two members say that they lead"};
}

// ---- calm ----

bool World::settled() const {
    const auto chief = leader();
    if (!chief || nodes_[*chief]->leading_until() <= schedule_.now()) return false;
    const auto& members = nodes_[*chief]->raft().latest_configuration();
    const auto commit = nodes_[*chief]->raft().commit_index();
    if (commit < checker_.committed()) return false;
    return std::ranges::all_of(nodes_, [&](const auto& one) {
        if (consensus::find_server(members, one->sender().id) == nullptr) return true;
        return one->applied().value() + 3 >= commit.value();
    });
}

void World::calm() {
    trace_.line(schedule_.now(), "calm");
    troubled_ = false;
    network_.heal();
    network_.weather = {};
    for (Who who = 0; who < size_; ++who) {
        node(who).thaw();
        node(who).end_stall();
        start(who);
        if (stations_.empty()) {
            node(who).give(node(who).life(), consensus::EligibilityChanged{});
            continue;
        }
        auto& sequencer = stations_[who]->sequencer;
        sequencer.up = true;
        sequencer.sick = false;
        sequencer.slow = {};
        stations_[who]->pause(false);
        stations_[who]->override_leader(false);
        stations_[who]->lie(Station::Lie::none, 0);
    }
    share_blocks();
    const auto round = plan_.raft.election_timeout;
    // A connection that carries nothing is given up after its deadline, and only then is another one made.
    run_for(5s);
    const auto before = checker_.acknowledged();
    bool flows = false;
    const auto rounds = stations_.empty() ? calm_rounds : calm_rounds_controlled;
    for (int i = 0; i < rounds && !flows; ++i) {
        run_for(round);
        flows = checker_.acknowledged() >= before + 2;
    }
    if (!flows) throw Violation{"progress: no blocks flow in the calm"};
    for (int i = 0; i < catch_up_rounds; ++i) {
        if (settled()) return;
        run_for(round);
    }
    throw Violation{"progress: not every member has caught up in the calm"};
}

}  // namespace conductor::sim
