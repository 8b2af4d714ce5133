// Positional parameters, decoded and refused as go-ethereum does (conductor 3.1.12, 3.2.1): an array or
// nothing, `null` is the zero value, pointers of Go (std::optional here) may be left out. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "core/rpc/jsonrpc_frame.hpp"

namespace conductor::rpc {

namespace params_detail {

/// The text behind `invalid argument N: `, or nothing.
using Refusal = std::optional<std::string>;

Refusal decode(const json::RawValue& value, bool& into);
Refusal decode(const json::RawValue& value, std::string& into);
Refusal decode(const json::RawValue& value, std::uint64_t& into);
Refusal decode(const json::RawValue& value, json::RawValue& into);
template <class T>
Refusal decode(const json::RawValue& value, std::optional<T>& into) {
    if (value.kind == json::Kind::null) return std::nullopt;
    return decode(value, into.emplace());
}

template <class T>
constexpr bool may_be_missing = false;
template <class T>
constexpr bool may_be_missing<std::optional<T>> = true;

RpcError invalid_params(std::string message);
RpcError invalid_argument(std::size_t index, const std::string& why);
RpcError missing_argument(std::size_t index);
RpcError too_many(std::size_t most);

/// Takes the next element, if there is one, into argument `index`.
template <class T>
std::optional<RpcError> take(std::optional<json::ElementCursor>& elements, std::size_t index, T& into) {
    const auto element = elements ? elements->next() : std::nullopt;
    if (!element) {
        if constexpr (may_be_missing<T>) return std::nullopt;
        return missing_argument(index);
    }
    if (auto refusal = decode(*element, into)) return invalid_argument(index, *refusal);
    return std::nullopt;
}

template <class Tuple, std::size_t... Index>
std::optional<RpcError> take_all(std::optional<json::ElementCursor>& elements, Tuple& into,
                                 std::index_sequence<Index...> /*indices*/) {
    std::optional<RpcError> refused;
    (void)((refused = take(elements, Index, std::get<Index>(into)), refused.has_value()) || ...);
    return refused;
}

}  // namespace params_detail

/// Whether params are an array, or nothing at all.
///   errors  −32602 `non-array args`
[[nodiscard]] Result<std::optional<json::ElementCursor>, RpcError> positional(
    const std::optional<json::RawValue>& params);

template <class... Args>
[[nodiscard]] Result<std::tuple<Args...>, RpcError> decode_params(const std::optional<json::RawValue>& params) {
    auto elements = positional(params);
    if (!elements) return elements.error();
    std::tuple<Args...> arguments{};
    if (auto refused =
            params_detail::take_all(*elements, arguments, std::make_index_sequence<sizeof...(Args)>{}))
        return *refused;
    if (*elements && (*elements)->next()) return params_detail::too_many(sizeof...(Args));
    return arguments;
}

}  // namespace conductor::rpc
