#include "core/config/toml.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace conductor::config {
namespace {

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

}  // namespace

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
    const auto parsed = toml::parse(text, std::string_view{file});
    if (!parsed)
        return Complaint{to_string(place_of(parsed.error().source(), file)) + ": " +
                         std::string{parsed.error().description()}};
    return convert_table(parsed.table(), file);
}

}  // namespace conductor::config
