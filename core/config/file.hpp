// The options and tables of the TOML files. `a.b-c` is key `b-c` of table `[a]`; tables that are no options are
// those of plugins, their endpoints and the peers. Everything is judged, nothing is loaded: whether a plugin
// exists and knows an option is found out by who loads it, with the places kept here. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/config/go_values.hpp"
#include "core/config/options.hpp"
#include "core/config/toml.hpp"

namespace conductor::config {

/// One plugin at work: `[[health]]`, `[driver]`, `[transfer]`.
struct PluginInstance {
    std::string name;    ///< `[a-z0-9-]{1,63}`, unique
    std::string plugin;  ///< the id in the library's note
    std::string role{"gate"};
    std::optional<Duration> interval;
    std::optional<Duration> timeout;
    std::optional<std::string> on_unknown;
    std::optional<Duration> hold_for;
    std::optional<Duration> fault_cooldown;
    std::optional<std::uint64_t> failures_to_unhealthy;
    std::optional<std::uint64_t> successes_to_healthy;
    std::optional<std::string> sha256;
    TomlTable options;
    Place place;         ///< of the instance
    Place plugin_place;  ///< of the id
};

/// `[endpoints.NAME]`: where an address and its secrets live; plugins see the name.
struct Endpoint {
    std::string name;
    std::string url;
    std::optional<Duration> timeout;
    std::string ca;
    std::string token_file;
    Place place;
};

/// The RPC of another conductor; conductor 1.7.1.
struct PeerRpc {
    std::string id;
    std::string url;
    std::string ca;
    std::string token_file;
    friend bool operator==(const PeerRpc&, const PeerRpc&) = default;
};

struct FileOption {
    const Option* option;
    Value value;
    Place place;
};

struct FileContents {
    std::vector<FileOption> options;  ///< a later file's after an earlier's; the last one counts
    std::vector<PluginInstance> health;
    std::optional<PluginInstance> driver;
    std::optional<PluginInstance> transfer;
    std::vector<Endpoint> endpoints;
    std::vector<PeerRpc> peers;
    std::vector<std::string> problems;  ///< each with file, line and column, in their order
};

/// Adds one file to what earlier ones said.
void read_file(FileContents& into, std::string_view text, const std::string& file);

/// `id=url`; the complaint is `invalid peers rpc: "x"`.
[[nodiscard]] Result<PeerRpc, Complaint> parse_peer(std::string_view item);

}  // namespace conductor::config
