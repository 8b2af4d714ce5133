// The two halves of the option table, for options.cpp alone. Pure.
#pragma once

#include <span>

#include "core/config/options.hpp"

namespace conductor::config {

[[nodiscard]] std::span<const Option> go_options() noexcept;
[[nodiscard]] std::span<const Option> our_options() noexcept;

}  // namespace conductor::config
