#include "core/rpc/params.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace conductor::rpc {

namespace params_detail {

namespace {

std::string mismatch(std::string_view what, std::string_view type) {
    std::string out{"json: cannot unmarshal "};
    return out.append(what).append(" into Go value of type ").append(type);
}

}  // namespace

Refusal decode(const json::RawValue& value, bool& into) {
    if (value.kind == json::Kind::null) return std::nullopt;
    if (value.kind != json::Kind::boolean) return mismatch(json::kind_name(value.kind), "bool");
    into = value.raw == "true";
    return std::nullopt;
}

Refusal decode(const json::RawValue& value, std::string& into) {
    if (value.kind == json::Kind::null) return std::nullopt;
    if (value.kind != json::Kind::string) return mismatch(json::kind_name(value.kind), "string");
    into = json::unescape(value.raw);
    return std::nullopt;
}

Refusal decode(const json::RawValue& value, std::uint64_t& into) {
    if (value.kind == json::Kind::null) return std::nullopt;
    if (value.kind != json::Kind::number) return mismatch(json::kind_name(value.kind), "uint64");
    const auto* const end = value.raw.data() + value.raw.size();
    const auto [used, error] = std::from_chars(value.raw.data(), end, into);
    if (error == std::errc{} && used == end) return std::nullopt;
    into = 0;
    return mismatch("number " + std::string{value.raw}, "uint64");
}

Refusal decode(const json::RawValue& value, json::RawValue& into) {
    into = value;
    return std::nullopt;
}

RpcError invalid_params(std::string message) {
    return {code::invalid_params, std::move(message), {}};
}

RpcError invalid_argument(std::size_t index, const std::string& why) {
    return invalid_params("invalid argument " + std::to_string(index) + ": " + why);
}

RpcError missing_argument(std::size_t index) {
    return invalid_params("missing value for required argument " + std::to_string(index));
}

RpcError too_many(std::size_t most) {
    return invalid_params("too many arguments, want at most " + std::to_string(most));
}

}  // namespace params_detail

Result<std::optional<json::ElementCursor>, RpcError> positional(const std::optional<json::RawValue>& params) {
    if (!params || params->kind == json::Kind::null) return std::optional<json::ElementCursor>{};
    // Go reads the token first, and has no float for this one.
    if (params->kind == json::Kind::number &&
        std::isinf(std::strtod(std::string{params->raw}.c_str(), nullptr)))
        return params_detail::invalid_params(
            params_detail::mismatch("number " + std::string{params->raw}, "float64"));
    if (params->kind != json::Kind::array) return params_detail::invalid_params("non-array args");
    return std::optional<json::ElementCursor>{json::ElementCursor{*params}};
}

}  // namespace conductor::rpc
