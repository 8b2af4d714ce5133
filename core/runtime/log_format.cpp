#include "core/runtime/log_format.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"

namespace conductor::logging {
namespace {

constexpr std::size_t message_column = 40;
constexpr std::size_t widest_padding = 40;

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    const auto digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

struct CivilTime {
    std::tm parts{};
    std::int64_t nanoseconds{0};
};

CivilTime civil(LogTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    CivilTime out;
    const auto unix_seconds = static_cast<std::time_t>(seconds.time_since_epoch().count());
    localtime_r(&unix_seconds, &out.parts);
    out.nanoseconds = (time - seconds).count();
    return out;
}

void append_date(std::string& out, const CivilTime& time) {
    append_padded(out, time.parts.tm_year + 1900, 4);
    out += '-';
    append_padded(out, time.parts.tm_mon + 1, 2);
    out += '-';
    append_padded(out, time.parts.tm_mday, 2);
}

void append_clock(std::string& out, const CivilTime& time) {
    append_padded(out, time.parts.tm_hour, 2);
    out += ':';
    append_padded(out, time.parts.tm_min, 2);
    out += ':';
    append_padded(out, time.parts.tm_sec, 2);
}

void append_zone(std::string& out, const CivilTime& time, std::string_view between) {
    const auto minutes = time.parts.tm_gmtoff / 60;
    out += minutes < 0 ? '-' : '+';
    append_padded(out, std::abs(minutes) / 60, 2);
    out += between;
    append_padded(out, std::abs(minutes) % 60, 2);
}

void append_milliseconds(std::string& out, const CivilTime& time) {
    out += '.';
    append_padded(out, time.nanoseconds / 1'000'000, 3);
}

std::string shortest(double number, std::chars_format form) {
    std::array<char, 400> digits{};  // the longest fixed form of a double has 326 characters
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, form).ptr;
    return {digits.data(), end};
}

// Go writes a double without exponent while its exponent lies in [lowest, too_large).
std::string go_double(double number, int lowest, int too_large) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
    const auto scientific = shortest(number, std::chars_format::scientific);
    const auto exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
    if (number != 0 && (exponent < lowest || exponent >= too_large)) return scientific;
    return shortest(number, std::chars_format::fixed);
}

std::string fixed_3(double number) {
    if (!std::isfinite(number)) return go_double(number, 0, 0);
    std::array<char, 400> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, 3).ptr;
    return {digits.data(), end};
}

// ---- logfmt -------------------------------------------------------------------------------------------------

bool logfmt_wants_quotes(std::string_view text) {
    if (text.empty()) return true;
    while (!text.empty()) {
        const auto rune = first_rune(text);
        if (!rune.valid || rune.value == 0xFFFD) return true;
        if (rune.value <= ' ' || rune.value == '=' || rune.value == '"') return true;
        // Go asks its table of JSON-safe octets here, in which DEL stands.
        if (rune.value != 0x7F && !is_printable(rune.value)) return true;
        text.remove_prefix(rune.size);
    }
    return false;
}

void append_logfmt_text(std::string& out, std::string_view text) {
    if (logfmt_wants_quotes(text))
        go_quote(out, text);
    else
        out += text;
}

void append_logfmt_value(std::string& out, const Value& value) {
    constexpr int first_exponent = 6;  // strconv's 'g' with the shortest precision
    std::visit(Overloaded{
                   [&](std::monostate) { out += "<nil>"; },
                   [&](std::string_view text) { append_logfmt_text(out, text); },
                   [&](bool flag) { out += flag ? "true" : "false"; },
                   [&](double number) { out += go_double(number, -4, first_exponent); },
                   [&](std::chrono::nanoseconds time) { append_logfmt_text(out, go_duration(time)); },
                   [&](const BlockHash& hash) { out += to_hex(hash); },
                   [&](auto integer) { out += std::to_string(integer); },
               },
               value.kind());
}

void render_logfmt(std::string& out, const Line& line, const Style& style) {
    const auto time = civil(line.time);
    out += "t=";
    append_date(out, time);
    out += 'T';
    append_clock(out, time);
    if (style.format == Format::logfmtms) append_milliseconds(out, time);
    append_zone(out, time, "");
    out += " lvl=";
    out += level_name(line.level);
    out += " msg=";
    append_logfmt_text(out, line.message);
    const auto append = [&](std::string_view key, const Value& value) {
        out += ' ';
        append_logfmt_text(out, key);
        out += '=';
        append_logfmt_value(out, value);
    };
    if (style.pid != 0) append("pid", style.pid);
    for (const auto& field : line.fields) append(field.key, field.value);
}

// ---- JSON ---------------------------------------------------------------------------------------------------

std::string json_double(double number) {
    auto out = go_double(number, -6, 21);
    if (const auto e = out.find("e-0"); e != std::string::npos)
        out.erase(e + 2, 1);  // encoding/json writes e-7
    return out;
}

void append_json_value(std::string& out, const Value& value) {
    std::visit(Overloaded{
                   [&](std::monostate) { out += "null"; },
                   [&](std::string_view text) { json_quote(out, text); },
                   [&](bool flag) { out += flag ? "true" : "false"; },
                   [&](double number) {
                       if (std::isfinite(number))
                           out += json_double(number);
                       else
                           json_quote(out, "!ERROR:json: unsupported value: " + go_double(number, 0, 0));
                   },
                   [&](std::chrono::nanoseconds time) { json_quote(out, go_duration(time)); },
                   [&](const BlockHash& hash) { json_quote(out, to_hex(hash)); },
                   [&](auto integer) { out += std::to_string(integer); },
               },
               value.kind());
}

