#include "tests/simnode/gossip.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr Duration send_limit = 1s;
constexpr Duration ask_limit = 500ms;
}  // namespace

struct Gossip::Peer {
    Peer(const asio::any_io_executor& executor, Endpoint at)
        : endpoint{std::move(at)}, wake{executor, asio::steady_timer::time_point::max()} {}
    Endpoint endpoint;
    std::deque<std::shared_ptr<const std::string>> queue;
    asio::steady_timer wake;
    bool gone{false};
};

void Gossip::set_peers(const std::vector<Endpoint>& peers) {
    for (const auto& peer : peers_) {
        peer->gone = true;
        peer->wake.cancel();
    }
    peers_.clear();
    for (const auto& endpoint : peers) {
        peers_.push_back(std::make_shared<Peer>(executor_, endpoint));
        tasks_->spawn(executor_, feed(peers_.back()));
    }
}

void Gossip::publish(const Envelope& block) {
    if (peers_.empty()) return;
    const auto text = std::make_shared<const std::string>(payload::envelope_to_json(block));
    for (const auto& peer : peers_) {
        if (peer->queue.size() >= max_queued) {
            peer->queue.pop_front();
            ++dropped;
        }
        peer->queue.push_back(text);
        peer->wake.cancel();
    }
}

asio::awaitable<void> Gossip::feed(std::shared_ptr<Peer> peer) {
    auto to = peer->endpoint;
    to.target = "/gossip";
    while (!peer->gone) {
        if (peer->queue.empty()) {
            (void)co_await peer->wake.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;  // a cancelled task ends at its next co_await
        }
        const auto text = peer->queue.front();
        peer->queue.pop_front();
        auto posting = http_post(to, *text, send_limit);
        const auto reply = co_await std::move(posting);
        ++(reply && reply->status == 200 ? sent : dropped);
    }
}

asio::awaitable<std::optional<Envelope>> Gossip::ask(std::uint64_t number) const {
    const auto peers = peers_;
    for (const auto& peer : peers) {
        RpcCall call{1, "sim_payload", "[" + std::to_string(number) + "]"};
        auto asking = rpc_post(peer->endpoint, std::move(call), ask_limit);
        const auto answer = co_await std::move(asking);
        if (!answer || answer->text == "null") continue;
        auto block = payload::envelope_from_json(answer->text);
        if (block && payload::check_block_hash(*block)) co_return std::move(*block);
    }
    co_return std::nullopt;
}

}  // namespace conductor::simnode
