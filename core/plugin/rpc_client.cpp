#include "core/plugin/rpc_client.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "core/base/json_scan.hpp"
#include "core/plugin/json_select.hpp"
#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

constexpr int http_ok = 200;
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

std::string question(std::uint64_t id, std::string_view method, std::string_view params) {
    std::string body = R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":)" + json_quoted(method);
    if (!params.empty() && params != "[]") {
        body += R"(,"params":)";
        body += params;
    }
    return body + '}';
}

struct BatchAnswer {
    std::uint64_t id{0};
    conductor_status status{CONDUCTOR_OK};
    std::string_view text;
};
// One element of a batch; nothing where it names no number, or brings neither result nor error.
std::optional<BatchAnswer> read_answer(const json::RawValue& element) {
    if (element.kind != json::Kind::object) return std::nullopt;
    BatchAnswer answer;
    bool numbered = false;
    std::optional<std::string_view> result;
    std::optional<std::string_view> error;
    json::MemberCursor members{element};
    while (const auto member = members.next()) {
        const auto raw = member->value.raw;
        if (member->key == R"("id")")
            numbered =
                std::from_chars(raw.data(), raw.data() + raw.size(), answer.id).ptr == raw.data() + raw.size();
        if (member->key == R"("result")") result = raw;
        if (member->key == R"("error")" && member->value.kind != json::Kind::null) error = raw;
    }
    if (!numbered || (!result && !error)) return std::nullopt;
    if (error) answer.status = CONDUCTOR_REMOTE_ERROR;
    answer.text = error.value_or(result.value_or(std::string_view{}));
    return answer;
}

}  // namespace

SteadyTime exchange_deadline(SteadyTime deadline, SteadyTime now) {
    if (deadline == SteadyTime::max() || deadline <= now) return deadline;
    using std::chrono::nanoseconds;
    const auto margin = std::min<nanoseconds>(std::chrono::milliseconds{50}, (deadline - now) / 10);
    return deadline - margin;
}

RpcReply RpcClient::exchange(std::string_view endpoint, std::string_view body, SteadyTime deadline,
                             int cancel_fd) {
    auto reply = http_.post({endpoint,
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
    return {CONDUCTOR_OK, std::move(reply->body)};
}

RpcReply RpcClient::json(std::string_view endpoint, std::string_view method, std::string_view params,
                         SteadyTime deadline, int cancel_fd) {
    const auto reply = exchange(endpoint, question(next_id_++, method, params), deadline, cancel_fd);
    if (reply.status < 0) return reply;
    const auto error = json_slice(reply.text, "/error");
    if (error && *error != "null") return {CONDUCTOR_REMOTE_ERROR, std::string{*error}};
    const auto result = json_slice(reply.text, "/result");
    if (result) return {CONDUCTOR_OK, std::string{*result}};
    return {CONDUCTOR_REMOTE_ERROR,
            error_object("the answer is no JSON-RPC: " + reply.text.substr(0, quoted_body), http_ok)};
}

// Answers may come in any order, and some not at all; whatever is none of ours is nobody's.
RpcReply RpcClient::batch(std::string_view endpoint, std::span<const conductor_ask> asks, SteadyTime deadline,
                          int cancel_fd, const TakeAnswer& take) {
    if (asks.empty() || asks.size() > CONDUCTOR_RPC_BATCH_MOST)
        return {CONDUCTOR_REFUSED, error_object("a batch holds 1 to 100 calls", 0)};
    const auto first = next_id_.fetch_add(asks.size());
    std::string body{"["};
    for (std::size_t i = 0; i < asks.size(); ++i) {
        if (i > 0) body += ',';
        body += question(first + i, as_view(asks[i].method), as_view(asks[i].params));
    }
    body += ']';
    auto reply = exchange(endpoint, body, deadline, cancel_fd);
    if (reply.status < 0) return reply;

    const auto whole = json::first_value(reply.text);
    if (!whole || whole->kind != json::Kind::array) {
        const auto error = json_slice(reply.text, "/error");
        if (error && *error != "null") return {CONDUCTOR_REMOTE_ERROR, std::string{*error}};
        return {CONDUCTOR_REMOTE_ERROR,
                error_object("the answer is no batch: " + reply.text.substr(0, quoted_body), http_ok)};
    }
    std::vector<bool> answered(asks.size());
    json::ElementCursor answers{*whole};
    while (const auto element = answers.next()) {
        const auto answer = read_answer(*element);
        if (!answer || answer->id < first || answer->id - first >= asks.size()) continue;
        const auto index = static_cast<std::size_t>(answer->id - first);
        if (answered[index]) continue;
        answered[index] = true;
        take(index, answer->status, answer->text);
    }
    return {CONDUCTOR_OK, {}};
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
