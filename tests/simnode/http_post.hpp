// One POST, bounded in time, with the errors that Go's client would report. One connection a call: a peer that
// was restarted meanwhile never costs a call. Runs on the caller's executor, which is one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace conductor::simnode {

struct Endpoint {
    std::string url;  ///< as it was given, for messages
    boost::asio::ip::tcp::endpoint address;
    std::string target{"/"};
};
/// `http://127.0.0.1:8547/path`: a literal address or `localhost`, because names would have to be resolved.
[[nodiscard]] Result<Endpoint, Complaint> parse_endpoint(const std::string& url);

struct HttpReply {
    int status{0};
    std::string body;
};
enum class BodyKind : std::uint8_t { json, octets };
boost::asio::awaitable<Result<HttpReply, Complaint>> http_post(Endpoint to, std::string body, Duration limit,
                                                               BodyKind kind = BodyKind::json);

/// JSON as it stood in an answer. A type of its own: a bare string could as well be a Complaint.
struct JsonText {
    std::string text;
};

/// One JSON-RPC call as go-ethereum's client writes it: `params` is an array's text, empty where there are
/// none.
struct RpcCall {
    RpcCall(std::uint64_t number, std::string name, std::string array)
        : id{number}, method{std::move(name)}, params{std::move(array)} {}
    std::uint64_t id{1};
    std::string method;
    std::string params;
};

/// The `result` of one JSON-RPC call as JSON text.
///   errors  the node's message, or why there is none
boost::asio::awaitable<Result<JsonText, Complaint>> rpc_post(Endpoint to, RpcCall call, Duration limit);

}  // namespace conductor::simnode
