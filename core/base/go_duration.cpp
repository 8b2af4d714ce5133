#include "core/base/go_duration.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/base/go_text.hpp"

namespace conductor {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t second = 1'000'000'000;
// Go lets a duration reach -2^63 ns, one more than 2^63-1 on the other side.
constexpr std::uint64_t limit = std::uint64_t{1} << 63U;

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> units{{
    {"ns", 1},
    {"us", 1'000},
    {"\u00b5s", 1'000},  // micro sign
    {"\u03bcs", 1'000},  // Greek mu
    {"ms", 1'000'000},
    {"s", second},
    {"m", 60 * second},
    {"h", 3600 * second},
}};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// `value` of `unit` nanoseconds each, without trailing zeros: 1500 of 1000 is "1.5".
std::string decimal(std::uint64_t value, std::uint64_t unit) {
    auto out = std::to_string(value / unit);
    auto rest = value % unit;
    if (rest == 0) return out;
    out += '.';
    for (auto place = unit / 10; rest != 0; place /= 10) {
        out += static_cast<char>('0' + rest / place);
        rest %= place;
    }
    return out;
}

struct Part {
    std::uint64_t nanoseconds{0};
    std::string_view rest;
};

Result<Part, Complaint> first_part(std::string_view text, const std::string& quoted) {
    const auto invalid = Complaint{"time: invalid duration " + quoted};
    std::uint64_t whole = 0;
    std::uint64_t fraction = 0;
    double scale = 1;
    std::size_t at = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
        if (whole > limit / 10) return invalid;
        whole = whole * 10 + static_cast<std::uint64_t>(text[at] - '0');
        if (whole > limit) return invalid;
    }
    bool digits = at > 0;
    if (at < text.size() && text[at] == '.') {
        bool full = false;  // what no longer fits is dropped, as in Go
        for (++at; at < text.size() && is_digit(text[at]); ++at) {
            digits = true;
            if (full) continue;
            const auto next = fraction * 10 + static_cast<std::uint64_t>(text[at] - '0');
            if (fraction > (limit - 1) / 10 || next > limit) {
                full = true;
                continue;
            }
            fraction = next;
            scale *= 10;
        }
    }
    if (!digits) return invalid;

    text.remove_prefix(at);
    std::size_t end = 0;
    while (end < text.size() && text[end] != '.' && !is_digit(text[end])) ++end;
    if (end == 0) return Complaint{"time: missing unit in duration " + quoted};
    const auto name = text.substr(0, end);
    for (const auto& [unit, size] : units) {
        if (unit != name) continue;
        if (whole > limit / size) return invalid;
        auto value = whole * size;
        // The one use of floating point: Go computes the fraction so, and its answer is the one to give.
        value +=
            static_cast<std::uint64_t>(static_cast<double>(fraction) * (static_cast<double>(size) / scale));
        if (value > limit) return invalid;
        return Part{value, text.substr(end)};
    }
    return Complaint{"time: unknown unit " + go_quote(name) + " in duration " + quoted};
}

}  // namespace

std::string go_duration(nanoseconds value) {
    const auto count = value.count();
    const bool negative = count < 0;
    const auto size =
        negative ? std::uint64_t{0} - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    std::string out = negative ? "-" : "";
    if (size == 0) return "0s";
    if (size < 1'000) return out + std::to_string(size) + "ns";
    if (size < 1'000'000) return out + decimal(size, 1'000) + "\u00b5s";
    if (size < second) return out + decimal(size, 1'000'000) + "ms";
    const auto hours = size / (3600 * second);
    const auto minutes = size / (60 * second) % 60;
    if (hours > 0) out += std::to_string(hours) + "h";
    if (hours > 0 || minutes > 0) out += std::to_string(minutes) + "m";
    return out + decimal(size % (60 * second), second) + "s";
}

Result<nanoseconds, Complaint> parse_go_duration(std::string_view text) {
    const auto quoted = go_quote(text);
    const auto invalid = Complaint{"time: invalid duration " + quoted};
    auto rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return nanoseconds{0};
    if (rest.empty()) return invalid;

    std::uint64_t total = 0;
    while (!rest.empty()) {
        const auto part = first_part(rest, quoted);
        if (!part) return part.error();
        total += part->nanoseconds;  // both at most 2^63: cannot wrap to something small before the test
        if (total > limit) return invalid;
        rest = part->rest;
    }
    if (negative)
        return nanoseconds{total == limit ? std::numeric_limits<std::int64_t>::min()
                                          : -static_cast<std::int64_t>(total)};
    if (total == limit) return invalid;
    return nanoseconds{static_cast<std::int64_t>(total)};
}

}  // namespace conductor