void append_rfc3339(std::string& out, const CivilTime& time) {
    append_date(out, time);
    out += 'T';
    append_clock(out, time);
    if (time.nanoseconds != 0) {
        out += '.';
        append_padded(out, time.nanoseconds, 9);
        out.erase(out.find_last_not_of('0') + 1);
    }
    if (time.parts.tm_gmtoff == 0)
        out += 'Z';
    else
        append_zone(out, time, ":");
}

void render_json(std::string& out, const Line& line, const Style& style) {
    out += R"({"t":")";
    append_rfc3339(out, civil(line.time));
    out += R"(","lvl":")";
    out += level_name(line.level);
    out += R"(","msg":)";
    json_quote(out, line.message);
    const auto append = [&](std::string_view key, const Value& value) {
        out += ',';
        json_quote(out, key);
        out += ':';
        append_json_value(out, value);
    };
    if (style.pid != 0) append("pid", style.pid);
    for (const auto& field : line.fields) append(field.key, field.value);
    out += '}';
}

// ---- terminal -----------------------------------------------------------------------------------------------

std::string terminal_text(std::string_view text) {
    bool spaced = false;
    for (auto rest = text; !rest.empty();) {
        const auto rune = first_rune(rest);
        if (rune.value == ' ' || rune.value == '=')
            spaced = true;
        else if (rune.value <= '"' || rune.value > '~')
            return go_quote(text);
        rest.remove_prefix(rune.size);
    }
    if (!spaced) return std::string{text};
    return '"' + std::string{text} + '"';
}

std::string terminal_message(std::string_view text) {
    for (const char c : text) {
        if (c == '\r' || c == '\n' || c == '\t') continue;  // messages of several lines stay readable
        if (c < ' ' || c > '~' || c == '=') return go_quote(text);
    }
    return std::string{text};
}

// 1,234,567; five digits and fewer stay as they are.
std::string grouped(std::uint64_t number, bool negative) {
    auto digits = std::to_string(number);
    if (number >= 100'000)
        for (auto at = digits.size(); at > 3;) {
            at -= 3;
            digits.insert(at, 1, ',');
        }
    return negative ? '-' + digits : digits;
}

std::string terminal_value(const Value& value) {
    return std::visit(Overloaded{
                          [](std::monostate) { return std::string{"<nil>"}; },
                          [](std::string_view text) { return terminal_text(text); },
                          [](bool flag) { return std::string{flag ? "true" : "false"}; },
                          [](double number) { return fixed_3(number); },
                          [](std::chrono::nanoseconds time) { return terminal_text(go_duration(time)); },
                          [](const BlockHash& hash) { return to_hex(hash); },
                          [](std::uint64_t number) { return grouped(number, false); },
                          [](std::int64_t number) {
                              const auto size = static_cast<std::uint64_t>(number);
                              return number < 0 ? grouped(std::uint64_t{0} - size, true) : grouped(size, false);
                          },
                      },
                      value.kind());
}

std::string_view color_of(Level level) noexcept {
    switch (level) {
        case Level::crit:
            return "\x1b[35m";
        case Level::error:
            return "\x1b[31m";
        case Level::warn:
            return "\x1b[33m";
        case Level::info:
            return "\x1b[32m";
        case Level::debug:
            return "\x1b[36m";
        case Level::trace:
            return "\x1b[34m";
    }
    return "";
}

std::string_view aligned_name(Level level) noexcept {
    constexpr std::array<std::string_view, 6> names{"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "CRIT "};
    return names[static_cast<std::size_t>(level)];
}

std::size_t runes_in(std::string_view text) noexcept {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_rune(text).size);
    return count;
}

void render_terminal(std::string& out, const Line& line, const Style& style, TerminalPadding& padding) {
    const auto color = style.color ? color_of(line.level) : std::string_view{};
    const std::string_view plain = style.color ? "\x1b[0m" : "";
    out += color;
    out += aligned_name(line.level);
    out += plain;
    out += '[';
    const auto time = civil(line.time);
    append_padded(out, time.parts.tm_mon + 1, 2);
    out += '-';
    append_padded(out, time.parts.tm_mday, 2);
    out += '|';
    append_clock(out, time);
    append_milliseconds(out, time);
    out += "] ";
    const auto message = terminal_message(line.message);
    out += message;
    const bool any_field = style.pid != 0 || !line.fields.empty();
    if (any_field && message.size() < message_column) out.append(message_column - message.size(), ' ');

    const auto append = [&](std::string_view key, const Value& value, bool last) {
        out += ' ';
        out += color;
        out += terminal_text(key);
        out += plain;
        out += '=';
        const auto text = terminal_value(value);
        const auto width = runes_in(text);
        auto known = padding.find(key);
        if (known == padding.end()) known = padding.emplace(std::string{key}, 0).first;
        if (known->second < width && width <= widest_padding) known->second = width;
        out += text;
        if (!last && known->second > width) out.append(known->second - width, ' ');
    };
    if (style.pid != 0) append("pid", style.pid, line.fields.empty());
    for (std::size_t i = 0; i < line.fields.size(); ++i)
        append(line.fields[i].key, line.fields[i].value, i + 1 == line.fields.size());
}

}  // namespace

std::string_view level_name(Level level) noexcept {
    constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "crit"};
    return names[static_cast<std::size_t>(level)];
}

void render(std::string& out, const Line& line, const Style& style, TerminalPadding& padding) {
    switch (style.format) {
        case Format::json:
        case Format::jsonms:
            render_json(out, line, style);
            break;
        case Format::logfmt:
        case Format::logfmtms:
            render_logfmt(out, line, style);
            break;
        case Format::terminal:
            render_terminal(out, line, style, padding);
            break;
        case Format::text:
            if (style.color)
                render_terminal(out, line, style, padding);
            else
                render_logfmt(out, line, style);
            break;
    }
    out += '\n';
}

}  // namespace conductor::logging
