#include "core/plugin/units.hpp"

#include <charconv>
#include <utility>

#include "core/base/go_duration.hpp"

namespace conductor::plugin {

std::optional<std::int64_t> duration_ns(std::string_view text) {
    const auto value = parse_go_duration(text);
    return value ? std::optional<std::int64_t>{value->count()} : std::nullopt;
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
