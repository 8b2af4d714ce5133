#include "core/daemon/plugin_wishes.hpp"

#include <conductor/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
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
constexpr const char* health_aware_id = "io.conductord.health-aware";
constexpr const char* el_peers_id = "io.conductord.el-peers";
constexpr const char* builder_id = "io.conductord.rollup-boost";
constexpr const char* el_peers_endpoint = "execution-p2p";
constexpr const char* builder_endpoint = "rollup-boost";

// Each has a thread of its own (docs/adr/0005): far above what anybody has asked for, far below what hurts.
constexpr std::size_t checks_limit = 64;

// What a plugin may need besides the exchange itself, so that the flag's time-out is that of the exchange.
constexpr auto answer_margin = std::chrono::milliseconds{100};

bool boost_enabled(const config::HealthSettings& health) {
    return health.rollup_boost_enabled || health.rollup_boost_next_enabled;
}

std::int64_t bounded(std::uint64_t count) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX));
}

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
    if (id == peers_id) return {option("min", bounded(health.min_peer_count))};
    if (id == el_peers_id) {
        std::vector<RawOption> options{option("execution", std::string{el_peers_endpoint}),
                                       option("api", health.execution_p2p_api)};
        // 0 is what the flag says when nobody has set it; the plugin's own default is of more use then.
        if (health.execution_p2p_min_peers > 0)
            options.push_back(option("min", bounded(health.execution_p2p_min_peers)));
        return options;
    }
    if (id == builder_id)
        return {option("boost", std::string{builder_endpoint}),
                option("variant", std::string{health.rollup_boost_next_enabled ? "next" : "standard"}),
                option("tolerance_limit", bounded(health.rollup_boost_partial_limit)),
                option("tolerance_interval", go_duration(health.rollup_boost_partial_interval))};
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
        const auto wrong = options.error();  // a copy at each call: its ends must be those of one
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
    if (boost_enabled(health)) {
        auto& boost = checks.emplace_back(standard("rollup-boost", builder_id));
        boost.timeout = health.rollup_boost_timeout + answer_margin;
    }
    std::erase_if(checks, [&](const config::PluginInstance& check) {
        return std::ranges::any_of(settings.plugins.health, [&](const config::PluginInstance& of_file) {
            return of_file.name == check.name || of_file.plugin == check.plugin;
        });
    });
    checks.insert(checks.end(), settings.plugins.health.begin(), settings.plugins.health.end());
    return checks;
}

/// Nothing: consensus chooses, as in Go.
std::optional<config::PluginInstance> strategy(const config::Settings& settings) {
    if (settings.plugins.transfer) return settings.plugins.transfer;
    if (settings.raft.round_robin_transfer) return standard("round-robin", round_robin_id);
    if (settings.compat_go) return std::nullopt;
    return standard("health-aware", health_aware_id);
}

}  // namespace

std::vector<WishedEndpoint> endpoints_of_flags(const config::Settings& settings) {
    const auto& health = settings.health;
    std::vector<WishedEndpoint> out{{"node", settings.node.url, settings.node.timeout},
                                    {"execution", settings.execution.url, settings.execution.timeout}};
    out.push_back({el_peers_endpoint, health.execution_p2p_url, settings.execution.timeout});
    out.push_back({builder_endpoint,
                   health.rollup_boost_next_enabled ? health.rollup_boost_next_url : settings.execution.url,
                   health.rollup_boost_timeout});
    return out;
}

Result<PluginWishes, std::vector<std::string>> plugin_wishes(const config::Settings& settings) {
    Problems problems;
    PluginWishes out;
    const auto& plugins = settings.plugins;
    const auto checks = all_checks(settings);
    if (checks.size() > checks_limit)
        return Problems{plugin::to_prefix(plugin::to_place(checks[checks_limit].place)) + "health \"" +
                        checks[checks_limit].name + "\": " + std::to_string(checks.size()) +
                        " health checks are too many: at most " + std::to_string(checks_limit) +
                        " have room, each on a thread of its own"};
    for (const auto& instance : checks)
        out.checks.push_back(wish(instance, CONDUCTOR_HEALTH_CHECK, "health", settings, problems));
    out.driver = wish(plugins.driver.value_or(standard("op-node", driver_id)), CONDUCTOR_SEQUENCER_DRIVER,
                      "driver", settings, problems);
    if (auto transfer = strategy(settings))
        out.transfer = wish(std::move(*transfer), CONDUCTOR_LEADER_TRANSFER, "transfer", settings, problems);
    if (!problems.empty()) return problems;
    return out;
}

}  // namespace conductor::daemon
