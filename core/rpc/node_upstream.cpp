#include "core/rpc/node_upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "core/base/go_text.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

RpcError error_of(const http::RpcFailure& failure, const http::Url& url) {
    using Kind = http::RpcFailure::Kind;
    switch (failure.kind) {
        case Kind::remote: {
            using Limits = std::numeric_limits<int>;
            const bool fits = failure.code >= Limits::min() && failure.code <= Limits::max();
            return {fits ? static_cast<int>(failure.code) : code::application, failure.message, failure.data};
        }
        case Kind::transport:
            // As Go's url.Error. The path may hold a provider's key.
            return application_error("Post " + go_quote("http://" + url.place()) + ": " + failure.message);
        case Kind::status:
        case Kind::no_answer:
            break;
    }
    return application_error(failure.message);
}

}  // namespace

asio::awaitable<Answer> NodeUpstream::ask(Backend backend, std::string method, std::string params) {
    auto asking = exchange(backend == Backend::execution ? nodes_.execution : nodes_.consensus,
                           std::move(method), std::move(params));
    co_return co_await asio::co_spawn(executor_, std::move(asking), asio::use_awaitable);
}

asio::awaitable<Answer> NodeUpstream::exchange(http::Url url, std::string method, std::string params) {
    http::RpcCall call{url, std::move(method), std::move(params)};
    call.limit = limit;
    call.answer_limit = answer_limit;
    // Reads may arrive twice, and the one command of the list sets what it says.
    call.repeat = http::Repeat::once;
    auto answer = co_await client_.call(std::move(call));
    if (!answer) co_return error_of(answer.error(), url);
    co_return std::move(*answer);
}

}  // namespace conductor::rpc
