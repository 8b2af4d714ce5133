// The text of one network profile, judged as a start judges it: `[facts]`, which are compared with the running
// nodes, and
// `[policy]`, which sets options as their flags would. What nobody would read is refused, with its place. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/config/load.hpp"

namespace conductor::plugin {

struct ProfileContent {
    config::Profile facts;   ///< `chain_id`, `forks.canyon`, … as text
    config::Profile policy;  ///< by option, as one would write it behind the flag
};

/// `file` is what places name.
///   errors  no TOML; another table than those two; a known fact of another type, or one that is nearly a known
///   one; a
///           policy that is no option, or a value that it does not take
[[nodiscard]] Result<ProfileContent, Complaint> read_profile_text(std::string_view text,
                                                                  const std::string& file);

}  // namespace conductor::plugin
