#include "core/runtime/jsonrpc_client.hpp"

#include <charconv>

#include "core/base/go_text.hpp"
#include "core/base/json_scan.hpp"

namespace conductor::http {

namespace {

constexpr std::size_t quoted_body = 256;  // enough to recognise a proxy's page

RpcFailure no_answer(std::string_view what, std::string_view body) {
    RpcFailure failure;
    failure.kind = RpcFailure::Kind::no_answer;
    failure.message = std::string{what} + ": " + go_quote(body.substr(0, quoted_body));
    return failure;
}

struct Members {
    json::RawValue id;
    json::RawValue result;
    json::RawValue error;
    bool has_result{false};
};

Members members_of(const json::RawValue& object) {
    Members found;
    json::MemberCursor cursor{object};
    while (const auto member = cursor.next()) {
        if (json::key_matches(member->key, "id")) found.id = member->value;
        if (json::key_matches(member->key, "error")) found.error = member->value;
        if (!json::key_matches(member->key, "result")) continue;
        found.result = member->value;
        found.has_result = true;
    }
    return found;
}

RpcFailure remote(const json::RawValue& error) {
    RpcFailure failure;
    failure.kind = RpcFailure::Kind::remote;
    json::MemberCursor cursor{error};
    while (const auto member = cursor.next()) {
        const auto& [kind, raw] = member->value;
        if (json::key_matches(member->key, "code"))
            std::from_chars(raw.data(), raw.data() + raw.size(), failure.code);
        if (json::key_matches(member->key, "message") && kind == json::Kind::string)
            failure.message = json::unescape(raw);
        if (json::key_matches(member->key, "data") && kind != json::Kind::null) failure.data = raw;
    }
    return failure;
}

}  // namespace

Result<std::string, RpcFailure> read_rpc_answer(std::string_view body, std::uint64_t id) {
    const auto value = json::first_value(body);
    if (!value || value->kind != json::Kind::object) return no_answer("the answer is no JSON-RPC", body);
    const auto members = members_of(*value);
    if (members.error.kind == json::Kind::object) return remote(members.error);  // its id may be null
    if (members.error.kind != json::Kind::null) return no_answer("the error is no object", body);
    if (members.id.raw != std::to_string(id)) return no_answer("the answer is to another call", body);
    if (!members.has_result) return no_answer("the answer has neither result nor error", body);
    return std::string{members.result.raw};
}

boost::asio::awaitable<Result<std::string, RpcFailure>> JsonRpcClient::call(RpcCall call) {
    const auto id = next_id_++;
    std::string body = R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":)";
    json_quote(body, call.method);
    if (!call.params.empty() && call.params != "[]") body += R"(,"params":)" + call.params;  // as Go's client
    body += '}';
    Call asked{std::move(call.url), std::move(body)};
    asked.fields.insert(asked.fields.end(), call.fields.begin(), call.fields.end());
    asked.limit = call.limit;
    asked.answer_limit = call.answer_limit;
    asked.repeat = call.repeat;

    const auto answer = co_await http_.exchange(std::move(asked));
    RpcFailure failure;
    if (!answer) {
        failure.cause = answer.error().code;
        failure.message = answer.error().text;
        co_return failure;
    }
    if (answer->status < 200 || answer->status > 299) {
        failure.kind = RpcFailure::Kind::status;
        failure.code = answer->status;
        failure.message =
            "HTTP status " + std::to_string(answer->status) + ": " + answer->body.substr(0, quoted_body);
        co_return failure;
    }
    co_return read_rpc_answer(answer->body, id);
}

}  // namespace conductor::http
