// The text in a gzip stream, as HTTP bodies and test data carry it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace conductor::simnode {

/// Nothing where the stream is broken, ends early, or holds more than `most` octets.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view packed, std::size_t most);

}  // namespace conductor::simnode
