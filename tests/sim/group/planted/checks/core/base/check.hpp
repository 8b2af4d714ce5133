// Stands in the place of core/base/check.hpp in the simulator's build: a check that fails is a finding of this
// seed, not the end of the process.
#pragma once

#include <stdexcept>
#include <string>

#define CONDUCTOR_CHECK(condition) \
    (static_cast<bool>(condition) ? void() : throw std::logic_error{std::string{"check failed: "} + #condition})
