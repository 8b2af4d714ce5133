#include "core/daemon/control_log.hpp"

#include <utility>
#include <vector>

#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

logging::Level level_of(control::Level level) {
    switch (level) {
        case control::Level::debug:
            return logging::Level::debug;
        case control::Level::info:
            return logging::Level::info;
        case control::Level::warn:
            return logging::Level::warn;
        case control::Level::error:
            return logging::Level::error;
    }
    return logging::Level::error;
}

}  // namespace

ControlLog::ControlLog(bool compat, ControlFigures figures, const std::vector<std::string>& checks)
    : compat_{compat}, figures_{std::move(figures)} {
    for (const auto& name : checks) checks_.push_back({name, {}});
}

void ControlLog::say(const control::Line& line) {
    const auto level = level_of(line.level);
    auto& logger = logging::global();
    if (!logger.enabled(level)) return;
    std::vector<logging::Field> fields;
    fields.reserve(line.facts.size() + 1);
    for (const auto& fact : line.facts)
        std::visit([&](const auto& value) { fields.push_back({fact.key, value}); }, fact.value);
    if (*line.event != '\0') fields.push_back({"event", line.event});
    logger.log(level, line.message, fields);
}

// The verdict's text is one of few, for alerts and labels; which check it was, and why, stands here.
void ControlLog::check_ended(std::size_t check, Duration took, const control::Finding& found) {
    figures_.check_ended(check, took, found);
    if (check >= checks_.size() || checks_[check].name.empty()) return;
    auto& [name, repeats] = checks_[check];
    if (found.judgement == control::Judgement::unknown) {
        if (!repeats.pass(now(), found.detail)) return;
        logging::warn("health check cannot look",
                      {{"check", name}, {"err", found.detail}, {"event", "check_faulty"}});
        return;
    }
    if (found.judgement != control::Judgement::unhealthy) return repeats.reset();
    if (!repeats.pass(now(), found.reason)) return;
    logging::error(
        "health check holds something against the sequencer",
        {{"check", name}, {"reason", found.reason}, {"detail", found.detail}, {"event", "check_unhealthy"}});
}

void ControlLog::round_ended(const control::Verdict& verdict) {
    figures_.round_ended(verdict);
    const bool was_healthy = std::exchange(was_healthy_, verdict.healthy);
    if (!verdict.healthy) return;
    if (compat_ || !was_healthy) {
        logging::info("sequencer is healthy");
    } else {
        logging::debug("sequencer is healthy");
    }
}

}  // namespace conductor::daemon
