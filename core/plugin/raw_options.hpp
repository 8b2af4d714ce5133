// An `options = { … }` table of the configuration file as the option check wants it. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/toml.hpp"
#include "core/plugin/options.hpp"

namespace conductor::plugin {

[[nodiscard]] Place to_place(const config::Place& place);

/// `{ file = "…" }` and `{ env = "…" }` become the source of a secret.
///   errors  a table of another shape, a date, an array in an array: one sentence each, with its place in front
[[nodiscard]] Result<std::vector<RawOption>, std::vector<std::string>> raw_options(
    const std::string& subject, const config::TomlTable& table);

}  // namespace conductor::plugin
