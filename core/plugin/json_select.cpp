#include "core/plugin/json_select.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <vector>

namespace conductor::plugin {
namespace {

// Deeper than any node's answer, shallow enough for a worker's stack.
constexpr std::size_t depth_limit = 64;

using Path = std::vector<std::string>;

struct Found {
    conductor_json value{};
    std::string text;  // a string, unescaped
};

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t octet) { out.push_back(static_cast<char>(octet)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xc0U | (code >> 6U));
    } else {
        if (code < 0x10000) {
            put(0xe0U | (code >> 12U));
        } else {
            put(0xf0U | (code >> 18U));
            put(0x80U | ((code >> 12U) & 0x3fU));
        }
        put(0x80U | ((code >> 6U) & 0x3fU));
    }
    put(0x80U | (code & 0x3fU));
}

void fit_natural(conductor_json& value, std::uint64_t number) {
    value.as_uint64 = number;
    value.as_real = static_cast<double>(number);
    value.fits = CONDUCTOR_FITS_UINT64 | CONDUCTOR_FITS_REAL;
    if (number > INT64_MAX) return;
    value.as_int64 = static_cast<std::int64_t>(number);
    value.fits |= CONDUCTOR_FITS_INT64;
}

class Scanner {
public:
    Scanner(std::string_view text, const Path& path, Found& found) : text_{text}, path_{path}, found_{found} {}

    /// False: not JSON.
    bool scan() {
        if (!value(0, true)) return false;
        space();
        return at_ == text_.size();
    }

private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void space() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
    }
    bool word(std::string_view expected) {
        if (!text_.substr(at_).starts_with(expected)) return false;
        at_ += expected.size();
        return true;
    }
    bool hex4(std::uint32_t& code) {
        const auto digits = text_.substr(at_, 4);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        at_ += digits.size();
        return digits.size() == 4 && read.ptr == digits.data() + 4;
    }

    // A lone surrogate becomes U+FFFD, as in Go.
    bool escaped_code(std::string& out) {
        std::uint32_t code = 0;
        if (!hex4(code)) return false;
        if (code >= 0xd800 && code < 0xdc00 && word("\\u")) {
            std::uint32_t low = 0;
            if (!hex4(low)) return false;
            code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00) : 0xfffd;
        }
        append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
        return true;
    }

    bool string(std::string* out) {
        if (peek() != '"') return false;
        for (++at_; at_ < text_.size();) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                if (out != nullptr) out->push_back(c);
                continue;
            }
            std::string code;
            if (!escape(code)) return false;
            if (out != nullptr) out->append(code);
        }
        return false;
    }
    bool escape(std::string& out) {
        if (at_ == text_.size()) return false;
        switch (const char c = text_[at_++]) {
            case '"':
            case '\\':
            case '/':
                out.push_back(c);
                return true;
            case 'b':
                out.push_back('\b');
                return true;
            case 'f':
                out.push_back('\f');
                return true;
            case 'n':
                out.push_back('\n');
                return true;
            case 'r':
                out.push_back('\r');
                return true;
            case 't':
                out.push_back('\t');
                return true;
            case 'u':
                return escaped_code(out);
            default:
                return false;
        }
    }

    // `on_path`: every step of the pointer so far has matched; `depth` counts them.
    bool value(std::size_t depth, bool on_path) {
        space();
        if (depth > depth_limit) return false;
        const bool hit = on_path && depth == path_.size();
        const auto begin = at_;
        conductor_json seen{};
        std::string text;

        bool good = false;
        switch (peek()) {
            case '{':
                good = container(seen, depth, on_path, true);
                break;
            case '[':
                good = container(seen, depth, on_path, false);
                break;
            case '"':
                good = string_value(seen, hit, text);
                break;
            case 'n':
                seen.kind = CONDUCTOR_JSON_NULL, good = word("null");
                break;
            case 't':
                seen.kind = CONDUCTOR_JSON_BOOL, seen.boolean = 1, good = word("true");
                break;
            case 'f':
                seen.kind = CONDUCTOR_JSON_BOOL, good = word("false");
                break;
            default:
                good = number(seen);
        }
        if (!good) return false;
        if (hit) {
            seen.raw = {text_.data() + begin, at_ - begin};
            found_ = {seen, std::move(text)};
        }
        return true;
    }

    bool container(conductor_json& seen, std::size_t depth, bool on_path, bool object) {
        const char end = object ? '}' : ']';
        seen.kind = object ? CONDUCTOR_JSON_OBJECT : CONDUCTOR_JSON_ARRAY;
        ++at_;
        space();
        if (peek() == end) return ++at_, true;
        const bool asked = on_path && depth < path_.size();
        for (;; ++at_) {
            bool next = asked;
            if (object) {
                std::string key;
                space();
                if (!string(asked ? &key : nullptr)) return false;
                space();
                if (peek() != ':') return false;
                ++at_;
                next = asked && key == path_[depth];
            } else if (asked) {
                next = path_[depth] == std::to_string(seen.length);
            }
            if (next) found_ = {};  // an equal name before this one no longer counts
            if (!value(depth + 1, next)) return false;
            ++seen.length;
            space();
            if (peek() == end) return ++at_, true;
            if (peek() != ',') return false;
        }
    }

    bool string_value(conductor_json& seen, bool hit, std::string& text) {
        seen.kind = CONDUCTOR_JSON_STRING;
        if (!string(hit ? &text : nullptr)) return false;
        seen.length = text.size();
        if (text.size() < 3 || text.size() > 18 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
            return true;
        std::uint64_t quantity = 0;
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data() + 2, end, quantity, 16);
        if (read.ec == std::errc{} && read.ptr == end) fit_natural(seen, quantity);
        return true;
    }

    bool number(conductor_json& seen) {
        seen.kind = CONDUCTOR_JSON_NUMBER;
        const auto begin = at_;
        while (at_ < text_.size() &&
               std::string_view{"+-.eE0123456789"}.find(text_[at_]) != std::string_view::npos)
            ++at_;
        const char* first = text_.data() + begin;
        const char* last = text_.data() + at_;
        if (!is_number({first, last})) return false;

        double real = 0;
        if (std::from_chars(first, last, real).ec == std::errc{}) {
            seen.as_real = real;
            seen.fits |= CONDUCTOR_FITS_REAL;
        }
        std::int64_t whole = 0;
        if (const auto read = std::from_chars(first, last, whole); read.ec == std::errc{} && read.ptr == last) {
            seen.as_int64 = whole;
            seen.fits |= CONDUCTOR_FITS_INT64;
        }
        std::uint64_t natural = 0;
        if (const auto read = std::from_chars(first, last, natural);
            read.ec == std::errc{} && read.ptr == last) {
            seen.as_uint64 = natural;
            seen.fits |= CONDUCTOR_FITS_UINT64;
        }
        return true;
    }

    // RFC 8259 §6; from_chars is more generous.
    static bool is_number(std::string_view s) {
        const auto digits = [&s] {
            std::size_t count = 0;
            while (count < s.size() && s[count] >= '0' && s[count] <= '9') ++count;
            s.remove_prefix(count);
            return count;
        };
        if (s.starts_with('-')) s.remove_prefix(1);
        if (s.starts_with('0')) {
            s.remove_prefix(1);
        } else if (digits() == 0) {
            return false;
        }
        if (s.starts_with('.')) {
            s.remove_prefix(1);
            if (digits() == 0) return false;
        }
        if (s.starts_with('e') || s.starts_with('E')) {
            s.remove_prefix(1);
            if (s.starts_with('+') || s.starts_with('-')) s.remove_prefix(1);
            if (digits() == 0) return false;
        }
        return s.empty();
    }

    std::string_view text_;
    const Path& path_;
    Found& found_;
    std::size_t at_{0};
};

