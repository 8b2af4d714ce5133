// The tables of the file that are no options: plugins, endpoints, peers. For file.cpp. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/file.hpp"

namespace conductor::config {

/// Whether `key`, dotted from the top, names such a table; if so, it is read into `into`.
[[nodiscard]] bool read_special_table(FileContents& into, const std::string& key, const TomlEntry& entry);

/// `; did you mean "x"?` or nothing.
[[nodiscard]] std::string suggestion(const std::string& word, const std::vector<std::string>& names);

/// `http://` or `https://` and a host.
[[nodiscard]] bool is_http_url(std::string_view text) noexcept;

}  // namespace conductor::config
