// Which plugins a configuration asks for, in its order, and with which options: what the file names, or without
// a word of it what op-conductor has (plugin-abi §1). Flags that say the same as an option of a bundled plugin
// fill it in where the file does not. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/settings.hpp"
#include "core/plugin/options.hpp"

namespace conductor::daemon {

/// op-conductor's own strategy: it keeps op-conductor's words in the log, too.
inline constexpr const char* round_robin_id = "io.conductord.round-robin";

struct PluginWish {
    config::PluginInstance instance;
    std::string kind;
    std::string subject;  ///< as messages name it: `health "data-disk"`
    std::vector<plugin::RawOption> options;
};

struct PluginWishes {
    std::vector<PluginWish> checks;
    PluginWish driver;
    std::optional<PluginWish> transfer;
};

/// An endpoint that the flags describe; one of that name in the file stands instead of it.
struct WishedEndpoint {
    std::string name;
    std::string url;
    Duration timeout{};
};
[[nodiscard]] std::vector<WishedEndpoint> endpoints_of_flags(const config::Settings& settings);

/// errors  options that are no options, one sentence each, with their place in front
[[nodiscard]] Result<PluginWishes, std::vector<std::string>> plugin_wishes(const config::Settings& settings);

}  // namespace conductor::daemon
