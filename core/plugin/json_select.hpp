// One value out of a JSON text by RFC 6901 pointer: one pass, no tree, nothing copied but a wanted string. The
// last of equal names counts, as in Go. Serves conductor.host.rpc/1 and the host's own reading of answers.
// Pure.
#pragma once

#include <conductor/services.h>

#include <optional>
#include <string>
#include <string_view>

namespace conductor::plugin {

/// The contract stands at `select` in services.h. Never writes beyond `out->size`.
[[nodiscard]] conductor_status json_select(conductor_text json, conductor_text pointer,
                                           conductor_json* out) noexcept;

/// The slice of `json` where `pointer` leads; nothing if there is no such place or the text is not JSON.
[[nodiscard]] std::optional<std::string_view> json_slice(std::string_view json, std::string_view pointer);

/// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace conductor::plugin