std::optional<Path> parse_pointer(std::string_view pointer) {
    Path path;
    if (!pointer.empty() && pointer[0] != '/') return std::nullopt;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        const char c = pointer[i];
        if (c == '/') {
            path.emplace_back();
        } else if (c != '~') {
            path.back().push_back(c);
        } else {
            ++i;
            if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
            path.back().push_back(pointer[i] == '0' ? '~' : '/');
        }
    }
    return path;
}

std::string_view view_of(conductor_text text) {
    return text.data == nullptr ? std::string_view{} : std::string_view{text.data, text.size};
}

}  // namespace

conductor_status json_select(conductor_text json, conductor_text pointer, conductor_json* out) noexcept try {
    if (!CONDUCTOR_HAS(conductor_json, out, text)) return CONDUCTOR_INTERNAL;  // shorter than 1.0 ever was
    const auto wanted = out->text;
    const auto size = out->size;
    const auto answer = [&](conductor_status status, conductor_json value) {
        value.size = size;
        value.text = wanted;
        std::memcpy(out, &value, std::min<std::size_t>(size, sizeof value));
        return status;
    };

    const auto path = parse_pointer(view_of(pointer));
    if (!path) return answer(CONDUCTOR_BAD_CONFIG, {});
    Found found;
    if (!Scanner{view_of(json), *path, found}.scan()) return answer(CONDUCTOR_REMOTE_ERROR, {});

    const bool cut = found.value.kind == CONDUCTOR_JSON_STRING && wanted.append != nullptr &&
                     wanted.append(wanted.self, {found.text.data(), found.text.size()}) != 1;
    return answer(cut ? CONDUCTOR_TRUNCATED : CONDUCTOR_OK, found.value);
} catch (...) {
    return CONDUCTOR_INTERNAL;
}

std::optional<std::string_view> json_slice(std::string_view json, std::string_view pointer) {
    conductor_json value{};
    value.size = sizeof value;
    const auto status = json_select({json.data(), json.size()}, {pointer.data(), pointer.size()}, &value);
    if (status < 0 || value.kind == CONDUCTOR_JSON_MISSING) return std::nullopt;
    return view_of(value.raw);
}

std::string json_quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out{'"'};
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (octet < 0x20) {
            out += "\\u00";
            out += digits[octet >> 4U];
            out += digits[octet & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
    return out;
}

}  // namespace conductor::plugin
