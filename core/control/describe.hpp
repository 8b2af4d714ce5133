// What an operator reads and counts, as data: decisions carry lines and counts, the shell logs and adds. The
// messages and keys of conductor.md 7.5 are matched by alerts and must stay as they are. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"

namespace conductor::control {

/// As op-conductor names the state: the sequencer's node is judged healthy, and believed to produce.
struct Triple {
    bool leader{false};
    bool healthy{true};
    bool active{false};
    friend bool operator==(const Triple&, const Triple&) = default;
};
/// `leader: true, healthy: true, active: false`.
[[nodiscard]] std::string to_text(const Triple& triple);

enum class Level : std::uint8_t { debug, info, warn, error };

struct Fact {
    const char* key{""};
    std::variant<bool, std::uint64_t, std::string, std::nullptr_t> value;
    friend bool operator==(const Fact&, const Fact&) = default;
};

/// One line of the log. `event` is the stable name that ours adds (7.5.1); empty: none.
struct Line {
    Level level{Level::info};
    const char* message{""};
    const char* event{""};
    std::vector<Fact> facts;
};

enum class Counter : std::uint8_t {
    starts,          ///< sequencer_starts_count: success=false means it ran already (5.5 step 6)
    stops,           ///< sequencer_stops_count: success=false means it was stopped already (5.4.3)
    transfers,       ///< leader_transfers_count
    state_changes,   ///< state_changes_count, with the triple
    start_failures,  ///< sequencer_start_failures_total
    stop_failures,   ///< sequencer_stop_failures_total
    failures,        ///< action_failures_total, with action and reason
    two_active,      ///< leadership gained while another sequencer is known to produce (P-8)
};
struct Count {
    Counter counter{};
    bool success{true};
    Triple triple;           ///< of state_changes
    const char* action{""};  ///< of failures; from a fixed set
    const char* reason{""};  ///< of failures; from a fixed set
};

/// Lets the same error through once and then once every 30 s, with how often it came meanwhile (5.11.4).
class RepeatFilter {
public:
    /// Whether to log `text` now; if so, how often it was held back since it was last logged.
    [[nodiscard]] std::optional<std::uint64_t> pass(Instant now, const std::string& text);
    void reset() { text_.clear(); }

private:
    std::string text_;
    Instant logged_{};
    std::uint64_t held_{0};
};

}  // namespace conductor::control
