// A fault as it is told over the control listener:
// {"method":"…","kind":"hang|error|nonsense","ms":N,"code":N,"status":N,"text":"…","effect":B,"times":N}. Pure.
#pragma once

#include "core/base/json_scan.hpp"
#include "core/base/result.hpp"
#include "tests/simnode/faults.hpp"

namespace conductor::simnode {

/// Left out: every method, `hang`, -32000 for an error, 200 for nonsense, no effect, until cleared.
///   errors  names the member
[[nodiscard]] Result<Fault, std::string> read_fault(const json::RawValue& spec);

}  // namespace conductor::simnode
