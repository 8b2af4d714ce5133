// How answers are shown: a table for people, JSON for programs, from the same rows. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::ctl {

enum class Format : std::uint8_t { table, json };

/// Exit codes.
constexpr int exit_ok = 0;
constexpr int exit_failed = 1;       ///< answered, and the answer is bad
constexpr int exit_usage = 2;        ///< the command line
constexpr int exit_unreachable = 3;  ///< no daemon answers

/// Rows under named columns. A column's name is the member's in JSON and, in capitals, the heading for people.
class Table {
public:
    explicit Table(std::vector<std::string> columns) : columns_{std::move(columns)} {}
    void add(std::vector<std::string> row);
    /// Columns as wide as their widest cell, the last one not padded.
    [[nodiscard]] std::string text() const;
    /// An array of objects of strings, one to a line.
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::string in(Format format) const { return format == Format::json ? json() : text(); }

private:
    std::vector<std::string> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// `{"a":"b",…}` of members whose values are JSON text already.
class JsonObject {
public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& raw(std::string_view name, std::string_view json);
    [[nodiscard]] std::string done() const { return out_ + "}"; }

private:
    std::string out_{"{"};
};

/// `["a","b"]`
[[nodiscard]] std::string json_list(const std::vector<std::string>& texts);

}  // namespace conductor::ctl
