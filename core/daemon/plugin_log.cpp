#include "core/daemon/plugin_log.hpp"

#include <charconv>
#include <vector>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

logging::Level level_of(plugin::LogLevel level) {
    switch (level) {
        case plugin::LogLevel::debug:
            return logging::Level::debug;
        case plugin::LogLevel::info:
            return logging::Level::info;
        case plugin::LogLevel::warn:
            return logging::Level::warn;
        case plugin::LogLevel::error:
            break;
    }
    return logging::Level::error;
}

}  // namespace

logging::Value number_or_text(std::string_view text) {
    std::uint64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [used, error] = std::from_chars(text.data(), end, number);
    const bool as_written = !text.empty() && (text == "0" || text.front() != '0');
    if (error == std::errc{} && used == end && as_written) return number;
    return text;
}

void PluginLines::write(plugin::LogLevel level, std::string_view instance, std::string_view id,
                        std::string_view message, std::span<const plugin::LogPair> pairs) {
    std::vector<logging::Field> fields{{"plugin", instance}, {"id", id}};
    for (const auto& [key, value] : pairs) fields.push_back({key, number_or_text(value)});
    logging::global().log(level_of(level), message, fields);
}

}  // namespace conductor::daemon
