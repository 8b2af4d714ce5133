// Compares the nodes with the network that they are configured for, once they answer: chain id and rollup
// config. A difference is a warning for a person, never a reason to stop (plugin-abi §10). Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/config/settings.hpp"
#include "core/daemon/chain_facts.hpp"
#include "core/runtime/jsonrpc_client.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::daemon {

class ChainCheck {
public:
    /// `facts` of the network; where there are none, those of the rollup config that the settings name.
    ChainCheck(boost::asio::io_context& core, const config::Settings& settings, ChainFacts facts);

    /// Asks each node until it has answered, for a while. Without facts it asks nobody.
    void begin();
    /// Before this object goes.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    using Read = ChainFacts (*)(std::string_view);
    struct Question {
        http::Url node;
        std::string method;
        Read read;
    };
    void put(const std::string& url, const char* method, Read read);
    boost::asio::awaitable<void> ask(std::shared_ptr<const Question> question);
    boost::asio::awaitable<bool> answered(std::shared_ptr<const Question> question);
    void compare(const std::string& method, const ChainFacts& said) const;

    boost::asio::io_context& core_;
    const config::Settings& settings_;
    ChainFacts facts_;
    http::Client http_;
    http::JsonRpcClient rpc_{http_};
    TaskGroup tasks_;
};

}  // namespace conductor::daemon
