// When which health check looks, and when what they found is a verdict (conductor.md 4, plugin-abi §7.1). Each
// check has its own interval and its own limit, without jitter; one that still runs when its turn comes misses
// that turn. Rounds have the beat of `healthcheck.interval`: a round ends when the checks that began with it
// have ended, at the latest at the next beat, and then the verdict is given whether it has changed or not. A
// change between two rounds is given at once. Pure; owned by the core thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"
#include "core/control/verdict.hpp"

namespace conductor::control {

/// Names one look of one check; never reused.
using Look = Ordinal<struct LookTag>;

struct CheckPlan {
    CheckSettings settings;
    Duration interval{std::chrono::seconds{1}};
    Duration limit{std::chrono::seconds{5}};
};

struct RoundSettings {
    Duration beat{std::chrono::seconds{1}};  ///< `healthcheck.interval`
    /// How far the wall clock may move against the steady one before a verdict is skipped (4.7.4).
    Duration wall_tolerance{std::chrono::seconds{3}};
    std::vector<CheckPlan> checks;
};

struct RoundStep {
    struct Begin {
        Look look;
        std::size_t check{0};
        Duration limit{};
    };
    std::vector<Begin> begin;
    std::optional<Verdict> verdict;  ///< to be taken over now
    bool ended{false};               ///< a round has ended with it
    bool again{false};               ///< this round has given the same verdict before, when it changed
    bool wall_jumped{false};         ///< the next finding of every check will be dropped
};

class Rounds {
public:
    /// The first looks are due one interval after `now`.
    Rounds(const RoundSettings& settings, Instant now);

    /// Time has passed. `wall` since the Unix epoch.
    [[nodiscard]] RoundStep wake(Instant now, std::chrono::nanoseconds wall);
    /// A look has ended; nothing: its check was busy. One that was given up at its limit is ignored.
    [[nodiscard]] RoundStep found(Instant now, Look look, const std::optional<Finding>& finding);
    /// When to wake it at the latest.
    [[nodiscard]] Instant next_deadline(Instant now) const;
    [[nodiscard]] std::vector<CheckReport> report(Instant now) const;

private:
    struct Running {
        Look look;
        Instant begun;
        Instant deadline;
    };
    struct Check {
        Duration interval;
        Duration limit;
        Instant due;
        std::optional<Running> running;
        std::optional<Duration> took;
    };
    void expire(Instant now);
    void begin_due(Instant now, bool at_beat, RoundStep& step);
    void close_if_over(Instant now, RoundStep& step);
    void close(Instant now, RoundStep& step);
    void give_if_changed(Instant now, RoundStep& step);

    Duration beat_;
    std::vector<Check> checks_;
    VerdictFold fold_;
    WallWatch wall_;
    Instant next_beat_;
    bool open_{false};
    bool given_early_{false};  ///< the open round has given a verdict, `given_`
    std::set<Look> awaited_;   ///< of the open round
    std::uint64_t looks_{0};
    Verdict given_;
};

}  // namespace conductor::control
