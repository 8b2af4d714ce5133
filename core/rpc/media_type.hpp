// Content types as Go's mime.ParseMediaType reads them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conductor::rpc {

/// The type in lower case, without its parameters; nothing where the value or a parameter is malformed.
[[nodiscard]] std::optional<std::string> media_type(std::string_view content_type);

}  // namespace conductor::rpc
