// Durations and sizes as an option writes them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace conductor::plugin {

/// Nanoseconds of a Go duration: "300ms", "1h30m", "-1.5s", "0". Nothing if it is none or does not fit.
[[nodiscard]] std::optional<std::int64_t> duration_ns(std::string_view text);

/// Octets of "50GiB", "4096 B": a whole number with B, KiB, MiB, GiB or TiB. Nothing if it is none or does not
/// fit.
[[nodiscard]] std::optional<std::int64_t> size_octets(std::string_view text);

}  // namespace conductor::plugin
