// For how long nobody led, and for how long nobody produced (conductor.md 7.3, failover_duration_seconds and
// time_without_active_sequencer_seconds_total). Pure: told what happens, with the time at which it did.
#pragma once

#include <optional>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"
#include "core/peers/table.hpp"

namespace conductor::daemon {

class OutageWatch {
public:
    /// Whether another member is known to lead. Our own end as leader counts as nobody.
    void leader_known(Instant now, bool known);
    /// This node leads, with a log that ends at `last`.
    void elected(LogIndex last);
    /// A payload has become head by the entry `index`. What came before us is no sign that the chain goes on:
    /// the first of our own ends a failover, of this length.
    [[nodiscard]] std::optional<Duration> head_moved(Instant now, LogIndex index);

    /// Looked at every second or so: the time since the last look, if nobody produced then and now. A member
    /// that nobody can ask may produce.
    [[nodiscard]] Duration looked(Instant now, bool own_stopped, const peers::View& others);

private:
    std::optional<Instant> lost_at_;
    std::optional<LogIndex> reign_from_;
    std::optional<Instant> idle_since_;
};

}  // namespace conductor::daemon
