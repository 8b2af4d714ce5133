// JSON as Go's encoder prints it: `<`, `>`, `&`, U+2028 and U+2029 leave as \u escapes. Pure.
#pragma once

#include <string>
#include <string_view>

namespace conductor::rpc {

/// `text` as a string with its quotes. Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

/// A scalar as it was received, made fit for Go's output: nothing but the escapes above changes.
[[nodiscard]] std::string escaped_token(std::string_view raw);

}  // namespace conductor::rpc
