// select() of conductor.host.rpc/1 for tests: no tree, one pass over the text for each pointer; the last of
// equal names counts, as in Go. Any thread.
#pragma once

#include <conductor/services.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {
namespace detail {

class JsonScanner {
public:
    explicit JsonScanner(std::string_view text) : text_{text} {}

    /// Whether all of it is one JSON value; what lies at `path` is in `out`, a string's content in `content`.
    bool whole(std::vector<std::string> path, conductor_json& out, std::string& content) {
        path_ = std::move(path);
        out_ = &out;
        content_ = &content;
        if (!value(0, true)) return false;
        space();
        return at_ == text_.size();
    }

private:
    static constexpr std::size_t deepest = 64;

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void space() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
    }
    bool word(std::string_view wanted) {
        if (text_.substr(at_, wanted.size()) != wanted) return false;
        at_ += wanted.size();
        return true;
    }
    bool hex4(unsigned& unit) {
        const auto digits = text_.substr(at_, 4);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
        at_ += digits.size();
        return digits.size() == 4 && read.ptr == digits.data() + 4;
    }
    static void put(std::string& to, unsigned point) {
        const auto octet = [&to](unsigned value) {
            to += static_cast<char>(static_cast<unsigned char>(value));
        };
        if (point < 0x80) return octet(point);
        if (point < 0x800) {
            octet(0xc0 | point >> 6);
        } else if (point < 0x10000) {
            octet(0xe0 | point >> 12);
            octet(0x80 | (point >> 6 & 63));
        } else {
            octet(0xf0 | point >> 18);
            octet(0x80 | (point >> 12 & 63));
            octet(0x80 | (point >> 6 & 63));
        }
        octet(0x80 | (point & 63));
    }
    bool escaped(std::string& to) {
        const char letter = at_ < text_.size() ? text_[at_++] : '\0';
        constexpr std::string_view letters{"\"\\/bfnrt"};
        constexpr std::string_view meanings{"\"\\/\b\f\n\r\t"};
        if (const auto which = letters.find(letter); letter != '\0' && which != std::string_view::npos) {
            to += meanings[which];
            return true;
        }
        unsigned unit = 0;
        if (letter != 'u' || !hex4(unit)) return false;
        if (unit >= 0xd800 && unit < 0xdc00 && word("\\u")) {
            unsigned low = 0;
            if (!hex4(low)) return false;
            const bool pair = low >= 0xdc00 && low < 0xe000;
            unit = pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
        }
        put(to, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
        return true;
    }
    bool string(std::string& to) {
        if (peek() != '"') return false;
        for (++at_; at_ < text_.size();) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                to += c;
            } else if (!escaped(to)) {
                return false;
            }
        }
        return false;
    }

    // `on`: every step of the pointer so far has matched; `depth` counts them.
    bool value(std::size_t depth, bool on) {
        space();
        if (depth > deepest) return false;
        const auto begin = at_;
        conductor_json found{};
        std::string content;
        if (!any(depth, on, found, content)) return false;
        if (on && depth == path_.size()) {
            found.size = out_->size;
            found.text = out_->text;
            found.raw = {text_.data() + begin, at_ - begin};
            *out_ = found;
            *content_ = std::move(content);
        }
        return true;
    }
    bool any(std::size_t depth, bool on, conductor_json& found, std::string& content) {
        if (peek() == '{' || peek() == '[') return container(depth, on, found);
        if (peek() == '"') {
            found.kind = CONDUCTOR_JSON_STRING;
            if (!string(content)) return false;
            found.length = content.size();
            quantity(found, content);
            return true;
        }
        if (word("null")) return found.kind = CONDUCTOR_JSON_NULL, true;
        found.kind = CONDUCTOR_JSON_BOOL;
        if (word("true")) return found.boolean = 1, true;
        if (word("false")) return true;
        return number(found);
    }
    bool container(std::size_t depth, bool on, conductor_json& found) {
        const bool object = peek() == '{';
        const char end = object ? '}' : ']';
        found.kind = object ? CONDUCTOR_JSON_OBJECT : CONDUCTOR_JSON_ARRAY;
        ++at_;
        space();
        if (peek() == end) return ++at_, true;
        for (;; ++at_) {
            std::string key = std::to_string(found.length);
            if (object) {
                key.clear();
                space();
                if (!string(key)) return false;
                space();
                if (peek() != ':') return false;
                ++at_;
            }
            const bool next = on && depth < path_.size() && path_[depth] == key;
            if (next) forget();
            if (!value(depth + 1, next)) return false;
            ++found.length;
            space();
            if (peek() == end) return ++at_, true;
            if (peek() != ',') return false;
        }
    }
    static void quantity(conductor_json& found, const std::string& text) {
        if (text.size() < 3 || text.size() > 18 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return;
        const auto* end = text.data() + text.size();
        const auto read = std::from_chars(text.data() + 2, end, found.as_uint64, 16);
        if (read.ec != std::errc{} || read.ptr != end) return;
        found.fits = CONDUCTOR_FITS_UINT64 | CONDUCTOR_FITS_REAL;
        found.as_real = static_cast<double>(found.as_uint64);
        if (found.as_uint64 > INT64_MAX) return;
        found.fits |= CONDUCTOR_FITS_INT64;
        found.as_int64 = static_cast<std::int64_t>(found.as_uint64);
    }
    bool number(conductor_json& found) {
        found.kind = CONDUCTOR_JSON_NUMBER;
        const auto begin = at_;
        while (peek() != '\0' && std::string_view{"+-.eE0123456789"}.find(peek()) != std::string_view::npos)
            ++at_;
        const auto text = text_.substr(begin, at_ - begin);
        const auto digits = text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
        const auto digit = [&digits](std::size_t at) {
            return at < digits.size() && digits[at] >= '0' && digits[at] <= '9';
        };
        if (!digit(0) || (digits[0] == '0' && digit(1))) return false;
        const auto* end = text.data() + text.size();
        const auto fits = [&](auto& to, std::uint32_t flag) {
            const auto read = std::from_chars(text.data(), end, to);
            if (read.ec == std::errc{} && read.ptr == end) found.fits |= flag;
            return read.ptr == end;
        };
        if (!fits(found.as_real, CONDUCTOR_FITS_REAL)) return false;
        (void)fits(found.as_int64, CONDUCTOR_FITS_INT64);
        (void)fits(found.as_uint64, CONDUCTOR_FITS_UINT64);
        return true;
    }
    void forget() {
        conductor_json nothing{};
        nothing.size = out_->size;
        nothing.text = out_->text;
        *out_ = nothing;
        content_->clear();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<std::string> path_;
    conductor_json* out_ = nullptr;
    std::string* content_ = nullptr;
};

/// The steps of an RFC 6901 pointer; nothing: it is none.
inline std::optional<std::vector<std::string>> steps_of(std::string_view pointer) {
    std::vector<std::string> steps;
    if (!pointer.empty() && pointer[0] != '/') return std::nullopt;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            steps.emplace_back();
        } else if (pointer[i] != '~') {
            steps.back() += pointer[i];
        } else if (++i < pointer.size() && (pointer[i] == '0' || pointer[i] == '1')) {
            steps.back() += pointer[i] == '0' ? '~' : '/';
        } else {
            return std::nullopt;
        }
    }
    return steps;
}

}  // namespace detail

inline conductor_status select(const conductor_host*, conductor_text json, conductor_text pointer,
                               conductor_json* out) noexcept try {
    if (!CONDUCTOR_HAS(conductor_json, out, text)) return CONDUCTOR_INTERNAL;
    conductor_json found{};
    found.size = out->size;
    found.text = out->text;
    const auto nothing = found;
    const auto answer = [&](conductor_status status) {
        std::memcpy(out, &found, std::min<std::size_t>(out->size, sizeof found));  // never beyond its size
        return status;
    };
    auto steps = detail::steps_of({pointer.data, pointer.size});
    if (!steps) return answer(CONDUCTOR_BAD_CONFIG);
    std::string content;
    if (!detail::JsonScanner{{json.data, json.size}}.whole(std::move(*steps), found, content)) {
        found = nothing;
        return answer(CONDUCTOR_REMOTE_ERROR);
    }
    if (found.kind != CONDUCTOR_JSON_STRING || found.text.append == nullptr) return answer(CONDUCTOR_OK);
    const bool whole = found.text.append(found.text.self, {content.data(), content.size()}) == 1;
    return answer(whole ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED);
} catch (...) {
    return CONDUCTOR_INTERNAL;
}

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
