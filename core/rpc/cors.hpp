// Cross-origin rules: Go's headers, so that pages read what they read there, and our rule of who may write
// (conductor 3.1.5). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/rpc/http_message.hpp"

namespace conductor::rpc {

/// The answer to a preflight; nothing where the request is none.
[[nodiscard]] std::optional<HttpResponse> preflight_answer(const RequestHead& head);
/// What every other answer of the JSON-RPC route carries.
void add_cors_fields(HttpResponse& response, const RequestHead& head);
/// Whether the request may change something: no page sent it, or one of a listed origin; `*` lists all.
[[nodiscard]] bool may_write(const RequestHead& head, const std::vector<std::string>& origins);

}  // namespace conductor::rpc
