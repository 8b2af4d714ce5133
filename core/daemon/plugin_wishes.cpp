#include "core/daemon/plugin_wishes.hpp"

#include <conductor/plugin.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/go_duration.hpp"
#include "core/plugin/raw_options.hpp"

namespace conductor::daemon {

namespace {

using plugin::RawOption;
using Problems = std::vector<std::string>;

constexpr const char* sync_id = "io.conductord.op-node-sync";
constexpr const char* peers_id = "io.conductord.op-node-peers";
constexpr const char* driver_id = "io.conductord.op-node";
constexpr const char* el_peers_id = "io.conductord.el-peers";
constexpr const char* builder_id = "io.conductord.rollup-boost";

template <class Value>
RawOption option(std::string key, Value value) {
    return {std::move(key), {}, false, {{std::move(value), {}}}};
}

/// What the flags say of a bundled plugin.
std::vector<RawOption> flags_of(const std::string& id, const config::Settings& settings) {
    const auto& health = settings.health;
    if (id == sync_id)
        return {option("unsafe_interval", go_duration(health.unsafe_interval)),
                option("safe_enabled", health.safe_enabled),
                option("safe_interval", go_duration(health.safe_interval))};
    if (id == peers_id) {
        // Beyond what an option can hold it is as unreachable.
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return {option("min", static_cast<std::int64_t>(std::min(health.min_peer_count, most)))};
    }
    if (id == driver_id) {
        switch (settings.control.start_mode) {
            case config::StartMode::hash_param:
                return {option("start_mode", std::string{"hash-param"})};
            case config::StartMode::parameterless:
                return {option("start_mode", std::string{"parameterless"})};
            case config::StartMode::automatic:
                break;
        }
    }
    return {};
}

config::PluginInstance standard(const char* name, const char* id) {
    config::PluginInstance instance;
    instance.name = name;
    instance.plugin = id;
    return instance;
}

PluginWish wish(config::PluginInstance instance, const char* kind, const std::string& table,
                const config::Settings& settings, Problems& problems) {
    PluginWish out;
    out.kind = kind;
    out.subject = table + " \"" + instance.name + '"';
    if (auto options = plugin::raw_options(out.subject, instance.options)) {
        out.options = std::move(*options);
    } else {
        const auto wrong = options.error();
        problems.insert(problems.end(), wrong.begin(), wrong.end());
    }
    for (auto& flag : flags_of(instance.plugin, settings)) {
        const bool said =
            std::ranges::any_of(out.options, [&](const auto& option) { return option.key == flag.key; });
        if (!said) out.options.push_back(std::move(flag));
    }
    out.instance = std::move(instance);
    return out;
}

/// In Go's order (conductor.md 4.2); an instance of the file that has such a name or plugin stands instead of
/// it.
std::vector<config::PluginInstance> all_checks(const config::Settings& settings) {
    const auto& health = settings.health;
    std::vector<config::PluginInstance> checks{standard("op-node-sync", sync_id),
                                               standard("op-node-peers", peers_id)};
    if (health.execution_p2p_enabled) checks.push_back(standard("el-peers", el_peers_id));
    if (health.rollup_boost_enabled) checks.push_back(standard("rollup-boost", builder_id));
    std::erase_if(checks, [&](const config::PluginInstance& check) {
        return std::ranges::any_of(settings.plugins.health, [&](const config::PluginInstance& of_file) {
            return of_file.name == check.name || of_file.plugin == check.plugin;
        });
    });
    checks.insert(checks.end(), settings.plugins.health.begin(), settings.plugins.health.end());
    return checks;
}

}  // namespace

Result<PluginWishes, std::vector<std::string>> plugin_wishes(const config::Settings& settings) {
    Problems problems;
    PluginWishes out;
    const auto& plugins = settings.plugins;
    for (auto& instance : all_checks(settings))
        out.checks.push_back(wish(instance, CONDUCTOR_HEALTH_CHECK, "health", settings, problems));
    out.driver = wish(plugins.driver.value_or(standard("op-node", driver_id)), CONDUCTOR_SEQUENCER_DRIVER,
                      "driver", settings, problems);
    if (plugins.transfer)
        out.transfer = wish(*plugins.transfer, CONDUCTOR_LEADER_TRANSFER, "transfer", settings, problems);
    if (!problems.empty()) return problems;
    return out;
}

}  // namespace conductor::daemon
