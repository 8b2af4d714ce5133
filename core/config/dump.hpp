// The effective configuration as one JSON text, for the log and the admin RPC. No secret leaves: URLs are
// masked, plugin options are left out. Pure.
#pragma once

#include <string>

#include "core/config/file.hpp"
#include "core/config/resolved.hpp"

namespace conductor::config {

/// `{"options":{"raft.join":{"value":"auto","from":"default"},…},"health":[…],…}`, options sorted by name.
[[nodiscard]] std::string effective_json(const Resolved& values, const FileContents& file,
                                         const std::vector<PeerRpc>& peers);

}  // namespace conductor::config
