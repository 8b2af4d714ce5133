#include "tests/simnode/conductor_client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/payload/transcode.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr Duration budget = 1s;
constexpr Duration pause = 50ms;
constexpr int attempts = 2;
constexpr std::string_view no_endpoint{"no conductor RPC endpoint available: not configured"};

asio::awaitable<Result<JsonText, Complaint>> post_octets(Endpoint to, std::string octets, Duration limit) {
    auto posting = http_post(std::move(to), std::move(octets), limit, BodyKind::octets);
    const auto reply = co_await std::move(posting);
    if (!reply) co_return reply.error();
    if (reply->status != 200) co_return Complaint{std::to_string(reply->status) + ": " + reply->body};
    co_return JsonText{};
}
}  // namespace

// Both tries share the budget: `attempt_once` is given what is left of it.
template <class Try>
asio::awaitable<Result<JsonText, Complaint>> ConductorClient::within_budget(Try attempt_once) const {
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
        auto trying = attempt_once(left);
        auto result = co_await std::move(trying);
        if (result) co_return std::move(*result);
        last = result.error();
    }
    co_return Complaint{"operation failed permanently after " + std::to_string(attempts) +
                        " attempts: " + last.text};
}

asio::awaitable<Result<JsonText, Complaint>> ConductorClient::call(std::string method, std::string params) {
    if (!endpoint_) co_return Complaint{std::string{no_endpoint}};
    const auto endpoint = *endpoint_;
    const auto attempt_once = [&](Duration left) {
        return rpc_post(endpoint, RpcCall{++calls_, method, params}, left);
    };
    auto calling = within_budget(attempt_once);
    co_return co_await std::move(calling);
}

asio::awaitable<Result<JsonText, Complaint>> ConductorClient::post_ssz(std::string ssz) {
    if (!endpoint_) co_return Complaint{std::string{no_endpoint}};
    auto endpoint = *endpoint_;
    endpoint.target = "/commit-unsafe-payload";
    const auto attempt_once = [&](Duration left) { return post_octets(endpoint, ssz, left); };
    auto posting = within_budget(attempt_once);
    co_return co_await std::move(posting);
}

asio::awaitable<Result<bool, Complaint>> ConductorClient::leader() {
    if (overridden_) co_return true;
    auto calling = call("conductor_leader", {});
    const auto result = co_await std::move(calling);
    if (!result) co_return result.error();
    co_return result->text == "true";
}

asio::awaitable<Result<void, Complaint>> ConductorClient::commit(Envelope block) {
    if (overridden_) co_return Result<void, Complaint>{};
    auto committing = binary_
                          ? post_ssz(std::string{as_text(block.ssz.span())})
                          : call("conductor_commitUnsafePayload", "[" + payload::envelope_to_json(block) + "]");
    const auto result = co_await std::move(committing);
    if (!result) co_return Complaint{"failed to commit unsafe payload to conductor: " + result.error().text};
    co_return Result<void, Complaint>{};
}

}  // namespace conductor::simnode
