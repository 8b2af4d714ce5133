#include "core/control/describe.hpp"

namespace conductor::control {

namespace {
constexpr Duration repeat_period = std::chrono::seconds{30};
}

std::string to_text(const Triple& triple) {
    const auto word = [](bool value) { return value ? "true" : "false"; };
    return std::string{"leader: "} + word(triple.leader) + ", healthy: " + word(triple.healthy) +
           ", active: " + word(triple.active);
}

std::optional<std::uint64_t> RepeatFilter::pass(Instant now, const std::string& text) {
    if (text == text_ && now - logged_ < repeat_period) {
        ++held_;
        return std::nullopt;
    }
    const auto held = text == text_ ? held_ : 0;
    text_ = text;
    logged_ = now;
    held_ = 0;
    return held;
}

}  // namespace conductor::control
