// Everything the daemon may ask of its configuration, judged and typed. Values only: a Settings that exists is
// valid. Names follow the options; a member that says nothing else means what the option's help says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/log_line.hpp"
#include "core/config/file.hpp"

namespace conductor::config {

struct LogSettings {
    logging::Level level{logging::Level::info};
    logging::Format format{logging::Format::text};
    bool color{false};
    bool pid{false};
    bool compat{true};
    friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct ConsensusSettings {
    std::string addr;
    std::uint16_t port{0};   ///< 0: the system chooses
    std::string advertised;  ///< host:port; empty: the bound address
};

enum class Join : std::uint8_t { automatic, fresh };

struct RaftSettings {
    std::string server_id;
    std::string storage_dir;  ///< data goes to `<storage_dir>/<server_id>/`
    bool bootstrap{false};
    Duration snapshot_interval{};
    std::uint64_t snapshot_threshold{0};  ///< entries
    std::uint64_t trailing_logs{0};       ///< entries
    Duration heartbeat_timeout{};
    Duration lease_timeout{};
    Duration election_timeout{};
    Duration transfer_timeout{};
    Duration apply_timeout{};
    bool round_robin_transfer{false};
    Join join{Join::automatic};
    bool fast_failover{true};
    bool empty_snapshots{false};
    std::vector<std::string> allow_cidr;  ///< valid networks; empty: everybody
};

struct StorageSettings {
    Duration lock_wait{};
    Duration stall_timeout{};
    std::uint64_t retain_bytes{0};
    bool give_up_unreadable{false};
};

struct NodeSettings {
    std::string url;
    Duration timeout{};
};

enum class StartMode : std::uint8_t { hash_param, parameterless, automatic };

struct HealthSettings {
    Duration interval{};
    Duration unsafe_interval{};
    Duration safe_interval{};
    bool safe_enabled{false};
    std::uint64_t min_peer_count{0};
    Duration timeout{};
    std::uint64_t failures_to_unhealthy{1};
    std::uint64_t successes_to_healthy{1};
    bool execution_p2p_enabled{false};
    std::uint64_t execution_p2p_min_peers{0};
    std::string execution_p2p_url;  ///< execution.rpc where none was given
    std::string execution_p2p_api;  ///< `net` or `admin`
    bool rollup_boost_enabled{false};
    bool rollup_boost_next_enabled{false};
    std::string rollup_boost_next_url;
    Duration rollup_boost_timeout{};
    bool rollup_boost_hold_partial{true};
    std::uint64_t rollup_boost_partial_limit{0};
    Duration rollup_boost_partial_interval{};
};

struct ControlSettings {
    bool paused{false};
    bool paused_persist{false};
    bool paused_yield_leadership{true};
    bool shutdown_transfer_leadership{true};
    bool fencing{true};
    Duration retry_min{};
    Duration retry_max{};
    Duration startup_grace{};
    Duration catchup_timeout{};  ///< 0: waits for ever
    Duration recovery_grace{};
    Duration stop_soft_timeout{};
    std::uint64_t unsafe_repair_depth{0};  ///< payloads
    StartMode start_mode{StartMode::automatic};
};

enum class CheckHash : std::uint8_t { off, async, sync };

struct CommitSettings {
    bool go_on_sibling{false};  ///< a conflicting payload at the head is answered with success, as in Go
    bool strict{true};
    CheckHash check_hash{CheckHash::async};
};

struct RpcSettings {
    std::string addr;
    std::uint16_t port{0};  ///< 0: the system chooses
    bool enable_admin{false};
    bool enable_proxy{true};
    std::size_t json_body_limit{0};    ///< octets
    std::size_t binary_body_limit{0};  ///< octets
    std::vector<std::string> cors_origins;
    std::vector<std::string> proxy_methods;
};

struct MetricsSettings {
    bool enabled{false};
    std::string addr;
    std::uint16_t port{0};
};

struct PeersSettings {
    std::vector<PeerRpc> rpc;
    Duration poll_interval{};
    Duration poll_timeout{};
};

enum class PluginTrust : std::uint8_t { root, user };

struct PluginSettings {
    std::vector<std::string> directories;
    std::vector<std::string> allow;
    PluginTrust trust{PluginTrust::root};
    bool drafts{false};
    std::vector<PluginInstance> health;
    std::optional<PluginInstance> driver;
    std::optional<PluginInstance> transfer;
    std::vector<Endpoint> endpoints;
};

struct NetworkSettings {
    std::string profile;                             ///< empty: none
    std::string rollup_config_path;                  ///< empty: none
    std::string rollup_config;                       ///< its text; empty where it could not be read
    std::map<std::string, std::uint64_t> overrides;  ///< fork → unix seconds, only those that were set
};

struct Settings {
    bool compat_go{false};  ///< for the rules that have no option of their own: 5.5.7, 5.5.8, AddVoter
    ConsensusSettings consensus;
    RaftSettings raft;
    StorageSettings storage;
    NodeSettings node;       ///< the consensus node
    NodeSettings execution;  ///< the execution engine
    HealthSettings health;
    ControlSettings control;
    CommitSettings commit;
    RpcSettings rpc;
    MetricsSettings metrics;
    PeersSettings peers;
    PluginSettings plugins;
    NetworkSettings network;
    LogSettings log;
};

}  // namespace conductor::config
