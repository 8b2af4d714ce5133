// What the settings mean to the parts that the daemon is composed of. Pure but for the seed of elections.
#pragma once

#include <string>

#include "core/config/settings.hpp"
#include "core/replica/raft_links.hpp"
#include "core/replica/replica.hpp"
#include "core/rpc/http_server.hpp"
#include "core/rpc/routes.hpp"
#include "core/storage/log_store.hpp"

namespace conductor::daemon {

/// `header` is the address in all our messages.
[[nodiscard]] replica::Options replica_options(const config::Settings& settings, const std::string& header);
[[nodiscard]] replica::RaftLinks::Options link_options(const config::RaftSettings& raft);
[[nodiscard]] storage::StoreOptions store_options(const config::Settings& settings);
[[nodiscard]] rpc::RouteOptions route_options(const config::Settings& settings, const std::string& version);
[[nodiscard]] rpc::HttpServerOptions rpc_server_options(const config::RpcSettings& rpc);
[[nodiscard]] rpc::HttpServerOptions metrics_server_options(const config::MetricsSettings& metrics);

}  // namespace conductor::daemon
