// One log line as text, in the formats of go-ethereum's and op-service's log handlers, so that the pipelines
// and alert rules of a Go cluster go on working. Nothing here writes or reads a clock; the time comes in. Local
// time zone. Any thread, but one TerminalPadding belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "core/base/log_line.hpp"
#include "core/base/ordinal.hpp"

namespace conductor::logging {

/// The value behind a key. Text is borrowed: a Value lives no longer than the statement that made it.
class Value {
public:
    using Kinds = std::variant<std::monostate, std::string_view, std::int64_t, std::uint64_t, bool, double,
                               std::chrono::nanoseconds, BlockHash>;

    Value(std::nullptr_t) noexcept {}  ///< Go's nil: `<nil>`, in JSON `null`
    Value(std::string_view text) noexcept : kind_{text} {}
    Value(const std::string& text) noexcept : kind_{std::string_view{text}} {}
    Value(const char* text) noexcept : kind_{std::string_view{text}} {}
    Value(bool flag) noexcept : kind_{flag} {}
    Value(double number) noexcept : kind_{number} {}
    template <class T>
        requires(std::is_integral_v<T> && std::is_signed_v<T>)
    Value(T number) noexcept : kind_{static_cast<std::int64_t>(number)} {}
    template <class T>
        requires(std::is_integral_v<T> && std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
    Value(T number) noexcept : kind_{static_cast<std::uint64_t>(number)} {}
    template <class Rep, class Period>
    Value(std::chrono::duration<Rep, Period> time) noexcept
        : kind_{std::chrono::duration_cast<std::chrono::nanoseconds>(time)} {}
    template <class Tag>
    Value(Ordinal<Tag> number) noexcept : kind_{number.value()} {}
    Value(const ServerId& id) noexcept : kind_{std::string_view{id.text()}} {}
    Value(const BlockHash& hash) noexcept : kind_{hash} {}

    [[nodiscard]] const Kinds& kind() const noexcept { return kind_; }

private:
    Kinds kind_;
};

struct Field {
    std::string_view key;
    Value value;
};
using FieldSpan = std::span<const Field>;

using LogTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

struct Line {
    LogTime time;
    Level level{Level::info};
    std::string_view message;
    FieldSpan fields;
};

/// What a terminal line remembers, so that equal keys of successive lines stand in one column.
using TerminalPadding = std::map<std::string, std::size_t, std::less<>>;

struct Style {
    Format format{Format::text};
    bool color{false};
    std::int64_t pid{0};  ///< 0: not shown
};

/// Appends the line and its `\n` to `out`.
void render(std::string& out, const Line& line, const Style& style, TerminalPadding& padding);

/// `trace` … `crit`.
[[nodiscard]] std::string_view level_name(Level level) noexcept;

}  // namespace conductor::logging
