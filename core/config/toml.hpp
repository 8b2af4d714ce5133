// A TOML file as a tree that knows where each value stands, so that every complaint can say file, line and
// column. The parser behind it (toml++) is seen by toml.cpp alone. Pure: text comes in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"

namespace conductor::config {

struct Place {
    std::string file;
    std::uint32_t line{0};    ///< from 1
    std::uint32_t column{0};  ///< from 1
    friend bool operator==(const Place&, const Place&) = default;
};
/// `conductord.toml:12:51`.
[[nodiscard]] std::string to_string(const Place& place);

struct TomlEntry;
struct TomlNode;
using TomlArray = std::vector<TomlNode>;

struct TomlTable {
    std::vector<TomlEntry> entries;  ///< in the order of the file
    [[nodiscard]] const TomlEntry* find(std::string_view key) const noexcept;
};

/// Dates and times, which no option takes.
struct TomlTime {};

struct TomlNode {
    Place place;
    std::variant<TomlTable, TomlArray, std::string, std::int64_t, double, bool, TomlTime> content;

    template <class T>
    [[nodiscard]] const T* as() const noexcept {
        return std::get_if<T>(&content);
    }
    /// `a string`, `an integer`, … for complaints.
    [[nodiscard]] std::string_view kind() const noexcept;
};

struct TomlEntry {
    std::string key;
    Place key_place;
    TomlNode node;
};

/// `file` is only named in places and complaints.
[[nodiscard]] Result<TomlTable, Complaint> parse_toml(std::string_view text, const std::string& file);

}  // namespace conductor::config
