// What --help and --version print, in the shape of op-conductor's, which people diff and scripts grep. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conductor::config {

/// `networks`: names that a profile provider knows, for the text of --network; may be empty.
[[nodiscard]] std::string help_text(std::string_view version, const std::vector<std::string>& networks);
[[nodiscard]] std::string version_text(std::string_view version);

}  // namespace conductor::config
