// The state table of op-conductor (conductor.md 5.3) as one function of what is known: which row applies. It is
// changed only by the rules of ours that 5.3.4 lists, and each of them can be switched off (1.6.6). Choosing a
// row does nothing; policy obeys it. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.hpp"
#include "core/control/describe.hpp"
#include "core/control/verdict.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

/// Whether the node produces blocks, as far as we know. After a start or stop whose outcome is unknown, and
/// before the first answer, it is unknown.
using Active = peers::Says;

struct RowRules {
    bool startup_grace{true};                 ///< 2.5.2: no stop before a leader is known or the grace is over
    bool bounded_wait{true};                  ///< P-3
    bool hold_partial{true};                  ///< P-13, `rollup-boost.hold-partial`
    bool restart_stalled{true};               ///< P-4: a leader that is fit but for its head's age starts again
    bool start_when_nobody_takes_over{true};  ///< the same leader, after a transfer has failed
    bool fault_cooldown{true};                ///< plugin-abi §7.4
    Duration startup_grace_span{std::chrono::seconds{3}};  ///< `control.startup-grace`
    Duration recovery_grace{std::chrono::seconds{30}};     ///< `control.recovery-grace`
    Duration recovery_settle{std::chrono::seconds{3}};  ///< before another's health ends the wait: 3 intervals
    Duration progress_span{std::chrono::seconds{10}};   ///< 5 block times without a new head end the wait
    Duration fault_cooldown_span{std::chrono::seconds{60}};  ///< where the verdict names none
};

/// Everything a row may depend on.
struct Situation {
    bool leads{false};         ///< by consensus, never set by hand (P-7)
    bool leader_known{false};  ///< somebody, maybe us, has led since our start
    Term term;
    Verdict verdict;
    Active active{Active::unknown};
    /// The triple at the entry of the last row that succeeded and saw a difference (5.1.3).
    Triple prev;
    bool paused{false};
    bool ready{true};        ///< the node has answered the probe of 2.2
    bool overridden{false};  ///< shown to others; never decides here (I-6)
    bool stopping{false};
    Instant born{};

    bool sibling{false};          ///< a payload beside the head was refused (P-51)
    bool fell_idle{false};        ///< the node stopped producing, and not by our hand (P-4)
    bool transfer_failed{false};  ///< since we lead and are unhealthy
    bool wait_is_over{false};     ///< the wait row of this spell was left
    std::optional<Instant> waiting_since;
    std::optional<Instant> progress_at;  ///< the replicated head last moved
    std::optional<Instant> fault_transfer_at;
    /// Leadership was handed on a moment ago and came back with no block made (pace).
    std::optional<Instant> stays_until;

    peers::View peers;

    [[nodiscard]] Triple triple() const {
        // Unknown counts as producing where that leads to a stop, as idle where it leads to a start: both
        // calls are harmless on a node that is already there.
        const bool presumed = !(leads && verdict.healthy);
        return {leads, verdict.healthy, active == Active::yes || (active == Active::unknown && presumed)};
    }
};

enum class Row : std::uint8_t {
    follow,         ///< F-T-F: nothing
    follow_sick,    ///< F-F-F: say so
    ask_active,     ///< F-?-unknown: is it producing?
    grace,          ///< F-?-T soon after our start: not yet
    stop,           ///< F-?-T
    sequence,       ///< T-T-T: nothing
    stop_sibling,   ///< T-T-T with a refused sibling of the head: stop, then start on the head
    start,          ///< T-T-F
    start_stalled,  ///< T-F-F: the whole chain is stalled, being unhealthy is expected
    transfer,       ///< T-F-F otherwise
    wait,           ///< T-F-T after such a start: until health returns
    hold_partial,   ///< T-F-T from T-T-T without a builder, and nobody better is known
    hold_fault,     ///< T-F-?: checks could not look, and a transfer for such a reason was a moment ago
    hold_lead,      ///< T-F-?: handed on a moment ago, and it came back
    hand_over,      ///< T-F-T otherwise: stop and transfer
};
[[nodiscard]] const char* name_of(Row row) noexcept;

struct Choice {
    Row row{};
    const char* why{""};                ///< which rule decided, for logs and tests
    std::optional<Instant> look_again;  ///< the choice may change by time alone
    bool ends_wait{false};              ///< the wait row would apply, had it not been waited long enough
};

/// Which row of the table applies. `situation.paused` and `.ready` are the caller's business: then no row does.
[[nodiscard]] Choice choose(Instant now, const Situation& situation, const RowRules& rules);

}  // namespace conductor::control
