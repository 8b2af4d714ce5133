#include "stage.hpp"

#include <sstream>

#include "tests/sim/group/block.hpp"
#include "tests/sim/group/real_disk.hpp"

namespace conductor::scenario {

using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 30s;  // of the verbs that wait

sim::Plan plan_of(const Cast& cast) {
    sim::Plan plan;
    plan.seed = 1;
    plan.voters = cast.voters;
    plan.spares = cast.spares;
    plan.octets_declared = 4;  // a block does not fit into one frame
    plan.block_time = 1s;
    plan.raft.add_voter_at_once = cast.votes_at_once;
    if (cast.real_store) plan.troubles.set(static_cast<std::size_t>(sim::Trouble::real_store));
    if (cast.control) plan.troubles.set(static_cast<std::size_t>(sim::Trouble::control));
    if (cast.compact) {
        plan.raft.snapshot_interval = 200ms;
        plan.raft.snapshot_threshold = *cast.compact;
        plan.raft.trailing_logs = plan.raft.trailing_payloads = 1;
    }
    return plan;
}

}  // namespace

Stage::Stage(const Cast& cast) : World{plan_of(cast)} {
    found_group();
    if (!cast.control) return;
    keep_producing();
    keep_polling();
}

const consensus::Raft& Stage::raft(Who who) {
    if (!running(who)) throw Impossible{"it is down"};
    return node(who).raft();
}

bool Stage::until(Duration limit, const std::function<bool()>& so) {
    for (Duration passed{}; passed < limit && !so(); passed += 1ms) run_for(1ms);
    return so();
}

void Stage::elect(Who who) {
    const auto chief = [this]() -> std::optional<Who> {
        for (Who one = 0; one < size(); ++one)
            if (leads(one)) return one;
        return std::nullopt;
    };
    if (!until(patience, [&] { return chief().has_value(); })) throw Impossible{"nobody is elected"};
    const auto settled = [&] {
        const auto one = chief();
        return one && node(*one).raft().commit_index() == node(*one).raft().last().index;
    };
    (void)until(1s, settled);
    if (const auto one = chief(); one && one != who) node(*one).transfer(node(who).sender().id, [](bool) {});
    if (!until(patience, [&] { return leads(who) && settled(); })) throw Impossible{"it is not elected"};
}

void Stage::commit(Who who, unsigned blocks) {
    for (unsigned i = 0; i < blocks; ++i) {
        const auto name = "#" + std::to_string(++unnamed_);
        propose(who, name);
        if (!until(patience, [&] { return answer(name).has_value(); }))
            throw Impossible{"a block is not answered"};
        if (!*answer(name)) throw Impossible{"a block is refused"};
    }
}

void Stage::propose(Who who, const std::string& name) {
    const auto& head = node(who).head();
    propose(who, name, head ? head->number.next() : BlockNumber{1}, head ? head->hash : BlockHash{});
}

void Stage::propose_beside(Who who, const std::string& name, const std::string& other) {
    propose(who, name, block(other).number, block(other).parent);
}

void Stage::propose_on(Who who, const std::string& name, const std::string& parent) {
    propose(who, name, block(parent).number.next(), block(parent).hash);
}

void Stage::propose(Who who, const std::string& name, BlockNumber number, const BlockHash& parent) {
    const auto made = make(name, number, parent);
    node(who).commit(made.block, made.octets, [this, name](bool taken) { answers_[name] = taken; });
}

sim::Sequencer::Known Stage::make(const std::string& name, BlockNumber number, const BlockHash& parent) {
    const auto octets = sim::make_block(number, parent, sim::digest(as_octets(name)));
    const sim::Checker::Block made{number, payload::envelope_from_ssz(octets)->hash, parent};
    blocks_[name] = made;
    return {made, octets};
}

const sim::Checker::Block& Stage::block(const std::string& name) const {
    const auto found = blocks_.find(name);
    if (found == blocks_.end()) throw Impossible{"there is no block " + name};
    return found->second;
}

void Stage::make_alone(Who who, const std::string& name) {
    auto& sequencer = station(who).sequencer;
    sequencer.take(make(name, sequencer.head.number.next(), sequencer.head.hash), schedule_.now());
}

sim::Station& Stage::station(Who who) {
    if (stations_.empty()) throw Impossible{"there are no control loops"};
    return *stations_[who];
}

void Stage::pause(Who who, bool on) {
    if (!stations_.empty()) return station(who).pause(on);
    tell(who, on ? consensus::EligibilityChanged{false, true, "paused"} : consensus::EligibilityChanged{});
}

bool Stage::produces(Who who) {
    return station(who).sequencer.active;
}

void Stage::fail_to_start(Who who) {
    if (running(who)) throw Impossible{"it is up"};
    try {
        node(who).boot();
    } catch (const sim::RealDisk::Refused&) {
        return;
    }
    throw Impossible{"it starts"};
}

void Stage::spoil_vote(Who who, Slot slot) {
    if (running(who)) throw Impossible{"it is up"};
    auto* disk = dynamic_cast<sim::RealDisk*>(&node(who).disk());
    if (disk == nullptr) throw Impossible{"only the real store has slots"};
    disk->spoil_vote(slot == Slot::second);
}

void Stage::isolate(Who who) {
    for (Who far = 0; far < size(); ++far) cut(who, far), cut(far, who);
}

void Stage::stop(Who who, bool power) {
    if (!running(who)) throw Impossible{"it is down"};
    node(who).crash(power, power);
}

void Stage::restart_empty(Who who) {
    if (running(who)) node(who).crash(true, false);
    node(who).disk().wipe();
    wiped_ = who;
    checker_.wiped(who);
    start(who);
}

void Stage::ask(Who who, consensus::Change change, Who whom) {
    const auto& id = node(whom).sender().id;
    node(who).step(consensus::ChangeAsked{node(who).next_ask(), change, id, id.text() + ":1", {}});
}

void Stage::hand_over(Who who, const ServerId& target) {
    handed_over_.reset();
    node(who).transfer(target, [this](bool worked) { handed_over_ = worked; });
}

bool Stage::leads(Who who) {
    return running(who) && node(who).awake() && node(who).leading_until() > schedule_.now();
}

std::uint64_t Stage::blocks(Who who) {
    const auto& head = node(who).head();
    return running(who) && head ? head->number.value() : 0;
}

bool Stage::has(Who who, const std::string& name) {
    const auto& named = block(name);
    if (!running(who)) return false;
    const auto held = node(who).payload(named.number);
    return held && held->first.hash == named.hash;
}

std::optional<bool> Stage::answer(const std::string& name) const {
    const auto found = answers_.find(name);
    return found == answers_.end() ? std::nullopt : std::optional{found->second};
}

std::string Stage::text() {
    std::ostringstream out;
    for (Who who = 0; who < size(); ++who) out << node(who).text();
    return out.str();
}

}  // namespace conductor::scenario
