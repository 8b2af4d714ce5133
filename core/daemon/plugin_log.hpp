// What plugins log, among our own lines. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "core/plugin/ports.hpp"
#include "core/runtime/log_format.hpp"

namespace conductor::daemon {

/// The border carries texts alone. What is a number becomes one again, as JSON lines of op-conductor have it.
[[nodiscard]] logging::Value number_or_text(std::string_view text);

class PluginLines final : public plugin::PluginLog {
public:
    void write(plugin::LogLevel level, std::string_view instance, std::string_view id, std::string_view message,
               std::span<const plugin::LogPair> pairs) override;
};

}  // namespace conductor::daemon
