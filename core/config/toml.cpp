#include "core/config/toml.hpp"

namespace conductor::config {
// toml++ 3.3 asserts where a table's name begins with what no name may contain: an error of the file, not of
// ours.
[[noreturn]] static void toml_lost();
}  // namespace conductor::config

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) (static_cast<bool>(condition) ? void() : ::conductor::config::toml_lost())
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

namespace conductor::config {
namespace {

struct TomlLost {};

Place place_of(const toml::source_region& region, const std::string& file) {
    return {file, region.begin.line, region.begin.column};
}

TomlNode convert(const toml::node& node, const std::string& file);

TomlTable convert_table(const toml::table& table, const std::string& file) {
    TomlTable out;
    for (const auto& [key, node] : table)
        out.entries.push_back({std::string{key.str()}, place_of(key.source(), file), convert(node, file)});
    std::ranges::sort(out.entries, [](const TomlEntry& a, const TomlEntry& b) {
        return std::tie(a.key_place.line, a.key_place.column, a.key) <
               std::tie(b.key_place.line, b.key_place.column, b.key);
    });
    return out;
}

TomlNode convert(const toml::node& node, const std::string& file) {
    TomlNode out{place_of(node.source(), file), TomlTime{}};
    if (const auto* table = node.as_table()) {
        out.content = convert_table(*table, file);
    } else if (const auto* array = node.as_array()) {
        TomlArray items;
        for (const auto& item : *array) items.push_back(convert(item, file));
        out.content = std::move(items);
    } else if (const auto* text = node.as_string()) {
        out.content = text->get();
    } else if (const auto* integer = node.as_integer()) {
        out.content = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
        out.content = number->get();
    } else if (const auto* flag = node.as_boolean()) {
        out.content = flag->get();
    }
    return out;
}

bool loses_parser(std::string_view text) {
    try {
        static_cast<void>(toml::parse(text));
    } catch (const TomlLost&) {
        return true;
    }
    return false;
}

/// The line from 1 where toml++ gives up: as many lines as do no harm, and one.
std::uint32_t lost_line(std::string_view text) {
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] == '\n') ends.push_back(at + 1);
    const auto harmless = std::ranges::partition_point(
        ends, [&](std::size_t octets) { return !loses_parser(text.substr(0, octets)); });
    return static_cast<std::uint32_t>(harmless - ends.begin()) + 1;
}

}  // namespace

static void toml_lost() {
    throw TomlLost{};
}

std::string to_string(const Place& place) {
    return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

const TomlEntry* TomlTable::find(std::string_view key) const noexcept {
    const auto found = std::ranges::find(entries, key, &TomlEntry::key);
    return found == entries.end() ? nullptr : &*found;
}

std::string_view TomlNode::kind() const noexcept {
    constexpr std::array<std::string_view, 7> names{"a table", "an array",  "a string",      "an integer",
                                                    "a float", "a boolean", "a date or time"};
    return names[content.index()];
}

Result<TomlTable, Complaint> parse_toml(std::string_view text, const std::string& file) {
    try {
        const auto parsed = toml::parse(text, std::string_view{file});
        if (!parsed)
            return Complaint{to_string(place_of(parsed.error().source(), file)) + ": " +
                             std::string{parsed.error().description()}};
        return convert_table(parsed.table(), file);
    } catch (const TomlLost&) {
        return Complaint{to_string({file, lost_line(text), 1}) + ": here this is no TOML; is a name missing?"};
    }
}

}  // namespace conductor::config
