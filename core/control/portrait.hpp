// What this node says of itself, and what it knows of the others, for whoever asks over RPC (conductor.md
// 3.4.9). Implemented by the daemon and by doubles in tests.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/control/verdict.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

using UnixTime = std::chrono::nanoseconds;  ///< since the Unix epoch, by the wall clock

struct HealthReport {
    struct Check {
        CheckReport report;
        std::string plugin;             ///< its id
        std::optional<UnixTime> since;  ///< so since when; empty: never answered
    };
    Verdict verdict;
    std::optional<UnixTime> since;  ///< empty: no verdict yet
    std::vector<Check> checks;      ///< in configured order
};

/// From any thread; each `done` is called exactly once, on core, unless that part of the process has ended.
class Portrait {
public:
    virtual ~Portrait() = default;
    /// Asks the execution layer for its head first, for no longer than a peer would wait; without an answer the
    /// head is unknown.
    virtual void own_status(std::function<void(peers::Status)> done) = 0;
    virtual void peers(std::function<void(peers::View)> done) = 0;
    virtual void health(std::function<void(HealthReport)> done) = 0;
};

}  // namespace conductor::control
