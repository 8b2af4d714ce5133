#include "core/base/json_scan.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "core/base/check.hpp"

namespace conductor::json {
namespace {

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

int hex_digit(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Skips octets that mean nothing inside a string, eight at a time: a payload is almost nothing but such
// octets. Stops at a quote, a backslash, a control character, or the end.
const char* skip_plain(const char* at, const char* end) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t high = 0x8080808080808080;
    const auto has_zero = [](std::uint64_t v) { return (v - ones) & ~v & high; };
    while (end - at >= 8) {
        std::uint64_t v = 0;
        std::memcpy(&v, at, 8);
        const auto control = (v - ones * 0x20) & ~v & high;
        const auto found = control | has_zero(v ^ (ones * '"')) | has_zero(v ^ (ones * '\\'));
        // The lowest mark is always true; those above it may be echoes of a borrow.
        if (found != 0) return at + std::countr_zero(found) / 8;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
    return at;
}

// One pass with an explicit stack of one bit a level, so that depth costs no call frames.
class Scanner {
public:
    Scanner(std::string_view text, std::size_t depth) noexcept
        : begin_{text.data()}, at_{text.data()}, end_{text.data() + text.size()}, limit_{depth} {}

    Result<RawValue, ScanError> run() {
        skip_blanks();
        if (at_ == end_) return error(ScanErrc::empty);
        const char* const first = at_;
        const Kind kind = kind_of(*at_);
        State state = State::value;
        while (state != State::done) {
            if (!step(state)) return error(code_);
        }
        return RawValue{kind, {first, static_cast<std::size_t>(at_ - first)}};
    }

    static Kind kind_of(char c) noexcept {
        switch (c) {
            case '{':
                return Kind::object;
            case '[':
                return Kind::array;
            case '"':
                return Kind::string;
            case 't':
            case 'f':
                return Kind::boolean;
            case 'n':
                return Kind::null;
            default:
                return Kind::number;
        }
    }

private:
    enum class State : std::uint8_t { value, first_element, first_key, key, after_value, done };

    ScanError error(ScanErrc code) const noexcept { return {code, static_cast<std::size_t>(at_ - begin_)}; }
    bool fail(ScanErrc code) noexcept {
        code_ = code;
        return false;
    }
    bool unexpected() noexcept { return fail(at_ == end_ ? ScanErrc::cut_off : ScanErrc::syntax); }
    void skip_blanks() noexcept {
        while (at_ < end_ && is_blank(*at_)) ++at_;
    }
    bool take(char c) noexcept {
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    bool step(State& state) noexcept {
        skip_blanks();
        switch (state) {
            case State::first_element:
                if (take(']')) return pop(state);
                state = State::value;
                return true;
            case State::value:
                return value(state);
            case State::first_key:
                if (take('}')) return pop(state);
                state = State::key;
                return true;
            case State::key:
                if (!string()) return false;
                skip_blanks();
                if (!take(':')) return unexpected();
                state = State::value;
                return true;
            case State::after_value:
                return after_value(state);
            case State::done:
                break;
        }
        return true;
    }

    bool value(State& state) noexcept {
        if (at_ == end_) return unexpected();
        state = depth_ == 0 ? State::done : State::after_value;
        switch (*at_) {
            case '{':
                return push(state, true);
            case '[':
                return push(state, false);
            case '"':
                return string();
            case 't':
                return literal("true");
            case 'f':
                return literal("false");
            case 'n':
                return literal("null");
            default:
                return number();
        }
    }

    bool after_value(State& state) noexcept {
        const bool object = in_object();
        if (take(',')) {
            state = object ? State::key : State::value;
            return true;
        }
        return take(object ? '}' : ']') ? pop(state) : unexpected();
    }

    bool push(State& state, bool object) noexcept {
        if (depth_ == limit_) return fail(ScanErrc::depth);
        ++at_;
        const auto bit = std::uint64_t{1} << (depth_ % 64);
        auto& word = objects_[depth_ / 64];
        word = object ? word | bit : word & ~bit;
        ++depth_;
        state = object ? State::first_key : State::first_element;
        return true;
    }
    bool pop(State& state) noexcept {
        --depth_;
        state = depth_ == 0 ? State::done : State::after_value;
        return true;
    }
    bool in_object() const noexcept { return (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1U) != 0; }

    bool literal(std::string_view word) noexcept {
        for (const char c : word) {
            if (!take(c)) return unexpected();
        }
        return true;
    }

    bool digits() noexcept {
        if (at_ == end_ || !is_digit(*at_)) return unexpected();
        while (at_ < end_ && is_digit(*at_)) ++at_;
        return true;
    }
    bool number() noexcept {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }

    bool string() noexcept {
        if (!take('"')) return unexpected();
        for (;;) {
            at_ = skip_plain(at_, end_);
            if (take('"')) return true;
            if (!take('\\')) return unexpected();
            if (!escape()) return false;
        }
    }
    bool escape() noexcept {
        if (take('u')) {
            for (int i = 0; i < 4; ++i, ++at_) {
                if (at_ == end_ || hex_digit(*at_) < 0) return unexpected();
            }
            return true;
        }
        if (at_ == end_ || std::strchr("\"\\/bfnrt", *at_) == nullptr || *at_ == '\0') return unexpected();
        ++at_;
        return true;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t limit_;
    std::size_t depth_{0};
    ScanErrc code_{ScanErrc::syntax};
    std::array<std::uint64_t, max_depth / 64 + 1> objects_;  // each bit is written before it is read
};

// The functions below walk text that the scanner let pass, so they need no end: the bracket ends them.
const char* past_blanks(const char* at) noexcept {
    while (is_blank(*at)) ++at;
    return at;
}

const char* past_string(const char* at, const char* end) noexcept {
    ++at;
    for (;;) {
        at = skip_plain(at, end);
        if (*at == '"') return at + 1;
        at += 2;
    }
}

const char* past_container(const char* at, const char* end) noexcept {
    std::size_t depth = 0;
    for (;;) {
        switch (*at) {
            case '"':
                at = past_string(at, end);
                continue;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) return at + 1;
                break;
            default:
                break;
        }
        ++at;
    }
}

RawValue value_at(const char* at, const char* end) noexcept {
    const Kind kind = Scanner::kind_of(*at);
    const char* past = at;
    switch (kind) {
        case Kind::object:
        case Kind::array:
            past = past_container(at, end);
            break;
        case Kind::string:
            past = past_string(at, end);
            break;
        default:
            while (*past != ',' && *past != ']' && *past != '}' && !is_blank(*past)) ++past;
    }
    return {kind, {at, static_cast<std::size_t>(past - at)}};
}

constexpr char32_t replacement = 0xFFFD;

bool is_surrogate(char32_t c) noexcept {
    return c >= 0xD800 && c < 0xE000;
}

// Reads a string token code point by code point.
class CodePoints {
public:
    explicit CodePoints(std::string_view raw_string) noexcept
        : at_{raw_string.data() + 1}, end_{raw_string.data() + raw_string.size() - 1} {}

    [[nodiscard]] bool done() const noexcept { return at_ == end_; }

    char32_t next() noexcept {
        if (*at_ == '\\') return escape();
        const auto lead = static_cast<unsigned char>(*at_);
        return lead < 0x80 ? static_cast<char32_t>(*at_++) : multi_octet(lead);
    }

private:
    char32_t escape() noexcept {
        const char letter = at_[1];
        at_ += 2;
        switch (letter) {
            case 'b':
                return U'\b';
            case 'f':
                return U'\f';
            case 'n':
                return U'\n';
            case 'r':
                return U'\r';
            case 't':
                return U'\t';
            case 'u':
                return utf16();
            default:
                return static_cast<char32_t>(letter);
        }
    }

    // A high half takes the low half behind it along; any other surrogate stands for nothing.
    char32_t utf16() noexcept {
        const char32_t first = four_digits(at_);
        at_ += 4;
        if (!is_surrogate(first)) return first;
        if (first < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
            const char32_t second = four_digits(at_ + 2);
            if (second >= 0xDC00 && second < 0xE000) {
                at_ += 6;
                return 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00);
            }
        }
        return replacement;
    }
    static char32_t four_digits(const char* at) noexcept {
        char32_t v = 0;
        for (int i = 0; i < 4; ++i) v = v * 16 + static_cast<char32_t>(hex_digit(at[i]));
        return v;
    }

    // Strict UTF-8; each octet that begins nothing valid is one replacement character, as in Go.
    char32_t multi_octet(unsigned char lead) noexcept {
        const int more = lead >= 0xC2 && lead < 0xE0   ? 1
                         : lead >= 0xE0 && lead < 0xF0 ? 2
                         : lead >= 0xF0 && lead < 0xF5 ? 3
                                                       : 0;
        ++at_;
        if (more == 0 || end_ - at_ < more) return replacement;
        char32_t v = lead & (0x3FU >> static_cast<unsigned>(more));
        for (int i = 0; i < more; ++i) {
            const auto octet = static_cast<unsigned char>(at_[i]);
            if ((octet & 0xC0U) != 0x80U) return replacement;
            v = v << 6U | (octet & 0x3FU);
        }
        constexpr std::array<char32_t, 4> least{0, 0x80, 0x800, 0x10000};
        if (v < least[static_cast<std::size_t>(more)] || v > 0x10FFFF || is_surrogate(v)) return replacement;
        at_ += more;
        return v;
    }

    const char* at_;
    const char* end_;
};

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&out](char32_t octet) { out.push_back(static_cast<char>(octet)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xC0U | c >> 6U);
    } else {
        if (c < 0x10000) {
            put(0xE0U | c >> 12U);
        } else {
            put(0xF0U | c >> 18U);
            put(0x80U | (c >> 12U & 0x3FU));
        }
        put(0x80U | (c >> 6U & 0x3FU));
    }
    put(0x80U | (c & 0x3FU));
}

char32_t fold(char32_t c) noexcept {
    if (c >= U'A' && c <= U'Z') return c + (U'a' - U'A');
    if (c == 0x212A) return U'k';
    if (c == 0x017F) return U's';
    return c;
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "bool";
        case Kind::number:
            return "number";
        case Kind::string:
            return "string";
        case Kind::array:
            return "array";
        case Kind::object:
            return "object";
    }
    return "null";
}

