// Folds what the health checks find into one verdict (conductor.md 4, plugin-abi §7): gates decide, the first
// failing one in configured order gives the text, thresholds damp single samples. It never waits:
// a check that has not answered yet does not count, and the loop is woken by whatever record() returns. Pure;
// owned by the core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

enum class Judgement : std::uint8_t { unknown, healthy, unhealthy, degraded };
/// Empty for unknown.
[[nodiscard]] constexpr std::string_view to_text(Judgement judgement) noexcept {
    constexpr std::string_view words[] = {"", "healthy", "unhealthy", "degraded"};
    return words[static_cast<std::size_t>(judgement)];
}

enum class FaultClass : std::uint8_t {
    hard,
    stale,  ///< only the head's age is wrong
    node_down,
    supervisor_down,
    builder_unreachable,
    builder_partial,
    builder_down,
};

/// What one check found. `reason` is a word from the check's declared set, `detail` is for the log.
struct Finding {
    Judgement judgement{Judgement::unknown};
    FaultClass fault{FaultClass::hard};
    std::string reason;
    std::string detail;
    std::chrono::nanoseconds since_unix{
        0};  ///< so since when, as the check says; 0: it does not. Is shown, never decides
};

/// What the control loop knows of the sequencer's health.
struct Verdict {
    bool healthy{true};                  ///< true before the first check, as in Go
    FaultClass fault{FaultClass::hard};  ///< of the first failing gate; means nothing while healthy
    std::string text;                    ///< its error identity (4.3), also a metric label; empty while healthy
    std::string detail;
    bool only_stale{false};    ///< every failing gate is STALE: fit, but the chain stands still (P-47)
    bool only_partial{false};  ///< every failing gate is BUILDER_PARTIAL
    bool only_faults{false};   ///< unhealthy for no better reason than checks that could not look for too long
    bool degraded{false};      ///< healthy, with a gate that is not at its best
    /// The longest that a failing gate wants between two transfers which faults alone have caused; empty: the
    /// usual one.
    std::optional<Duration> fault_cooldown;
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// The error identity of 4.3. A reason is named behind HARD only, and only if it is not empty.
[[nodiscard]] std::string identity(FaultClass fault, const std::string& reason);

/// How this node describes itself to its peers (1.7.3).
[[nodiscard]] peers::Health own_health(const Verdict& verdict, const std::optional<peers::Head>& el_head,
                                       const std::optional<peers::Head>& fsm_head);

enum class CheckRole : std::uint8_t { gate, advice };
enum class OnUnknown : std::uint8_t { hold, unhealthy, healthy };

struct CheckSettings {
    std::string instance;
    CheckRole role{CheckRole::gate};
    bool names_reason{true};  ///< false: HARD reads exactly as in Go, for the checks that Go has too
    std::uint32_t failures_to_unhealthy{1};
    std::uint32_t successes_to_healthy{1};
    OnUnknown on_unknown{OnUnknown::hold};
    Duration hold_for{std::chrono::seconds{3}};
    Duration fault_cooldown{std::chrono::seconds{60}};  ///< plugin-abi §7.4
};

/// One check as `conductor_healthReport` shows it.
struct CheckReport {
    std::string instance;
    CheckRole role{CheckRole::gate};
    Judgement judgement{Judgement::unknown};  ///< what counts, after thresholds
    FaultClass fault{FaultClass::hard};
    std::string reason;
    std::string detail;
    std::optional<Instant> since;            ///< so since when, as we counted; empty: never answered
    std::chrono::nanoseconds since_unix{0};  ///< as the check says; 0: it does not
    std::optional<Duration> took;            ///< its last look; empty: none has ended
};

class VerdictFold {
public:
    explicit VerdictFold(std::vector<CheckSettings> checks);

    /// What check number `check` found just now.
    [[nodiscard]] Verdict record(Instant now, std::size_t check, const Finding& finding);
    /// The verdict as of now; differs from the last one where a held verdict has run out.
    [[nodiscard]] Verdict verdict(Instant now) const;
    /// When verdict() may change by itself.
    [[nodiscard]] std::optional<Instant> next_deadline(Instant now) const;
    /// The wall clock has jumped: the next finding of every check is dropped (4.7.4).
    void skip_next();
    [[nodiscard]] std::vector<CheckReport> report(Instant now) const;

private:
    struct Check {
        CheckSettings settings;
        std::optional<Finding> counted;  ///< the last finding that passed the thresholds
        std::optional<Finding> pending;  ///< unlike `counted`, but not often enough yet
        std::uint32_t streak{0};
        std::optional<Instant> since;
        std::optional<Instant> unknown_since;
        bool skip{false};
    };
    struct Standing {
        Judgement judgement{Judgement::unknown};
        const Finding* finding{nullptr};
        bool fault{false};  ///< unhealthy because it could not look for too long
    };
    [[nodiscard]] static Standing standing(Instant now, const Check& check);

    std::vector<Check> checks_;
};

/// Tells a jump of the wall clock from time that passed (4.7.4, P-46).
class WallWatch {
public:
    explicit WallWatch(Duration tolerance) : tolerance_{tolerance} {}
    /// Whether the wall clock has moved against the steady one by more than the tolerance since the last call.
    [[nodiscard]] bool jumped(Instant now, std::chrono::nanoseconds wall_since_epoch);

private:
    Duration tolerance_;
    std::optional<std::chrono::nanoseconds> offset_;
};

}  // namespace conductor::control
