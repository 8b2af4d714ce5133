// JSON-RPC 2.0 over the HTTP client: one call, its raw result or why there is none. Same thread as its client.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "core/runtime/http_client.hpp"

namespace conductor::http {

struct RpcCall {
    RpcCall(Url where, std::string name, std::string arguments = "[]")
        : url{std::move(where)}, method{std::move(name)}, params{std::move(arguments)} {}
    Url url;
    std::string method;
    std::string params;                                       ///< JSON text of an array; `[]` is not sent
    std::vector<std::pair<std::string, std::string>> fields;  ///< further header fields
    Duration limit{std::chrono::seconds{5}};
    std::size_t answer_limit{std::size_t{4} << 20U};
    Repeat repeat{Repeat::never};
};

/// Why a call has no result.
struct RpcFailure {
    enum class Kind : std::uint8_t {
        transport,  ///< no answer: `cause` says why
        status,     ///< an HTTP status other than 2xx; `code` is it
        remote,     ///< the peer answered with an error object: code, message and data are the peer's
        no_answer,  ///< what came is no JSON-RPC answer to this call
    };
    Kind kind{Kind::transport};
    Errc cause{Errc::unreachable};
    std::int64_t code{0};
    std::string message;
    std::string data;  ///< JSON text; empty where the peer sent none
};

class JsonRpcClient {
public:
    explicit JsonRpcClient(Client& http) : http_{http} {}
    /// The JSON text of `result` as it came, `null` included.
    boost::asio::awaitable<Result<std::string, RpcFailure>> call(RpcCall call);

private:
    Client& http_;
    std::uint64_t next_id_{1};
};

/// The answer to the call `id` within `body`. Pure.
[[nodiscard]] Result<std::string, RpcFailure> read_rpc_answer(std::string_view body, std::uint64_t id);

}  // namespace conductor::http
