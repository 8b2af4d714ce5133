#include "core/config/go_values.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "core/base/check.hpp"
#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"

namespace conductor::config {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

ValueError strconv(std::string_view function, std::string_view kind, std::string_view text, bool in_range) {
    const std::string what = in_range ? "invalid syntax" : "value out of range";
    return {std::string{kind}, "strconv." + std::string{function} + ": parsing " + go_quote(text) + ": " + what,
            in_range ? "parse error" : what};
}

ValueError generic(std::string text) {
    return {{}, text, text};
}

int digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 99;
}

// Underscores stand between digits, or between a base prefix and a digit, and only where the base is a prefix's
// business, which it always is here.
bool underscores_in_place(std::string_view text, bool prefixed) noexcept {
    char before = prefixed ? '0' : '^';
    for (const char c : text) {
        if (c == '_') {
            if (before != '0') return false;
            before = '_';
        } else {
            before = '0';
        }
    }
    return before != '_';
}

enum class Magnitude : std::uint8_t { fine, syntax, range };

Magnitude parse_magnitude(std::string_view text, std::uint64_t& value) {
    std::uint64_t base = 10;
    bool prefixed = false;
    if (text.starts_with('0') && text.size() > 1) {
        const char mark = lower(text.substr(1, 1)).front();
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        prefixed = true;
        const bool letter = mark == 'x' || mark == 'b' || mark == 'o';
        if (letter && text.size() < 3) return Magnitude::syntax;
        text.remove_prefix(letter ? 2 : 1);
    }
    bool too_large = false;
    value = 0;
    for (const char c : text) {
        if (c == '_') continue;
        const auto digit = static_cast<std::uint64_t>(digit_of(c));
        if (digit >= base) return Magnitude::syntax;
        // Go stops at the first digit too many, whatever follows.
        if (too_large || value > (most - digit) / base) return Magnitude::range;
        value = value * base + digit;
    }
    const bool any_digit = std::ranges::any_of(text, [](char c) { return c != '_'; });
    if ((!any_digit && !prefixed) || !underscores_in_place(text, prefixed)) return Magnitude::syntax;
    return Magnitude::fine;
}

Result<Value, ValueError> parse_choice(const Option& option, std::string_view text) {
    const bool any_case = option.name == "log.level";
    const auto word = any_case ? lower(text) : std::string{text};
    for (auto rest = option.choices; !rest.empty();) {
        const auto choice = rest.substr(0, rest.find(' '));
        if (choice == word) return Value{word};
        rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
    }
    if (option.name == "log.level") return generic("unknown level: " + std::string{text});
    if (option.name == "log.format") return generic("unrecognized log-format: " + go_quote(text));
    if (option.name == "pprof.type") return generic("unknown profile type: " + go_quote(text));
    return generic("unknown value " + go_quote(text) + ", one of: " + std::string{option.choices});
}

Result<Value, ValueError> parse_seconds(std::string_view text) {
    // Seconds in 2^63 ns: 292 years. Go takes any uint64, and nobody sees the end of either.
    constexpr std::uint64_t longest = 9'223'372'036;
    const auto bare = parse_uint(text);
    if (bare) {
        const auto seconds = static_cast<std::int64_t>(std::min(*bare, longest));
        return Value{std::chrono::nanoseconds{std::chrono::seconds{seconds}}};
    }
    const auto go = parse_go_duration(text);
    if (go && go->count() >= 0) return Value{*go};
    return bare.error();  // Go knows numbers only, and its complaint is the one to give
}

Result<Value, ValueError> parse_duration(std::string_view text) {
    const auto value = parse_go_duration(text);
    if (!value) return ValueError{"duration value", value.error().text, "parse error"};
    return Value{*value};
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        auto word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        while (word.starts_with(' ')) word.remove_prefix(1);
        while (word.ends_with(' ')) word.remove_suffix(1);
        if (!word.empty()) out.emplace_back(word);
    }
    return out;
}

template <class T>
Result<Value, ValueError> as_value(const Result<T, ValueError>& read) {
    if (!read) return read.error();
    return Value{*read};
}

constexpr std::array<std::pair<std::string_view, unsigned>, 5> size_units{
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

std::string write_size(std::uint64_t octets) {
    for (const auto& [unit, shift] : size_units)
        if (octets != 0 && shift != 0 && octets % (std::uint64_t{1} << shift) == 0)
            return std::to_string(octets >> shift) + std::string{unit};
    return std::to_string(octets);
}

}  // namespace

Result<std::int64_t, ValueError> parse_int(std::string_view text) {
    constexpr std::string_view kind = "int value";
    auto digits = text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    std::uint64_t value = 0;
    const auto read = parse_magnitude(digits, value);
    if (read == Magnitude::syntax) return strconv("ParseInt", kind, text, true);
    const auto limit = std::uint64_t{1} << 63U;
    if (read == Magnitude::range || value > limit || (value == limit && !negative))
        return strconv("ParseInt", kind, text, false);
    return static_cast<std::int64_t>(negative ? std::uint64_t{0} - value : value);
}

Result<std::uint64_t, ValueError> parse_uint(std::string_view text) {
    std::uint64_t value = 0;
    const auto read = parse_magnitude(text, value);
    if (read != Magnitude::fine) return strconv("ParseUint", "uint64 value", text, read == Magnitude::syntax);
    return value;
}

Result<bool, ValueError> parse_bool(std::string_view text) {
    for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
        if (text == yes) return true;
    for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"})
        if (text == no) return false;
    return strconv("ParseBool", "bool value", text, true);
}

Result<std::uint64_t, ValueError> parse_size(std::string_view text) {
    const auto bad = generic(go_quote(text) + " is not a size; write a number with B, KiB, MiB, GiB or TiB");
    unsigned shift = 0;
    auto number = text;
    for (const auto& [unit, by] : size_units)
        if (number.ends_with(unit)) {
            number.remove_suffix(unit.size());
            while (number.ends_with(' ')) number.remove_suffix(1);
            shift = by;
            break;
        }
    const auto value = parse_uint(number);
    if (!value || *value > most >> shift) return bad;
    return *value << shift;
}

Result<Value, ValueError> parse_value(const Option& option, std::string_view text) {
    switch (option.type) {
        case Type::text:
            return Value{std::string{text}};
        case Type::boolean:
            return as_value(parse_bool(text));
        case Type::integer:
            return as_value(parse_int(text));
        case Type::count:
            return as_value(parse_uint(text));
        case Type::duration:
            return parse_duration(text);
        case Type::duration_or_auto:
            if (text == "auto") return Value{Auto{}};
            return parse_duration(text);
        case Type::seconds:
            return parse_seconds(text);
        case Type::size:
            return as_value(parse_size(text));
        case Type::choice:
            return parse_choice(option, text);
        case Type::list:
            return Value{split(text)};
    }
    CONDUCTOR_CHECK(false && "a type outside the enumeration");
    return Value{};
}

std::string write_value(const Option& option, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* count = std::get_if<std::uint64_t>(&value))
        return option.type == Type::size ? write_size(*count) : std::to_string(*count);
    if (std::holds_alternative<Auto>(value)) return "auto";
    if (const auto* time = std::get_if<std::chrono::nanoseconds>(&value)) {
        constexpr std::int64_t second = 1'000'000'000;
        if (option.type == Type::seconds && time->count() % second == 0)
            return std::to_string(time->count() / second);
        return go_duration(*time);
    }
    std::string out;
    for (const auto& word : std::get<std::vector<std::string>>(value)) out += (out.empty() ? "" : ",") + word;
    return out;
}

}  // namespace conductor::config
