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

/// As a JSON string, escaped as Go's slog does: what is not UTF-8 becomes U+FFFD, `<`, `>` and `&` stay.
void json_quote(std::string& out, std::string_view text);

}  // namespace conductor
