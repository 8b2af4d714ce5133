#include "core/control/pace.hpp"

#include <algorithm>

namespace conductor::control {

namespace {

constexpr std::size_t enough = 64;  // more than any group has voters, and doublings beyond them

}  // namespace

void Pace::handed_over(Instant now) {
    times_ = std::min(times(now) + 1, enough);
    last_ = now;
}

std::size_t Pace::times(Instant now) const {
    return now - last_ < settings_.spell ? times_ : 0;
}

std::optional<Instant> Pace::held_until(Instant now, std::size_t others) const {
    const auto free = std::max<std::size_t>(1, others);
    const auto made = times(now);
    if (!settings_.on || made < free) return std::nullopt;
    auto wait = settings_.first;
    for (auto i = free; i < made && wait < settings_.most; ++i) wait *= 2;
    const auto until = last_ + std::min(wait, settings_.most);
    return now < until ? std::optional{until} : std::nullopt;
}

}  // namespace conductor::control
