// One seed from its first event to its last: a whole group under the troubles of its plan, then the calm in
// which it must find a leader and go on making blocks.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "checker.hpp"
#include "network.hpp"
#include "node.hpp"
#include "plan.hpp"
#include "schedule.hpp"
#include "station.hpp"
#include "trace.hpp"

namespace conductor::sim {

struct Result {
    std::uint64_t trace{0};
    std::uint64_t steps{0};
    std::uint64_t blocks{0};  ///< acknowledged
    std::uint64_t elections{0};
    std::uint64_t snapshots{0};
    std::uint64_t troubles{0};  ///< that were made
    Duration span{};            ///< of simulated time
};

class World {
public:
    explicit World(Plan plan, std::ostream* tell = nullptr);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Throws Violation, with who stood where.
    [[nodiscard]] Result run();
    /// How far it came.
    [[nodiscard]] Duration elapsed() const noexcept { return schedule_.now() - began_; }
    /// How many troubles of a kind there were, skipped ones too.
    [[nodiscard]] std::uint64_t drawn(Trouble trouble) const {
        return made_[static_cast<std::size_t>(trouble)];
    }

protected:  // tests/scenario leads the same group by a script
    using Who = std::size_t;

    void found_group();
    void calm();
    void run_for(Duration span);
    void keep_producing();
    void keep_polling();
    void gossip(Who from, const Sequencer::Known& block);
    [[nodiscard]] peers::View view_of(Who who, bool asked) const;
    void share_blocks();
    void stepped(Who who);
    [[nodiscard]] std::pair<std::size_t, std::size_t> copies(const consensus::Configuration& members,
                                                             consensus::Position position) const;
    void start(Who who);
    void ask_about_vote(Who who, std::uint64_t life);
    [[nodiscard]] std::optional<Who> leader() const;
    [[nodiscard]] bool settled() const;
    [[nodiscard]] Node& node(Who who) { return *nodes_[who]; }

    // ---- nemesis.cpp ----
    void unleash();
    void keep_making(Trouble trouble);
    void make(Trouble trouble, consensus::Random& draw);
    void make_at_station(Trouble trouble, consensus::Random& draw);
    void crash(Who who, consensus::Random& draw, bool soon);
    void operate(Trouble trouble, consensus::Random& draw);
    void obey_late(Who who, Who chief, Duration span);
    void draw_weather(consensus::Random& draw);
    void replace_disk(Who who);
    void spoil(Who who, consensus::Random& draw);
    [[nodiscard]] bool all_whole() const;
    void freeze(Who who, Duration span);
    void ask_who_leads() const;

    Plan plan_;
    Schedule schedule_;
    Trace trace_;
    consensus::Random random_;
    std::size_t size_;
    Checker checker_;
    Network network_;
    Surroundings around_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::unique_ptr<Station>> stations_;     ///< empty: no control loops
    std::map<Who, std::vector<consensus::Server>> met_;  ///< whom the control loop knows
    std::vector<consensus::Random> dice_;  ///< one for each trouble: dropping one leaves the others as they are
    bool troubled_{true};
    std::optional<Who> wiped_;
    std::array<std::uint64_t, trouble_count> made_{};
    std::uint64_t troubles_made_{0};
    Instant began_;
    std::uint64_t salt_{0};
};

}  // namespace conductor::sim
