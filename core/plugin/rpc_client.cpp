#include "core/plugin/rpc_client.hpp"

#include <algorithm>

#include "core/plugin/json_select.hpp"
#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

constexpr std::size_t quoted_body =
    256;  // of an answer that is no JSON-RPC: enough to recognise a proxy's page

std::string error_object(std::string_view message, int http) {
    return "{\"code\":0,\"message\":" + json_quoted(mended(message)) + ",\"http\":" + std::to_string(http) +
           "}";
}

RpcReply failed(const HttpError& error) {
    using Kind = HttpError::Kind;
    const auto status = [&error]() -> conductor_status {
        switch (error.kind) {
            case Kind::timed_out:
                return CONDUCTOR_TIMED_OUT;
            case Kind::cancelled:
                return CONDUCTOR_CANCELLED;
            case Kind::too_large:
                return CONDUCTOR_TRUNCATED;
            case Kind::no_endpoint:
                return CONDUCTOR_BAD_CONFIG;
            case Kind::unreachable:
                break;
        }
        return CONDUCTOR_UNREACHABLE;
    };
    return {status(), error_object(error.text, 0)};
}

}  // namespace

SteadyTime exchange_deadline(SteadyTime deadline, SteadyTime now) {
    if (deadline == SteadyTime::max() || deadline <= now) return deadline;
    using std::chrono::nanoseconds;
    const auto margin = std::min<nanoseconds>(std::chrono::milliseconds{50}, (deadline - now) / 10);
    return deadline - margin;
}

RpcReply RpcClient::json(std::string_view endpoint, std::string_view method, std::string_view params,
                         SteadyTime deadline, int cancel_fd) {
    std::string body =
        R"({"jsonrpc":"2.0","id":)" + std::to_string(next_id_++) + R"(,"method":)" + json_quoted(method);
    if (!params.empty() && params != "[]") {
        body += R"(,"params":)";
        body += params;
    }
    body += '}';

    const auto reply = http_.post({endpoint,
                                   {},
                                   body,
                                   exchange_deadline(deadline, std::chrono::steady_clock::now()),
                                   cancel_fd,
                                   answer_bound_});
    if (!reply) return failed(reply.error());
    if (reply->status < 200 || reply->status > 299)
        return {CONDUCTOR_REMOTE_ERROR, error_object("HTTP status " + std::to_string(reply->status) + ": " +
                                                         reply->body.substr(0, quoted_body),
                                                     reply->status)};

    const auto error = json_slice(reply->body, "/error");
    if (error && *error != "null") return {CONDUCTOR_REMOTE_ERROR, std::string{*error}};
    const auto result = json_slice(reply->body, "/result");
    if (result) return {CONDUCTOR_OK, std::string{*result}};
    return {CONDUCTOR_REMOTE_ERROR,
            error_object("the answer is no JSON-RPC: " + reply->body.substr(0, quoted_body), reply->status)};
}

RpcReply RpcClient::get(std::string_view endpoint, std::string_view path, SteadyTime deadline, int cancel_fd,
                        std::int32_t& http_status) {
    auto reply = http_.get({endpoint,
                            path,
                            {},
                            exchange_deadline(deadline, std::chrono::steady_clock::now()),
                            cancel_fd,
                            answer_bound_});
    if (!reply) return failed(reply.error());
    http_status = reply->status;
    return {CONDUCTOR_OK, std::move(reply->body)};
}

}  // namespace conductor::plugin
