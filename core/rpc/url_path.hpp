// Paths of request targets as Go's URL and ServeMux treat them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conductor::rpc {

/// Nothing where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view escaped);

/// The path that Go redirects to: empty, `.` and `..` segments resolved, a trailing slash kept.
[[nodiscard]] std::string clean_path(std::string_view path);

/// Safe in a Location field: octets that no URL may hold are percent-encoded.
[[nodiscard]] std::string percent_encode_unsafe(std::string_view path);

}  // namespace conductor::rpc
