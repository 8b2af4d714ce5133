// Text as Go quotes it, for log lines and messages that must read like those of a Go program. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace conductor {

/// One code point of UTF-8. `valid` is false for an octet that begins none; then `size` is 1.
struct Rune {
    std::uint32_t value{0xFFFD};
    std::size_t size{1};
    bool valid{false};
};
/// `text` must not be empty.
[[nodiscard]] Rune first_rune(std::string_view text) noexcept;

/// As Go's unicode.IsPrint: neither control nor format character, no blank but the plain space. Code points
/// that Unicode has not assigned count as printable here, because their list changes with every edition.
[[nodiscard]] bool is_printable(std::uint32_t rune) noexcept;
/// As Go's unicode.IsSpace.
[[nodiscard]] bool is_space(std::uint32_t rune) noexcept;

/// As Go's strconv.Quote; the form with `out` appends.
void go_quote(std::string& out, std::string_view text);
[[nodiscard]] std::string go_quote(std::string_view text);

/// Whose escapes a JSON string has: Go's log/slog leaves `<`, `>`, `&` and has no short form of backspace and
/// form feed; Go's encoding/json is the other way round.
enum class JsonDialect : std::uint8_t { slog, encoder };

/// As a JSON string with its quotes, appended to `out`; what is not UTF-8 becomes U+FFFD.
void json_quote(std::string& out, std::string_view text, JsonDialect dialect = JsonDialect::slog);

}  // namespace conductor
