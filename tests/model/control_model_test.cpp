// Exhausts policy, rows, ladder and hand-over over the world of control_world.hpp: every order of answers,
// losses, deadlines and whims of the environment up to a budget of whims. Prints the way to a broken promise.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <unordered_set>

#include "tests/model/control_world.hpp"

using namespace conductor::control::model;

namespace {

// A timer that is no whole number of seconds, or an age that never saturates, would make the search endless.
constexpr std::size_t most_states = 1000000;

struct Step {
    std::uint32_t before;
    Turn turn;
};

/// Breadth first, so that the first way found to a broken promise is a shortest one.
class Search {
public:
    explicit Search(int budget) : budget_{budget} {}

    void run(const Origin& origin) {
        World root{origin};
        root.budget = budget_;
        steps_.push_back({0, {}});
        const auto root_step = static_cast<std::uint32_t>(steps_.size() - 1);
        judge(root, root_step);
        (void)is_new(root);
        std::deque<std::pair<World, std::uint32_t>> frontier;
        frontier.emplace_back(std::move(root), root_step);
        while (!frontier.empty() && broken.empty()) {
            const auto [world, step] = std::move(frontier.front());
            frontier.pop_front();
            for (const auto& turn : world.turns()) {
                auto next = world;
                next.take(turn);
                ++turns_taken;
                if (next.broken().empty() && !is_new(next)) continue;
                steps_.push_back({step, turn});
                const auto next_step = static_cast<std::uint32_t>(steps_.size() - 1);
                judge(next, next_step);
                if (!broken.empty()) break;
                frontier.emplace_back(std::move(next), next_step);
            }
        }
    }

    std::string broken;
    std::uint64_t turns_taken{0};
    [[nodiscard]] std::size_t states() const { return seen_.size(); }

private:
    bool is_new(const World& world) {
        return seen_.insert(std::hash<std::string>{}(world.fingerprint())).second;
    }

    void judge(const World& world, std::uint32_t step) {
        if (seen_.size() > most_states)
            broken = "the number of states is not what was thought" + way_to(step) + "\n" + world.fingerprint();
        else if (!world.broken().empty())
            broken = world.broken() + way_to(step);
        else if (world.turns().empty())
            return;  // it has left
        else if (const auto as_leader = world.unsettled(true); !as_leader.empty())
            broken = "well again and leader, it does not come to sequence\n  " + as_leader + way_to(step);
        else if (const auto as_follower = world.unsettled(false); !as_follower.empty())
            broken = "well again and follower, its sequencer is not brought to rest\n  " + as_follower +
                     way_to(step);
    }
    [[nodiscard]] std::string way_to(std::uint32_t step) const {
        std::string way;
        for (auto at = step; steps_[at].before != at && at != 0; at = steps_[at].before)
            way = "\n  " + to_text(steps_[at].turn) + way;
        return way;
    }

    int budget_;
    std::unordered_set<std::size_t> seen_;
    std::vector<Step> steps_{{0, {}}};
};

void exhaust(const Origin& origin, int budget) {
    if (const auto* asked = std::getenv("CONDUCTOR_MODEL_BUDGET")) budget = std::atoi(asked);
    const auto began = std::chrono::steady_clock::now();
    Search search{budget};
    search.run(origin);
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    INFO(search.broken);
    CHECK(search.broken.empty());
    CHECK(search.states() > 100);
    WARN(search.states() << " states, " << search.turns_taken << " turns, budget " << budget << ", "
                         << took.count() << " ms");
}

}  // namespace

TEST_CASE("no order of events breaks a promise of the control loop", "[model][control][s5.12]") {
    exhaust({}, 3);
}
TEST_CASE("… nor in compat=go", "[model][control]") {
    exhaust({.go = true}, 2);
}
TEST_CASE("… nor beside a sequencer that already produces", "[model][control]") {
    exhaust({.producing = true}, 2);
}
TEST_CASE("… nor when started paused", "[model][control]") {
    exhaust({.paused = true}, 2);
}
TEST_CASE("… nor with a node that is behind, ahead or on another branch", "[model][control]") {
    const auto stand = GENERATE(Stand::one_behind, Stand::two_behind, Stand::ahead, Stand::forked);
    exhaust({.stand = stand}, 2);
}
TEST_CASE("… nor behind without a ring", "[model][control]") {
    exhaust({.stand = Stand::two_behind, .ring = false}, 2);
}
TEST_CASE("… nor in a group that never committed anything", "[model][control]") {
    exhaust({.empty = true, .peers = Peers::unasked}, 2);
}

TEST_CASE("the search finds what was put in on purpose", "[model][control][planted]") {
    const auto found = [](const Origin& origin) {
        Search search{2};
        search.run(origin);
        return search.broken;
    };
    const std::string stuck = "well again and leader, it does not come to sequence";
    CHECK_THAT(found({.planted = Planted::no_backoff}),
               Catch::Contains("back-off: leadership is confirmed again at once"));
    CHECK_THAT(found({.planted = Planted::no_bound}), Catch::Contains("a call without a bound"));
    CHECK_THAT(found({.planted = Planted::deaf_to_override}),
               Catch::Contains("a start beside an overridden conductor"));
    CHECK_THAT(found({.empty = true, .planted = Planted::deaf_to_silence}), Catch::Contains(stuck));
    CHECK_THAT(found({.stand = Stand::two_behind, .planted = Planted::no_repair}), Catch::Contains(stuck));
}
