#include "core/control/invitation.hpp"

#include <algorithm>

namespace conductor::control {

namespace {
constexpr Duration repetition_is_obeyed_within = std::chrono::seconds{10};
}

std::string Invitations::answer(Instant now, const ServerId& sender, Fitness self, const peers::View& view) {
    if (!decline_ || (!self.paused && self.ready)) return {};
    if (std::none_of(view.rows.begin(), view.rows.end(), peers::eligible)) return {};

    const auto before = declined_.find(sender);
    if (before != declined_.end() && now - before->second <= repetition_is_obeyed_within) {
        declined_.erase(before);
        return {};
    }
    // Bounded: whoever is not of the group any more is forgotten with the next refusal.
    std::erase_if(declined_,
                  [&](const auto& entry) { return now - entry.second > repetition_is_obeyed_within; });
    declined_[sender] = now;
    return self.paused ? "not eligible for leadership: paused" : "not eligible for leadership: not ready";
}

}  // namespace conductor::control