Result<RawValue, ScanError> first_value(std::string_view text, std::size_t depth) {
    CONDUCTOR_CHECK(depth <= max_depth);
    return Scanner{text, depth}.run();
}

// A cursor stands on the opening bracket, or on the comma before the next item, or on the closing bracket.
MemberCursor::MemberCursor(const RawValue& object) noexcept
    : at_{object.raw.data()}, end_{at_ + object.raw.size()} {
    CONDUCTOR_CHECK(object.kind == Kind::object);
}

std::optional<Member> MemberCursor::next() noexcept {
    if (*at_ == '}') return std::nullopt;
    const char* const key = past_blanks(at_ + 1);
    if (*key == '}') return at_ = key, std::nullopt;
    const char* const past_key = past_string(key, end_);
    const auto value = value_at(past_blanks(past_blanks(past_key) + 1), end_);
    at_ = past_blanks(value.raw.data() + value.raw.size());
    return Member{{key, static_cast<std::size_t>(past_key - key)}, value};
}

ElementCursor::ElementCursor(const RawValue& array) noexcept
    : at_{array.raw.data()}, end_{at_ + array.raw.size()} {
    CONDUCTOR_CHECK(array.kind == Kind::array);
}

std::optional<RawValue> ElementCursor::next() noexcept {
    if (*at_ == ']') return std::nullopt;
    const char* const first = past_blanks(at_ + 1);
    if (*first == ']') return at_ = first, std::nullopt;
    const auto value = value_at(first, end_);
    at_ = past_blanks(value.raw.data() + value.raw.size());
    return value;
}

std::string unescape(std::string_view raw_string) {
    std::string out;
    out.reserve(raw_string.size());
    for (CodePoints points{raw_string}; !points.done();) append_utf8(out, points.next());
    return out;
}

bool key_matches(std::string_view raw_key, std::string_view name) noexcept {
    CodePoints points{raw_key};
    for (const char c : name) {
        if (points.done() || fold(points.next()) != fold(static_cast<char32_t>(c))) return false;
    }
    return points.done();
}

}  // namespace conductor::json
