#include "core/rpc/jsonrpc_frame.hpp"

#include "core/rpc/json_text.hpp"

namespace conductor::rpc {

namespace {

// Go's decoder leaves a field as it was where the value has the wrong kind, and goes on.
void take_member(Message& message, const json::Member& member) {
    const auto& value = member.value;
    if (json::key_matches(member.key, "jsonrpc")) {
        if (value.kind == json::Kind::string) message.version_ok = json::unescape(value.raw) == "2.0";
    } else if (json::key_matches(member.key, "id")) {
        message.id = value.raw;
    } else if (json::key_matches(member.key, "method")) {
        if (value.kind == json::Kind::string) message.method = json::unescape(value.raw);
    } else if (json::key_matches(member.key, "params")) {
        message.params = value;
    } else if (json::key_matches(member.key, "result")) {
        message.has_answer = true;
    } else if (json::key_matches(member.key, "error")) {
        message.has_answer = message.has_answer || value.kind != json::Kind::null;
    }
}

std::string opened(std::string_view id) {
    std::string out{R"({"jsonrpc":"2.0","id":)"};
    return out.append(escaped_token(id));
}

}  // namespace

Result<Frame, FrameErrc> read_frame(std::string_view body) {
    const auto value = json::first_value(body);
    if (value) return Frame{*value};
    return value.error().code == json::ScanErrc::empty ? FrameErrc::empty : FrameErrc::no_json;
}

Message read_message(const json::RawValue& value) {
    Message message;
    if (value.kind != json::Kind::object) return message;
    json::MemberCursor members{value};
    while (const auto member = members.next()) take_member(message, *member);
    return message;
}

std::string result_text(std::string_view id, std::string_view result) {
    return opened(id).append(R"(,"result":)").append(result).append("}");
}

std::string error_text(std::string_view id, const RpcError& error) {
    auto out = opened(id);
    out.append(R"(,"error":{"code":)").append(std::to_string(error.code));
    out.append(R"(,"message":)").append(json_string(error.message));
    if (!error.data.empty()) out.append(R"(,"data":)").append(error.data);
    return out.append("}}");
}

}  // namespace conductor::rpc
