// Values as Go's command lines read them: base prefixes and underscores in numbers, Go durations, Go booleans;
// and the complaints of Go's strconv, because operators' tools grep for them. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/options.hpp"

namespace conductor::config {

/// The word `auto`: the value follows from others.
struct Auto {
    friend bool operator==(Auto, Auto) noexcept = default;
};

/// seconds, duration: nanoseconds; size, count: uint64; choice: text, in lower case where case does not matter.
using Value = std::variant<std::string, bool, std::int64_t, std::uint64_t, std::chrono::nanoseconds, Auto,
                           std::vector<std::string>>;

struct ValueError {
    std::string kind;  ///< `uint64 value`; empty for what Go calls a generic flag
    std::string
        reason;  ///< as the environment's complaint ends: `strconv.ParseUint: parsing "1s": invalid syntax`
    std::string brief;  ///< as the flag's complaint ends: `parse error`
};

/// `1`, `-0x10`, `0b1`, `1_000`, `017`.
[[nodiscard]] Result<std::int64_t, ValueError> parse_int(std::string_view text);
[[nodiscard]] Result<std::uint64_t, ValueError> parse_uint(std::string_view text);
/// `1 t T TRUE true True 0 f F FALSE false False`.
[[nodiscard]] Result<bool, ValueError> parse_bool(std::string_view text);
/// `512`, `64KiB`, `1GiB`.
[[nodiscard]] Result<std::uint64_t, ValueError> parse_size(std::string_view text);

/// `text` as the type of `option` asks.
[[nodiscard]] Result<Value, ValueError> parse_value(const Option& option, std::string_view text);

/// As one would write it behind the flag; parse_value of it gives `value` again.
[[nodiscard]] std::string write_value(const Option& option, const Value& value);

}  // namespace conductor::config
