#include "core/base/go_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace conductor {
namespace {

constexpr std::uint32_t replacement = 0xFFFD;

bool is_continuation(char octet) noexcept {
    return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U;
}

// Controls, format characters, separators, surrogates and private use above ASCII, first to last.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 24> unprintable{{
    {0x80, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},      {0x6DD, 0x6DD},
    {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},    {0x180E, 0x180E},
    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},    {0xD800, 0xF8FF},
    {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},  {0x110CD, 0x110CD},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF},
}};

void hex_digits(std::string& out, std::uint32_t value, int count) {
    for (int shift = (count - 1) * 4; shift >= 0; shift -= 4)
        out += "0123456789abcdef"[(value >> shift) & 0xFU];
}

void escape(std::string& out, std::uint32_t rune) {
    switch (rune) {
        case '\a':
            out += "\\a";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\v':
            out += "\\v";
            return;
        default:
            break;
    }
    if (rune < ' ' || rune == 0x7F) {
        out += "\\x";
        hex_digits(out, rune, 2);
    } else if (rune < 0x10000) {
        out += "\\u";
        hex_digits(out, rune, 4);
    } else {
        out += "\\U";
        hex_digits(out, rune, 8);
    }
}

bool is_html(std::uint32_t rune) noexcept {
    return rune == '<' || rune == '>' || rune == '&';
}

// What stands behind the backslash; 0: there is no short form.
char short_form(std::uint32_t rune, JsonDialect dialect) noexcept {
    switch (rune) {
        case '"':
        case '\\':
            return static_cast<char>(rune);
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        case '\b':
            return dialect == JsonDialect::encoder ? 'b' : '\0';
        case '\f':
            return dialect == JsonDialect::encoder ? 'f' : '\0';
        default:
            return '\0';
    }
}

}  // namespace

Rune first_rune(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1, true};

    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    std::uint32_t value = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(text[i])) return {};
        value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[size] || value > 0x10FFFF || surrogate) return {};
    return {value, size, true};
}

bool is_printable(std::uint32_t rune) noexcept {
    if (rune < 0x7F) return rune >= ' ';
    if (rune == 0x7F) return false;
    return std::ranges::none_of(
        unprintable, [rune](const auto& range) { return rune >= range.first && rune <= range.second; });
}

bool is_space(std::uint32_t rune) noexcept {
    if (rune == ' ' || (rune >= '\t' && rune <= '\r') || rune == 0x85 || rune == 0xA0) return true;
    return rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
           rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

void go_quote(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto rune = first_rune(text);
        if (!rune.valid) {
            out += "\\x";
            hex_digits(out, static_cast<unsigned char>(text.front()), 2);
        } else if (rune.value == '"' || rune.value == '\\') {
            out += '\\';
            out += static_cast<char>(rune.value);
        } else if (rune.value == replacement || is_printable(rune.value)) {
            out += text.substr(0, rune.size);
        } else {
            escape(out, rune.value);
        }
        text.remove_prefix(rune.size);
    }
    out += '"';
}

std::string go_quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    go_quote(out, text);
    return out;
}

void json_quote(std::string& out, std::string_view text, JsonDialect dialect) {
    out += '"';
    while (!text.empty()) {
        const auto rune = first_rune(text);
        const auto letter = rune.valid ? short_form(rune.value, dialect) : '\0';
        if (!rune.valid) {
            out += "\\ufffd";
        } else if (letter != '\0') {
            out += '\\';
            out += letter;
        } else if (rune.value < ' ' || rune.value == 0x2028 || rune.value == 0x2029 ||
                   (dialect == JsonDialect::encoder && is_html(rune.value))) {
            out += "\\u";
            hex_digits(out, rune.value, 4);
        } else {
            out += text.substr(0, rune.size);
        }
        text.remove_prefix(rune.size);
    }
    out += '"';
}

}  // namespace conductor
