// One question to a running daemon over its JSON-RPC. Blocks.
#pragma once

#include <chrono>
#include <string>

#include "core/base/result.hpp"

namespace conductor::ctl {

struct RpcTrouble {
    bool answered{false};  ///< the daemon said no; else nobody was there
    std::string text;
};

/// The JSON text of the result.
[[nodiscard]] Result<std::string, RpcTrouble> ask_daemon(const std::string& url, const std::string& method,
                                                         std::chrono::milliseconds limit);

}  // namespace conductor::ctl
