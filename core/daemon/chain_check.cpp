#include "core/daemon/chain_check.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;

namespace {

// A node that has not answered by then is what the health checks speak of.
constexpr int attempts = 20;
constexpr auto between = std::chrono::seconds{15};

ChainFacts facts_for(const config::NetworkSettings& network, ChainFacts facts) {
    if (facts.empty()) facts = facts_in_rollup_config(network.rollup_config);
    if (!facts.empty())
        for (const auto& [fork, time] : network.overrides) facts["forks." + fork] = std::to_string(time);
    return facts;
}

}  // namespace

ChainCheck::ChainCheck(asio::io_context& core, const config::Settings& settings, ChainFacts facts)
    : core_{core}, settings_{settings}, facts_{facts_for(settings.network, std::move(facts))} {}

void ChainCheck::begin() {
    if (facts_.empty()) return;
    put(settings_.execution.url, "eth_chainId", &facts_in_chain_id);
    put(settings_.node.url, "optimism_rollupConfig", &facts_in_rollup_config);
}

void ChainCheck::put(const std::string& url, const char* method, Read read) {
    const auto node = http::read_url(url);
    if (!node) return;
    auto question = std::make_shared<const Question>(Question{*node, method, read});
    tasks_.spawn(core_.get_executor(), ask(std::move(question)));
}

asio::awaitable<void> ChainCheck::ask(std::shared_ptr<const Question> question) {
    asio::steady_timer pause{core_};
    for (int i = 0; i < attempts; ++i) {
        const bool over = co_await answered(question);
        if (over) break;
        pause.expires_after(between);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<bool> ChainCheck::answered(std::shared_ptr<const Question> question) {
    http::RpcCall call{question->node, question->method};
    call.limit = settings_.node.timeout;
    call.repeat = http::Repeat::once;
    const auto answer = co_await rpc_.call(std::move(call));
    if (answer) compare(question->method, question->read(*answer));
    const bool refused = !answer && answer.error().kind == http::RpcFailure::Kind::remote;
    if (refused)
        logging::info("the node does not say what chain it is of",
                      {{"method", question->method}, {"err", answer.error().message}});
    co_return answer || refused;
}

void ChainCheck::compare(const std::string& method, const ChainFacts& said) const {
    const auto& network = settings_.network;
    const auto& from = network.profile.empty() ? network.rollup_config_path : network.profile;
    const auto differ = mismatches(facts_, said);
    for (const auto& one : differ)
        logging::warn("the node is not of the network that it is configured for",
                      {{"network", from},
                       {"fact", one.fact},
                       {"configured", one.configured},
                       {"node", one.node},
                       {"method", method},
                       {"event", "network_mismatch"}});
    if (differ.empty()) logging::info("the node is of the network", {{"network", from}, {"method", method}});
}

}  // namespace conductor::daemon
