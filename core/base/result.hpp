// Expected failure is a value: Result<T> carries a T or a boost error_code, Result<T, E> an error of the
// module's own with a text for the operator. Only start-up throws. Pure.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace conductor {

template <class T, class E = boost::system::error_code>
using Result = boost::system::result<T, E>;

/// An error that is only a sentence for a person. Modules whose callers decide by the kind of error
/// have their own type.
struct Complaint {
    std::string text;
    friend bool operator==(const Complaint&, const Complaint&) = default;
};

}  // namespace conductor
