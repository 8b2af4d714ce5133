// JSON as Go's encoding/json reads it, without building values: the scanner checks the syntax of one value and
// yields its octets, cursors walk what was checked. For whoever must give Go's answer to any text, byte for
// byte: escapes stay as they came, invalid UTF-8 passes, control characters and depth 10,001 do not.
// Nothing is copied, nothing allocated except by unescape(). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace conductor::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// What Go's messages call it: `cannot unmarshal number into …`.
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

/// A value as it stands in the text: a string with its quotes, a container with its brackets, no blanks around.
struct RawValue {
    Kind kind{Kind::null};
    std::string_view raw;
    friend bool operator==(const RawValue&, const RawValue&) = default;
};

enum class ScanErrc : std::uint8_t {
    empty,    ///< nothing but blanks
    cut_off,  ///< ends inside the value; more text could have completed it
    syntax,   ///< no continuation could make this JSON
    depth,    ///< nested deeper than allowed
};

struct ScanError {
    ScanErrc code{ScanErrc::syntax};
    std::size_t offset{0};  ///< of the octet that cannot stand where it is, or the length of the text
    friend bool operator==(const ScanError&, const ScanError&) = default;
};

constexpr std::size_t max_depth = 10'000;  ///< Go's; containers around a scalar, so `[]` has depth 1

/// The first complete value; whatever follows it is neither read nor judged.
/// Bounded: constant stack, one pass.
[[nodiscard]] Result<RawValue, ScanError> first_value(std::string_view text, std::size_t depth = max_depth);

struct Member {
    std::string_view key;  ///< with its quotes, escapes as they came
    RawValue value;
};

/// The members of an object that first_value() let pass, in their order, duplicates included.
class MemberCursor {
public:
    explicit MemberCursor(const RawValue& object) noexcept;
    [[nodiscard]] std::optional<Member> next() noexcept;

private:
    const char* at_;
    const char* end_;
};

/// The elements of an array that first_value() let pass.
class ElementCursor {
public:
    explicit ElementCursor(const RawValue& array) noexcept;
    [[nodiscard]] std::optional<RawValue> next() noexcept;

private:
    const char* at_;
    const char* end_;
};

/// The text a string token stands for, as UTF-8. Lone surrogates and invalid octets become U+FFFD, as in Go.
[[nodiscard]] std::string unescape(std::string_view raw_string);

/// Whether Go would store the member `raw_key` in the field `name` (ASCII): equal once unescaped, or equal
/// under simple case folding, where U+212A is a `k` and U+017F an `s`.
[[nodiscard]] bool key_matches(std::string_view raw_key, std::string_view name) noexcept;

}  // namespace conductor::json
