#include "core/daemon/part_options.hpp"

#include <chrono>
#include <random>

#include "core/base/check.hpp"

namespace conductor::daemon {

replica::Options replica_options(const config::Settings& settings, const std::string& header) {
    replica::Options options;
    auto& raft = options.raft;
    raft.self = {ServerId{settings.raft.server_id}, header};
    raft.heartbeat_timeout = settings.raft.heartbeat_timeout;
    raft.election_timeout = settings.raft.election_timeout;
    raft.lease_timeout = settings.raft.lease_timeout;
    raft.snapshot_interval = settings.raft.snapshot_interval;
    raft.snapshot_threshold = settings.raft.snapshot_threshold;
    raft.trailing_logs = settings.raft.trailing_logs;
    raft.retain_octets = settings.storage.retain_bytes;
    raft.empty_snapshots = settings.raft.empty_snapshots;
    raft.give_up_unreadable = settings.storage.give_up_unreadable;
    raft.add_voter_at_once = settings.compat_go;
    raft.seed = std::random_device{}();
    options.stall_timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(settings.storage.stall_timeout);
    options.refuse_siblings = !settings.commit.go_on_sibling;
    return options;
}

replica::RaftLinks::Options link_options(const config::RaftSettings& raft) {
    replica::RaftLinks::Options options;
    auto allowed = transport::AllowList::parse(raft.allow_cidr);
    CONDUCTOR_CHECK(allowed.has_value());  // the settings were judged
    options.inbound.allowed = std::move(*allowed);
    options.fast_failover = raft.fast_failover;
    return options;
}

storage::StoreOptions store_options(const config::Settings& settings) {
    storage::StoreOptions options;
    options.directory = settings.raft.storage_dir + "/" + settings.raft.server_id;
    options.retain_octets = settings.storage.retain_bytes;
    return options;
}

rpc::RouteOptions route_options(const config::Settings& settings, const std::string& version) {
    rpc::RouteOptions options;
    options.version = version;
    options.json_body_limit = settings.rpc.json_body_limit;
    options.binary_body_limit = settings.rpc.binary_body_limit;
    options.cors_origins = settings.rpc.cors_origins;
    return options;
}

rpc::HttpServerOptions rpc_server_options(const config::RpcSettings& rpc) {
    rpc::HttpServerOptions options;
    options.address = rpc.addr;
    options.port = rpc.port;
    return options;
}

rpc::HttpServerOptions metrics_server_options(const config::MetricsSettings& metrics) {
    rpc::HttpServerOptions options;
    options.address = metrics.addr;
    options.port = metrics.port;
    options.max_connections = 64;  // a few scrapers
    return options;
}

}  // namespace conductor::daemon
