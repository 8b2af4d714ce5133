// What a configuration asks for, judged: each plugin with the library that serves it and the options that it
// takes. Judging touches nothing that is at work, so a bad configuration is refused before anything changes; it
// blocks on the disk.
#pragma once

#include <conductor/plugin.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/daemon/plugin_wishes.hpp"
#include "core/plugin/blocking_http.hpp"
#include "core/plugin/crash.hpp"
#include "core/plugin/registry.hpp"

namespace conductor::daemon {

using Problems = std::vector<std::string>;  ///< one sentence each, with file, line and column where there are

/// One plugin to be at work.
struct Furniture {
    PluginWish wish;
    plugin::Admitted admitted;     ///< no library: it may be loaded, and will be at the next start
    plugin::OptionValues options;  ///< empty where there is no library to ask
};

struct PluginOrder {
    std::vector<Furniture> checks;
    std::optional<Furniture> driver;
    std::optional<Furniture> transfer;
    plugin::HttpEndpoints endpoints;
    bool gate_missing{false};  ///< a gate is left out because it crashes

    /// Checks first, in configured order.
    [[nodiscard]] std::vector<const Furniture*> all() const;
};

/// Libraries that are mapped already, by the id of their plugin.
using KnownPlugins = std::map<std::string, plugin::Admitted>;

/// At start: maps what is named. Says in the log which plugins are left out.
///   errors  everything that is wrong
[[nodiscard]] Result<PluginOrder, Problems> order_of(const config::Settings& settings,
                                                     const plugin::CrashMarks& crashes);
/// In a process at work: code is not exchanged, so `known` serve as they are, nobody foreign is mapped. What a
/// library that is not mapped takes for options shows at the next start; all else of it is judged now.
[[nodiscard]] Result<PluginOrder, Problems> reorder_of(const config::Settings& settings,
                                                       const KnownPlugins& known);

/// What separates two orders of one instance.
enum class Difference : std::uint8_t {
    none,
    live,     ///< only options that may change at work: marked LIVE, or secrets
    restart,  ///< anything else
};
[[nodiscard]] Difference difference_of(const Furniture& was, const Furniture& is);

/// Names of instances that come, go, change their place, or ask an endpoint that has moved.
[[nodiscard]] std::vector<std::string> moved(const PluginOrder& was, const PluginOrder& is);

}  // namespace conductor::daemon
