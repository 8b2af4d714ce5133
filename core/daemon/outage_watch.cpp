#include "core/daemon/outage_watch.hpp"

#include <algorithm>

namespace conductor::daemon {

void OutageWatch::leader_known(Instant now, bool known) {
    reign_from_.reset();
    if (known) {
        lost_at_.reset();
    } else if (!lost_at_) {
        lost_at_ = now;
    }
}

void OutageWatch::elected(LogIndex last) {
    reign_from_ = last;
}

std::optional<Duration> OutageWatch::head_moved(Instant now, LogIndex index) {
    if (!lost_at_ || !reign_from_ || index <= *reign_from_) return std::nullopt;
    const auto took = now - *lost_at_;
    lost_at_.reset();
    return took;
}

Duration OutageWatch::looked(Instant now, bool own_stopped, const peers::View& others) {
    const bool nobody = own_stopped && std::ranges::all_of(others.rows, [](const peers::Row& row) {
                            return row.known && row.status.active == peers::Says::no;
                        });
    const auto since = idle_since_;
    idle_since_ = nobody ? std::optional{now} : std::nullopt;
    return nobody && since ? now - *since : Duration::zero();
}

}  // namespace conductor::daemon
