#include "core/plugin/units.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace conductor::plugin {

std::optional<std::int64_t> duration_ns(std::string_view text) {
    constexpr std::pair<std::string_view, double> units[] = {{"ns", 1},  {"us", 1e3}, {"µs", 1e3},  {"ms", 1e6},
                                                             {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    bool negative = false;
    if (text.starts_with('-') || text.starts_with('+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    if (text == "0") return 0;
    if (text.empty()) return std::nullopt;

    double total = 0;
    while (!text.empty()) {
        std::size_t digits = 0;
        while (digits < text.size() && (text[digits] == '.' || (text[digits] >= '0' && text[digits] <= '9')))
            ++digits;
        double count = 0;
        const auto read = std::from_chars(text.data(), text.data() + digits, count, std::chars_format::fixed);
        if (digits == 0 || read.ec != std::errc{} || read.ptr != text.data() + digits) return std::nullopt;
        text.remove_prefix(digits);

        double scale = 0;
        for (const auto& [name, value] : units) {
            if (!text.starts_with(name) || (name == "m" && text.starts_with("ms"))) continue;
            scale = value;
            text.remove_prefix(name.size());
            break;
        }
        if (scale == 0) return std::nullopt;
        total += count * scale;
    }
    if (total > 9.2e18) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(negative ? -total : total));
}

std::optional<std::int64_t> size_octets(std::string_view text) {
    constexpr std::pair<std::string_view, unsigned> units[] = {
        {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    std::int64_t count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec != std::errc{} || count < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    for (const auto& [name, shift] : units) {
        if (text != name) continue;
        if (count > (INT64_MAX >> shift)) return std::nullopt;
        return count << shift;
    }
    return std::nullopt;
}

}  // namespace conductor::plugin
