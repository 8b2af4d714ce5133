// The newest block of the own execution layer, asked for without holding the core thread: for whoever asks how
// this node is. Says "unknown" rather than keeping anybody waiting. Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/peers/table.hpp"
#include "core/runtime/jsonrpc_client.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::daemon {

class ExecutionHead {
public:
    using Done = std::function<void(std::optional<peers::Head>)>;

    /// A `url` that cannot be dialled has no head. `limit` bounds each question.
    ExecutionHead(boost::asio::io_context& core, const std::string& url, Duration limit);

    /// Whoever asks while a question is under way gets its answer.
    void ask(Done done);
    /// Before this object goes; nobody who waits is answered any more.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    boost::asio::awaitable<void> question();

    boost::asio::io_context& core_;
    std::optional<http::Url> url_;
    Duration limit_;
    http::Client http_;
    http::JsonRpcClient rpc_{http_};
    std::vector<Done> waiting_;
    TaskGroup tasks_;
};

/// The block that `eth_getBlockByNumber` has answered with; nothing where there is none in it.
[[nodiscard]] std::optional<peers::Head> head_in(std::string_view block);

}  // namespace conductor::daemon
