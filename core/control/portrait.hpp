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

/// Since when a check says what it says: in its own words, unless those are of the future or none; else as
/// counted.
[[nodiscard]] inline std::optional<UnixTime> shown_since(const CheckReport& report,
                                                         const std::optional<UnixTime>& counted, UnixTime now) {
    const bool said = report.since_unix > UnixTime::zero() && report.since_unix <= now;
    return said ? std::optional<UnixTime>{report.since_unix} : counted;
}

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

/// One plugin at work, as `conductor_plugins` shows it.
struct PluginRow {
    std::string instance;
    std::string id;
    std::string kind;
    std::string version;
    std::string abi;    ///< of the library, `0.1`
    std::string path;   ///< of the library
    std::string state;  ///< of a check `healthy, 3 ms` once it has one, `at work`, or why it is out of service
    std::string note;   ///< behind it, what a person should know of its configuration; mostly empty
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
    /// Checks first, in configured order.
    virtual void plugins(std::function<void(std::vector<PluginRow>)> done) = 0;
};

}  // namespace conductor::control
