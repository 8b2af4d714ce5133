// What Go's net package says of a failed system call, because clients and operators match on it. Pure.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

namespace conductor {

/// `connection refused`: the system's own words, which Go begins with a small letter.
[[nodiscard]] std::string errno_words(const boost::system::error_code& error);

}  // namespace conductor
