// The command line as urfave/cli v2 on Go's flag package reads it: `-x` and `--x`, `--x=v` and `--x v`,
// booleans without a value, `--` and the first word that is no flag end the flags, the rest is ignored. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/go_values.hpp"
#include "core/config/options.hpp"

namespace conductor::config {

struct GivenFlag {
    const Option* option;  ///< aliases are resolved
    Value value;           ///< lists given several times are joined, of all else the last one counts
};

struct Flags {
    std::vector<GivenFlag> given;
    bool help{false};
    bool version{false};
    std::optional<std::string> problem;  ///< Go's text; parsing ended there
};

/// `words` without the program's name.
[[nodiscard]] Flags parse_flags(std::span<const std::string> words);

}  // namespace conductor::config
