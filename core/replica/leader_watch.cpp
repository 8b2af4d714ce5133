#include "core/replica/leader_watch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/transport/dial.hpp"

namespace conductor::replica {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto between_dials = 50ms;
constexpr auto dial_limit = 500ms;  // who refuses does so at once
constexpr int refusals_needed = 2;

}  // namespace

asio::awaitable<bool> refuses_connections(std::string address) {
    const auto socket = co_await transport::dial(std::move(address), dial_limit);
    co_return !socket && socket.error() == asio::error::connection_refused;
}

void LeaderWatch::left(const ServerId& who) {
    auto suspect = around_.suspect(who);
    if (suspect) tasks_.spawn(core_.get_executor(), look(who, std::move(*suspect), ++round_));
}

bool LeaderWatch::still(const ServerId& who, const Suspect& suspect, std::uint64_t round) const {
    return round == round_ && around_.suspect(who) == suspect;
}

asio::awaitable<void> LeaderWatch::look(ServerId who, Suspect suspect, std::uint64_t round) {
    int refusals = 0;
    asio::steady_timer timer{core_};
    while (true) {
        const bool refused = co_await around_.refuses(suspect.address);
        if (!still(who, suspect, round)) co_return;
        refusals = refused ? refusals + 1 : 0;
        if (refusals == refusals_needed) co_return around_.gone(who, suspect);
        timer.expires_after(between_dials);
        const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled || !still(who, suspect, round)) co_return;
    }
}

}  // namespace conductor::replica
