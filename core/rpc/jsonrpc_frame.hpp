// JSON-RPC 2.0 frames as go-ethereum's server reads and writes them (conductor 3.1.8, 3.2): what is a call,
// what an answer echoes, what is no JSON-RPC at all. Views into the request's body; nothing is copied but
// method names. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_scan.hpp"
#include "core/base/result.hpp"

namespace conductor::rpc {

/// An `error` member. `data` is JSON text, only from upstream errors.
struct RpcError {
    int code{0};
    std::string message;
    std::string data;
    friend bool operator==(const RpcError&, const RpcError&) = default;
};

namespace code {
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int internal = -32603;
constexpr int timeout = -32002;
constexpr int too_large = -32003;
constexpr int application = -32000;
}  // namespace code

/// One request object, or whatever stood in its place.
struct Message {
    bool version_ok{false};
    std::optional<std::string_view> id;  ///< as written; `null` is an id
    std::string method;
    std::optional<json::RawValue> params;
    bool has_answer{false};  ///< a `result` or an `error`

    [[nodiscard]] bool has_valid_id() const noexcept {
        return id && !id->starts_with('{') && !id->starts_with('[');
    }
    [[nodiscard]] bool is_call() const noexcept { return version_ok && has_valid_id() && !method.empty(); }
    [[nodiscard]] bool is_notification() const noexcept { return version_ok && !id && !method.empty(); }
    [[nodiscard]] bool is_answer() const noexcept {
        return has_valid_id() && method.empty() && !params && has_answer;
    }
};

/// The first value of a body.
struct Frame {
    json::RawValue value;
    [[nodiscard]] bool is_batch() const noexcept { return value.kind == json::Kind::array; }
};
enum class FrameErrc : std::uint8_t { empty, no_json };

[[nodiscard]] Result<Frame, FrameErrc> read_frame(std::string_view body);
/// Never fails: what is no object has no id.
[[nodiscard]] Message read_message(const json::RawValue& value);

/// An answer object, without a line end. `id` as written, `null` where there is none.
[[nodiscard]] std::string result_text(std::string_view id, std::string_view result);
[[nodiscard]] std::string error_text(std::string_view id, const RpcError& error);

}  // namespace conductor::rpc
