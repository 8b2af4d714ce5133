// The group of tests/sim on a stage: nothing happens but what a script says. Time moves only where it is told
// to, and the rules that no single member can check are checked behind every step, as in a simulation.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/sim/group/world.hpp"

namespace conductor::scenario {

/// How a group is made, before its first moment.
struct Cast {
    unsigned voters{3};  ///< a, b, c …: members from the beginning
    unsigned spares{0};  ///< the letters behind them: empty, and known to nobody
    bool real_store{false};
    bool votes_at_once{false};             ///< as Go: no catching up before the vote
    bool control{false};                   ///< the real control loop beside each, with a sequencer to lead
    std::optional<std::uint64_t> compact;  ///< a snapshot after so many entries
};

class Stage : private sim::World {
public:
    using Who = std::size_t;
    explicit Stage(const Cast& cast);

    /// Lets time pass until `so`, or for `limit`. Says which.
    bool until(Duration limit, const std::function<bool()>& so);
    void pass(Duration span) { run_for(span); }

    // ---- what is done to it ----
    void elect(Who who);
    /// Named blocks, each committed before the next is made.
    void commit(Who who, unsigned blocks);
    void propose(Who who, const std::string& name);  ///< on the head of `who`
    void propose_beside(Who who, const std::string& name, const std::string& other);
    void propose_on(Who who, const std::string& name, const std::string& parent);
    void cut(Who from, Who to) { network_.cut(from, to); }
    void swallow_large(Who from, Who to) { network_.swallow_large(from, to); }
    void isolate(Who who);
    void heal() { network_.heal(); }
    void stop(Who who, bool power);
    void start(Who who) { World::start(who); }
    void restart_empty(Who who);
    /// It is down, and its disk is such that it stays so.
    void fail_to_start(Who who);
    enum class Slot : std::uint8_t { first, second };
    void spoil_vote(Who who, Slot slot);
    void freeze(Who who, Duration span) { node(who).freeze(span); }
    sim::DiskWeather& disk(Who who) { return node(who).disk_weather; }
    void ask(Who who, consensus::Change change, Who whom);
    void hand_over(Who who, const ServerId& target);
    void tell(Who who, const consensus::Input& input) { node(who).step(input); }
    void pause(Who who, bool on);
    void override_leader(Who who, bool on) { station(who).override_leader(on); }
    /// A block on the head of its sequencer, which an operator runs by hand: no member is asked, none hears.
    void make_alone(Who who, const std::string& name);
    void deafen(Who who, bool on) { station(who).sequencer.deaf = on; }

    // ---- what can be seen of it ----
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool running(Who who) { return node(who).running(); }
    [[nodiscard]] const consensus::Raft& raft(Who who);
    [[nodiscard]] bool leads(Who who);
    [[nodiscard]] bool produces(Who who);
    [[nodiscard]] std::uint64_t blocks(Who who);
    [[nodiscard]] bool has(Who who, const std::string& name);
    /// Nothing: no answer yet.
    [[nodiscard]] std::optional<bool> answer(const std::string& name) const;
    [[nodiscard]] std::optional<bool> hand_over_worked() const { return handed_over_; }
    [[nodiscard]] std::string text();

private:
    void propose(Who who, const std::string& name, BlockNumber number, const BlockHash& parent);
    [[nodiscard]] sim::Sequencer::Known make(const std::string& name, BlockNumber number,
                                             const BlockHash& parent);
    [[nodiscard]] const sim::Checker::Block& block(const std::string& name) const;
    [[nodiscard]] sim::Station& station(Who who);

    std::map<std::string, sim::Checker::Block> blocks_;
    std::map<std::string, bool> answers_;
    std::optional<bool> handed_over_;
    unsigned unnamed_{0};
};

/// Something that the script asked for could not be.
class Impossible : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace conductor::scenario
