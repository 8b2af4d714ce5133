#include "core/ctl/daemon_rpc.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "core/runtime/jsonrpc_client.hpp"

namespace conductor::ctl {

Result<std::string, RpcTrouble> ask_daemon(const std::string& url, const std::string& method,
                                           std::chrono::milliseconds limit) {
    const auto where = http::read_url(url);
    if (!where) return RpcTrouble{false, where.error().text};
    boost::asio::io_context io;
    http::Client client;
    http::JsonRpcClient rpc{client};
    http::RpcCall call{*where, method};
    call.limit = limit;
    std::optional<Result<std::string, http::RpcFailure>> answer;
    boost::asio::co_spawn(io, rpc.call(std::move(call)),
                          [&](const std::exception_ptr& failure, Result<std::string, http::RpcFailure> got) {
                              if (!failure) answer.emplace(std::move(got));
                              io.stop();  // kept connections wait for nobody
                          });
    io.run();
    if (!answer) return RpcTrouble{false, "the call ended without an answer"};
    if (*answer) return **answer;
    const auto& why = answer->error();
    return RpcTrouble{why.kind == http::RpcFailure::Kind::remote, why.message};
}

}  // namespace conductor::ctl
