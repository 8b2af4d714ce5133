// How often one member may pass leadership on while nobody can produce. A hand-over that works ends every wait
// of whoever gets leadership, so without a rule of its own a group in which nobody can start passes leadership
// round as fast as elections go. This rule needs no message: each member counts its own hand-overs, whoever led
// in between. It may try every other voter once; from then on hand-overs keep 2 s from each other, then 4,
// doubling to 30. A new block shows that somebody can, and ends the spell; so does a minute without a hand-over
// of this member. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.hpp"

namespace conductor::control {

struct PaceSettings {
    bool on{true};                            ///< false: as Go, which passes leadership on whenever it is sick
    Duration first{std::chrono::seconds{2}};  ///< between the last free hand-over and the next
    Duration most{std::chrono::seconds{30}};
    Duration spell{std::chrono::seconds{60}};  ///< counted from the last hand-over
};

class Pace {
public:
    explicit Pace(PaceSettings settings) : settings_{settings} {}

    void handed_over(Instant now);
    /// Blocks are made again, here or elsewhere.
    void spell_ends() noexcept { times_ = 0; }
    /// Until when leadership stays here, able or not; nothing: it may go at once. `others`: voters beside this
    /// member.
    [[nodiscard]] std::optional<Instant> held_until(Instant now, std::size_t others) const;
    /// How often in this spell, as far as that can make a difference. For tests.
    [[nodiscard]] std::size_t times(Instant now) const;
    [[nodiscard]] Instant last() const noexcept { return last_; }

private:
    PaceSettings settings_;
    std::size_t times_{0};
    Instant last_{};
};

}  // namespace conductor::control
