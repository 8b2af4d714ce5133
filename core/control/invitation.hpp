// Whether to take leadership that is offered (TimeoutNow): a conductor that is paused or not ready declines
// once, aloud, and only if it knows somebody who could act; a repetition is obeyed, so that nobody is locked
// out (conductor.md P-2 a, raft-wire 5.10.2). Pure; owned by the core thread.
#pragma once

#include <map>
#include <string>

#include "core/base/clock.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

struct Fitness {
    bool paused{false};
    bool ready{true};
};

class Invitations {
public:
    /// `decline` false: every offer is taken, as in Go (`paused.yield-leadership`).
    explicit Invitations(bool decline) : decline_{decline} {}

    /// Empty: take it. Otherwise the error string of the answer, and nothing else happens.
    [[nodiscard]] std::string answer(Instant now, const ServerId& sender, Fitness self,
                                     const peers::View& view);

private:
    bool decline_;
    std::map<ServerId, Instant> declined_;
};

}  // namespace conductor::control
