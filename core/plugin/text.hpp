// Text that crosses the border: bounded where it comes in, mended before a person reads it, and the near name
// that was perhaps meant. Pure; one owner at a time.
#pragma once

#include <conductor/plugin.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace conductor::plugin {

/// Bounds of what a plugin may say (octets).
inline constexpr std::size_t error_bound = 1024;
inline constexpr std::size_t reason_bound = 64;
inline constexpr std::size_t detail_bound = 4096;
inline constexpr std::size_t profile_bound = 256 * 1024;
inline constexpr std::size_t payload_bound = 32 * 1024 * 1024;

[[nodiscard]] inline conductor_text as_slice(std::string_view text) noexcept {
    return {text.data(), text.size()};
}
[[nodiscard]] inline std::string_view as_view(conductor_text text) noexcept {
    return text.data == nullptr ? std::string_view{} : std::string_view{text.data, text.size};
}

/// The host's side of a sink: keeps at most `bound` octets, cuts between characters, remembers that it cut. Its
/// address is in the sink, so it does not move.
class BoundedText {
public:
    explicit BoundedText(std::size_t bound) noexcept : bound_{bound} {}
    BoundedText(const BoundedText&) = delete;
    BoundedText& operator=(const BoundedText&) = delete;

    [[nodiscard]] conductor_sink sink() noexcept;
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }
    /// Something was said that is not here: an answer that was cut is no answer.
    [[nodiscard]] bool cut() const noexcept { return cut_; }

private:
    static std::int32_t append(void* self, conductor_text text) noexcept;

    std::size_t bound_;
    std::string text_;
    bool cut_{false};
};

/// Malformed UTF-8 becomes U+FFFD, a control character a space, and each of `secrets` three asterisks; so does
/// the beginning of one, of 4 octets at least, where the text ends with it: it may have been cut there.
[[nodiscard]] std::string mended(std::string_view text, std::span<const std::string> secrets = {});

/// Whether `text` is a slug: [a-z0-9._-], 1 to 64 octets.
[[nodiscard]] bool is_slug(std::string_view text) noexcept;

/// ` did you mean "x"?` or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, std::span<const std::string> names);
/// `a, b, c`
[[nodiscard]] std::string joined(std::span<const std::string> names);

}  // namespace conductor::plugin
