// The environment as options: `OP_CONDUCTOR_A_B_C` is option `a.b-c`. Pure: the variables come in as text.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/go_values.hpp"
#include "core/config/options.hpp"

namespace conductor::config {

using Environment = std::map<std::string, std::string, std::less<>>;

struct SetVariable {
    const Option* option;
    Value value;
};

struct Variables {
    std::vector<SetVariable> set;
    std::vector<std::string> problems;  ///< Go's texts, in the order of the options
    std::vector<std::string> unknown;   ///< names alone: a value may be a secret
};

/// An empty value sets a text to "" and a boolean to false; for any other type it counts as unset.
[[nodiscard]] Variables read_environment(const Environment& environment);

}  // namespace conductor::config
