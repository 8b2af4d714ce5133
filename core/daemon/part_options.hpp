// What the settings mean to the parts that the daemon is composed of. Pure but for the seed of elections.
#pragma once

#include <string>

#include "core/config/settings.hpp"
#include "core/replica/replica.hpp"
#include "core/rpc/http_server.hpp"
#include "core/rpc/routes.hpp"
#include "core/storage/log_store.hpp"

namespace conductor::daemon {

/// As the other members dial it.
[[nodiscard]] std::string own_address(const config::ConsensusSettings& consensus);
[[nodiscard]] replica::Options replica_options(const config::Settings& settings);
[[nodiscard]] storage::StoreOptions store_options(const config::Settings& settings);
[[nodiscard]] rpc::RouteOptions route_options(const config::Settings& settings, const std::string& version);
[[nodiscard]] rpc::HttpServerOptions rpc_server_options(const config::RpcSettings& rpc);
[[nodiscard]] rpc::HttpServerOptions metrics_server_options(const config::MetricsSettings& metrics);

}  // namespace conductor::daemon
