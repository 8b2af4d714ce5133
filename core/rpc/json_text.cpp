#include "core/rpc/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace conductor::rpc {

namespace {

constexpr std::string_view digits{"0123456789abcdef"};

void add_escape(std::string& out, unsigned char c) {
    out += "\\u00";
    out += digits[c >> 4U];
    out += digits[c & 15U];
}

bool is_html(char c) {
    return c == '<' || c == '>' || c == '&';
}

// U+2028 and U+2029, which JavaScript once took for line ends.
bool is_separator(std::string_view text) {
    return text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9");
}

// Length of the valid UTF-8 sequence at the front, 0 where it is none.
std::size_t sequence_length(std::string_view text) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto first = octet(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((octet(i) & 0xc0U) != 0x80U) return 0;
    const auto second = octet(1);
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;  // surrogates
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return length;
}

void add_ascii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
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
        default:
            break;
    }
    if (static_cast<unsigned char>(c) < 0x20 || is_html(c))
        return add_escape(out, static_cast<unsigned char>(c));
    out += c;
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out{"\""};
    while (!text.empty()) {
        const auto length = sequence_length(text);
        if (length == 0) {
            out += "\\ufffd";
            text.remove_prefix(1);
            continue;
        }
        if (length == 1) {
            add_ascii(out, text.front());
        } else if (is_separator(text)) {
            out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out += '"';
    return out;
}

std::string go_quoted(std::string_view text) {
    std::string out{"\""};
    while (!text.empty()) {
        const auto octet = static_cast<unsigned char>(text.front());
        const auto length = sequence_length(text);
        if (octet == '"' || octet == '\\') {
            out.append("\\").append(1, text.front());
        } else if (octet == '\t') {
            out += "\\t";
        } else if (length == 0 || octet < 0x20 || octet == 0x7f) {
            out.append("\\x").append(1, digits[octet >> 4U]).append(1, digits[octet & 15U]);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out += '"';
    return out;
}

std::string escaped_token(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (is_html(raw[i])) {
            add_escape(out, static_cast<unsigned char>(raw[i]));
        } else if (is_separator(raw.substr(i))) {
            out += raw[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += raw[i];
        }
    }
    return out;
}

}  // namespace conductor::rpc
