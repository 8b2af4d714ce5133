#include "core/daemon/raft_port.hpp"

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "core/daemon/dial_words.hpp"
#include "core/runtime/deadline.hpp"
#include "core/runtime/errno_words.hpp"
#include "core/runtime/logging.hpp"
#include "core/runtime/resolver.hpp"
#include "core/transport/dial.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto resolve_limit = 10s;

const char* const no_transport = "failed to create raft tcp transport: ";
const char* const not_advertisable = "local bind address is not advertisable";

std::string join(const asio::ip::address& address, std::uint16_t port) {
    const auto host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    return host + ":" + std::to_string(port);
}

// As Go chooses among several: an IPv4 address where there is one.
asio::ip::address preferred(const Endpoints& endpoints) {
    for (const auto& endpoint : endpoints)
        if (endpoint.address().is_v4()) return endpoint.address();
    return endpoints.front().address();
}

struct Found {
    Found() = default;  // no aggregate: GCC 12 destroys those twice in coroutines
    std::optional<asio::ip::address> address;
    boost::system::error_code error;
};

asio::awaitable<Found> look_up(std::string host, std::uint16_t port) {
    Found found;
    const auto resolved = co_await resolve(std::move(host), port);
    if (!resolved) {
        found.error = resolved.error();
    } else if (resolved->empty()) {
        found.error = asio::error::host_not_found;
    } else {
        found.address = preferred(*resolved);
    }
    co_return found;
}

asio::awaitable<Found> look_up_soon(std::string host, std::uint16_t port) {
    auto found = co_await within(resolve_limit, look_up(std::move(host), port));
    if (found) co_return std::move(*found);
    Found late;
    late.error = found.error();
    co_return late;
}

// Two members that both resolve their own names to loopback, as Debian's /etc/hosts does, must not be one and
// the same candidate: a vote is for an address. Their names differ.
std::string identity(const std::string& configured, const asio::ip::address& resolved, std::uint16_t port) {
    const auto place = transport::split_address(configured);
    boost::system::error_code is_name;
    if (place) static_cast<void>(asio::ip::make_address(place->host, is_name));
    if (is_name && resolved.is_loopback()) return configured;
    return join(resolved, port);
}

}  // namespace

asio::awaitable<Result<RaftAddress, Complaint>> open_raft_port(config::ConsensusSettings consensus,
                                                               bool compat_go, replica::RaftLinks& links) {
    using Outcome = Result<RaftAddress, Complaint>;
    RaftAddress address;
    if (consensus.advertised.empty()) {
        logging::warn("No advertised address specified. Advertising local address.");
    } else {
        const auto refused = "failed to resolve advertised TCP address \"" + consensus.advertised + "\": ";
        const auto place = transport::split_address(consensus.advertised);
        if (!place) co_return Outcome{Complaint{refused + fault_of(consensus.advertised)}};
        const auto found = co_await look_up_soon(place->host, place->port);
        if (!found.address)
            co_return Outcome{Complaint{refused + words_for(consensus.advertised, found.error)}};
        address.configured = consensus.advertised;
        address.header = identity(consensus.advertised, *found.address, place->port);
        const auto zone = found.address->is_v6() && found.address->to_v6().scope_id() != 0
                              ? std::to_string(found.address->to_v6().scope_id())
                              : std::string{};
        logging::info("Resolved advertising address", {{"adAddr", join(*found.address, place->port)},
                                                       {"adIP", found.address->to_string()},
                                                       {"adPort", place->port},
                                                       {"adZone", zone}});
    }

    const auto wanted = consensus.addr + ":" + std::to_string(consensus.port);
    logging::info("Binding raft server to network transport", {{"listenAddr", wanted}});
    const auto host = co_await look_up_soon(consensus.addr, consensus.port);
    if (!host.address)
        co_return Outcome{Complaint{no_transport + ("listen tcp: " + words_for(wanted, host.error))}};
    const bool everywhere = host.address->is_unspecified();
    if (everywhere && consensus.advertised.empty() && compat_go)
        co_return Outcome{Complaint{std::string{no_transport} + not_advertisable}};

    std::string name;
    Found named;
    if (everywhere && consensus.advertised.empty()) {
        boost::system::error_code nameless;
        name = asio::ip::host_name(nameless);
        if (!nameless && !name.empty()) named = co_await look_up_soon(name, consensus.port);
        if (!named.address)
            co_return Outcome{Complaint{std::string{no_transport} + not_advertisable +
                                        ", and the host's name does not resolve: set consensus.advertised"}};
    }

    // From here to introduce() nothing is awaited: no connection is served before it knows our name.
    if (const auto listening = links.listen(host.address->to_string(), consensus.port); !listening)
        co_return Outcome{
            Complaint{no_transport + ("listen tcp " + wanted + ": bind: " + errno_words(listening.error()))}};
    if (named.address) {
        address.configured = name + ":" + std::to_string(links.port());
        address.header = identity(address.configured, *named.address, links.port());
        logging::warn("Listening on every address of this host, advertising its name",
                      {{"advertised", address.configured}});
    } else if (address.configured.empty()) {
        address.configured = address.header = join(*host.address, links.port());
    }
    links.introduce(address.header);
    logging::info("Raft server network transport is up", {{"addr", address.header}});
    co_return Outcome{std::move(address)};
}

}  // namespace conductor::daemon
