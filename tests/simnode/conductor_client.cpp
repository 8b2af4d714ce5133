#include "tests/simnode/conductor_client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/runtime/clock.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr Duration budget = 1s;
constexpr Duration pause = 50ms;
constexpr int attempts = 2;
}  // namespace

asio::awaitable<Result<JsonText, Complaint>> ConductorClient::call(std::string method, std::string params) {
    if (!endpoint_) co_return Complaint{"no conductor RPC endpoint available: not configured"};
    const auto endpoint = *endpoint_;
    const auto until = now() + budget;
    asio::steady_timer timer{co_await asio::this_coro::executor};
    Complaint last;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (attempt > 0) {
            timer.expires_after(pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
        const auto left = until - now();
        if (left <= 0ms) break;
        RpcCall one{++calls_, method, params};
        auto posting = rpc_post(endpoint, std::move(one), left);
        auto result = co_await std::move(posting);
        if (result) co_return std::move(*result);
        last = result.error();
    }
    co_return Complaint{"operation failed permanently after " + std::to_string(attempts) +
                        " attempts: " + last.text};
}

asio::awaitable<Result<bool, Complaint>> ConductorClient::leader() {
    if (overridden_) co_return true;
    auto calling = call("conductor_leader", {});
    const auto result = co_await std::move(calling);
    if (!result) co_return result.error();
    co_return result->text == "true";
}

asio::awaitable<Result<void, Complaint>> ConductorClient::commit(std::string envelope_json) {
    if (overridden_) co_return Result<void, Complaint>{};
    auto calling = call("conductor_commitUnsafePayload", "[" + envelope_json + "]");
    const auto result = co_await std::move(calling);
    if (!result) co_return Complaint{"failed to commit unsafe payload to conductor: " + result.error().text};
    co_return Result<void, Complaint>{};
}

}  // namespace conductor::simnode
