#include "core/rpc/media_type.hpp"

#include <map>

namespace conductor::rpc {

namespace {

bool is_token_char(char c) {
    static constexpr std::string_view separators{"()<>@,;:\\\"/[]?="};
    return c > 0x20 && c < 0x7f && separators.find(c) == std::string_view::npos;
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() &&
           (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n'))
        text.remove_prefix(1);
}

std::string take_token(std::string_view& text) {
    std::string out;
    while (!text.empty() && is_token_char(text.front())) {
        const char c = text.front();
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        text.remove_prefix(1);
    }
    return out;
}

bool skip_quoted(std::string_view& text) {
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        if (text.front() == '\r' || text.front() == '\n') return false;
        if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
        text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    return true;
}

// `; name=value`, consumed; false where it is anything else. A name may come again with the same value.
bool skip_parameter(std::string_view& text, std::map<std::string, std::string_view>& seen) {
    text.remove_prefix(1);
    skip_blanks(text);
    const auto name = take_token(text);
    skip_blanks(text);
    if (name.empty() || !text.starts_with('=')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    auto value = text;
    const bool quoted = text.starts_with('"');
    if (quoted ? !skip_quoted(text) : take_token(text).empty()) return false;
    value = value.substr(0, value.size() - text.size());
    if (quoted) value = value.substr(1, value.size() - 2);
    return seen.emplace(name, value).first->second == value;
}

}  // namespace

std::optional<std::string> media_type(std::string_view content_type) {
    auto rest = content_type;
    skip_blanks(rest);
    auto type = take_token(rest);
    if (type.empty()) return std::nullopt;
    if (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const auto subtype = take_token(rest);
        if (subtype.empty()) return std::nullopt;
        type.append("/").append(subtype);
    }
    std::map<std::string, std::string_view> seen;
    for (;;) {
        skip_blanks(rest);
        if (rest.empty()) return type;
        if (!rest.starts_with(';')) return std::nullopt;
        auto after = rest.substr(1);
        skip_blanks(after);
        if (after.empty()) return type;  // a trailing semicolon is forgiven
        if (!skip_parameter(rest, seen)) return std::nullopt;
    }
}

}  // namespace conductor::rpc
