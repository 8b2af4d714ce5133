// Where the recordings and the sources of this checkout lie. Only checkout.cpp is compiled with the paths, so
// that every other object file is the same in every checkout.
#pragma once

#include <string>

namespace conductor::checkout {

/// The folder tests/data, without a slash at its end.
std::string test_data();
/// The top of the checkout, without a slash at its end.
std::string sources();

}  // namespace conductor::checkout
