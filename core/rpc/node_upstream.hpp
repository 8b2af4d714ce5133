// The nodes behind the proxy, over HTTP. Whoever asks may be on any thread; the client itself has an executor
// of its own.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "core/rpc/proxy.hpp"
#include "core/runtime/jsonrpc_client.hpp"

namespace conductor::rpc {

class NodeUpstream final : public Upstream {
public:
    struct Nodes {
        http::Url execution;
        http::Url consensus;
    };
    static constexpr Duration limit = std::chrono::seconds{10};          ///< Go's for op-node; for both here
    static constexpr std::size_t answer_limit = std::size_t{32} << 20U;  ///< a big block with its transactions

    /// `executor` is a strand or one thread. Must go before its context does.
    NodeUpstream(boost::asio::any_io_executor executor, Nodes nodes)
        : executor_{std::move(executor)}, nodes_{std::move(nodes)} {}

    boost::asio::awaitable<Answer> ask(Backend backend, std::string method, std::string params) override;

private:
    boost::asio::awaitable<Answer> exchange(http::Url url, std::string method, std::string params);

    boost::asio::any_io_executor executor_;
    Nodes nodes_;
    http::Client http_;
    http::JsonRpcClient client_{http_};
};

}  // namespace conductor::rpc
