#include "core/daemon/control_log.hpp"

#include <utility>
#include <vector>

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
