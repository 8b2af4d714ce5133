#include "core/config/build.hpp"

#include <algorithm>

#include "core/config/validate.hpp"

namespace conductor::config {
namespace {

using namespace std::chrono_literals;

std::uint16_t port(const Resolved& values, std::string_view name) {
    const auto number = values.integer(name);
    CONDUCTOR_CHECK(number >= 0);
    CONDUCTOR_CHECK(number <= 65535);
    return static_cast<std::uint16_t>(number);
}

std::size_t megabytes(const Resolved& values, std::string_view name) {
    return static_cast<std::size_t>(values.integer(name)) * 1024 * 1024;
}

Duration or_auto(const Resolved& values, std::string_view name, Duration automatic) {
    return values.is_auto(name) ? automatic : values.duration(name);
}

// An operator may write centuries; they must not turn negative.
Duration times(Duration value, int factor) {
    return value > Duration::max() / factor ? Duration::max() : value * factor;
}
Duration plus(Duration value, Duration more) {
    return value > Duration::max() - more ? Duration::max() : value + more;
}

RaftSettings raft(const Resolved& v) {
    RaftSettings out;
    out.server_id = v.text("raft.server.id");
    out.storage_dir = v.text("raft.storage.dir");
    out.bootstrap = v.flag("raft.bootstrap");
    out.snapshot_interval = v.duration("raft.snapshot-interval");
    out.snapshot_threshold = v.count("raft.snapshot-threshold");
    out.trailing_logs = v.count("raft.trailing-logs");
    out.heartbeat_timeout = v.duration("raft.heartbeat-timeout");
    out.lease_timeout = v.duration("raft.lease-timeout");
    out.election_timeout = election_timeout_of(v);
    out.transfer_timeout = v.duration("raft.transfer-timeout");
    out.apply_timeout = v.duration("raft.apply-timeout");
    out.round_robin_transfer = v.flag("raft.round-robin-leader-transfer");
    out.join = v.text("raft.join") == "new" ? Join::fresh : Join::automatic;
    out.fast_failover = v.flag("raft.fast-failover");
    out.empty_snapshots = v.flag("raft.empty-snapshots");
    out.allow_cidr = v.list("raft.allow-cidr");
    return out;
}

HealthSettings health(const Resolved& v) {
    HealthSettings out;
    // Some intervals later must still be a time.
    out.interval = std::min<Duration>(v.duration("healthcheck.interval"), 24h * 365 * 10);
    out.unsafe_interval = v.duration("healthcheck.unsafe-interval");
    out.safe_interval = v.duration("healthcheck.safe-interval");
    out.safe_enabled = v.flag("healthcheck.safe-enabled");
    out.min_peer_count = v.count("healthcheck.min-peer-count");
    out.timeout = v.duration("healthcheck.timeout");
    out.failures_to_unhealthy = v.count("healthcheck.failures-to-unhealthy");
    out.successes_to_healthy = v.count("healthcheck.successes-to-healthy");
    out.execution_p2p_enabled = v.flag("healthcheck.execution-p2p-enabled");
    out.execution_p2p_min_peers = v.count("healthcheck.execution-p2p-min-peer-count");
    out.execution_p2p_url = v.text("healthcheck.execution-p2p-rpc-url");
    if (out.execution_p2p_url.empty()) out.execution_p2p_url = v.text("execution.rpc");
    out.execution_p2p_api = v.text("healthcheck.execution-p2p-check-api");
    if (out.execution_p2p_api.empty()) out.execution_p2p_api = "net";
    out.rollup_boost_enabled = v.flag("rollup-boost.enabled");
    out.rollup_boost_next_enabled = v.flag("rollup-boost.next-enabled");
    out.rollup_boost_next_url = v.text("rollup-boost.next-healthcheck-url");
    out.rollup_boost_timeout = v.duration("rollup-boost.healthcheck-timeout");
    out.rollup_boost_hold_partial = v.flag("rollup-boost.hold-partial");
    out.rollup_boost_partial_limit = v.count("healthcheck.rollup-boost-partial-healthiness-tolerance-limit");
    out.rollup_boost_partial_interval =
        v.duration("healthcheck.rollup-boost-partial-healthiness-tolerance-interval-seconds");
    return out;
}

ControlSettings control(const Resolved& v) {
    const auto patience = times(v.duration("healthcheck.unsafe-interval"), 3);
    ControlSettings out;
    out.paused = v.flag("paused");
    out.paused_persist = v.flag("paused.persist");
    out.paused_yield_leadership = v.flag("paused.yield-leadership");
    out.shutdown_transfer_leadership = v.flag("shutdown.transfer-leadership");
    out.fencing = v.flag("control.fencing");
    out.retry_min = v.duration("control.retry-min");
    out.retry_max = v.duration("control.retry-max");
    out.startup_grace = or_auto(v, "control.startup-grace", plus(times(election_timeout_of(v), 2), 1s));
    out.catchup_timeout = or_auto(v, "control.catchup-timeout", patience);
    out.recovery_grace = or_auto(v, "control.recovery-grace", std::max<Duration>(30s, patience));
    out.stop_soft_timeout = v.duration("control.stop-soft-timeout");
    out.unsafe_repair_depth = v.count("unsafe-repair-depth");
    const auto& mode = v.text("sequencer.start-mode");
    out.start_mode = mode == "hash-param"      ? StartMode::hash_param
                     : mode == "parameterless" ? StartMode::parameterless
                                               : StartMode::automatic;
    return out;
}

CommitSettings commit(const Resolved& v) {
    CommitSettings out;
    out.go_on_sibling = v.text("commit.on-sibling") == "go";
    out.strict = v.flag("commit.strict");
    const auto& check = v.text("commit.check-hash");
    out.check_hash = check == "off" ? CheckHash::off : check == "sync" ? CheckHash::sync : CheckHash::async;
    return out;
}

RpcSettings rpc(const Resolved& v) {
    RpcSettings out;
    out.addr = v.text("rpc.addr");
    out.port = port(v, "rpc.port");
    out.enable_admin = v.flag("rpc.enable-admin");
    out.enable_proxy = v.flag("rpc.enable-proxy");
    out.json_body_limit = megabytes(v, "rpc.http-body-limit-mb");
    out.binary_body_limit = megabytes(v, "rpc.binary-body-limit-mb");
    out.cors_origins = v.list("rpc.cors-origins");
    out.proxy_methods = v.list("proxy.methods");
    return out;
}

PluginSettings plugins(const Resolved& v, const FileContents& file) {
    PluginSettings out;
    out.directories = v.list("plugins.directories");
    out.allow = v.list("plugins.allow");
    out.trust = v.text("plugins.trust") == "user" ? PluginTrust::user : PluginTrust::root;
    out.drafts = v.flag("plugins.drafts");
    out.health = file.health;
    out.driver = file.driver;
    out.transfer = file.transfer;
    out.endpoints = file.endpoints;
    return out;
}

NetworkSettings network(const Resolved& v) {
    constexpr std::string_view prefix = "override.";
    NetworkSettings out;
    out.profile = v.text("network");
    out.rollup_config_path = v.text("rollup.config");
    for (const auto& option : options())
        if (option.name.starts_with(prefix) && v.given(option.name))
            out.overrides.emplace(option.name.substr(prefix.size()), v.count(option.name));
    return out;
}

logging::Level level_from(std::string_view word) {
    using logging::Level;
    if (word == "trace" || word == "trce") return Level::trace;
    if (word == "debug" || word == "dbug") return Level::debug;
    if (word == "warn") return Level::warn;
    if (word == "error" || word == "eror") return Level::error;
    if (word == "crit") return Level::crit;
    return Level::info;
}

logging::Format format_from(std::string_view word) {
    using logging::Format;
    if (word == "terminal") return Format::terminal;
    if (word == "logfmt") return Format::logfmt;
    if (word == "logfmtms") return Format::logfmtms;
    if (word == "json") return Format::json;
    if (word == "jsonms") return Format::jsonms;
    return Format::text;
}

}  // namespace

LogSettings log_settings(const Resolved& values, bool output_is_terminal) {
    LogSettings out;
    out.level = level_from(values.text("log.level"));
    out.format = format_from(values.text("log.format"));
    out.color = values.given("log.color") ? values.flag("log.color") : output_is_terminal;
    out.pid = values.flag("log.pid");
    out.compat = values.flag("log.compat");
    return out;
}

Settings build(const Resolved& v, const FileContents& file, const LogSettings& log) {
    Settings out;
    out.compat_go = v.text("compat") == "go";
    out.consensus = {v.text("consensus.addr"), port(v, "consensus.port"), v.text("consensus.advertised")};
    out.raft = raft(v);
    out.storage = {v.duration("storage.lock-wait"), v.duration("storage.stall-timeout"),
                   v.count("storage.retain-bytes"), v.flag("storage.give-up-unreadable")};
    out.node = {v.text("node.rpc"), v.duration("node.rpc-timeout")};
    out.execution = {v.text("execution.rpc"), v.duration("execution.rpc-timeout")};
    out.health = health(v);
    out.control = control(v);
    out.commit = commit(v);
    out.rpc = rpc(v);
    // A port that nobody will open may be any number.
    out.metrics = {v.flag("metrics.enabled"), v.text("metrics.addr"),
                   v.flag("metrics.enabled") ? port(v, "metrics.port") : std::uint16_t{0}};
    out.peers = {{}, v.duration("peers.poll-interval"), v.duration("peers.poll-timeout")};
    out.plugins = plugins(v, file);
    out.network = network(v);
    out.log = log;
    return out;
}

}  // namespace conductor::config
