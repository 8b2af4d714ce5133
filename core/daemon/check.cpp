#include "core/daemon/check.hpp"

#include <boost/asio/io_context.hpp>

#include "core/daemon/peer_watch.hpp"
#include "core/daemon/plugin_house.hpp"
#include "core/rpc/proxy.hpp"

namespace conductor::daemon {

std::string problems_of_start(const config::Settings& settings) {
    std::vector<std::string> problems;
    boost::asio::io_context core;
    const auto house = PluginHouse::furnish(core, settings, std::make_shared<metrics::Metrics>("check"),
                                            PluginHouse::Purpose::check);
    if (!house)
        for (const auto& problem : house.error()) problems.push_back("failed to load plugins: " + problem);
    if (const auto peers = address_book(settings); !peers) problems.push_back(peers.error().text);
    if (settings.rpc.enable_proxy)
        for (const auto& problem : rpc::proxy_complaints(settings.rpc.proxy_methods))
            problems.push_back("failed to initialize rpc server: " + problem);
    if (problems.empty()) return {};
    std::string out;
    for (const auto& problem : problems) out += problem + "\n";
    return out + std::to_string(problems.size()) + (problems.size() == 1 ? " problem\n" : " problems\n");
}

}  // namespace conductor::daemon
