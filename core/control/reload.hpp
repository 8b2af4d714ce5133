// Reading the configuration again while everything is at work (plugin-abi §11). Implemented by the daemon and
// by doubles in tests.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace conductor::control {

/// What became of it. The first three lists name instances; an instance whose configuration is the same is in
/// none of them.
struct ReloadReport {
    std::vector<std::string> problems;       ///< not empty: refused as a whole, nothing has changed
    std::vector<std::string> reloaded;       ///< at work with new options
    std::vector<std::string> kept;           ///< the new one failed, the old one stays; the log says why
    std::vector<std::string> needs_restart;  ///< changed otherwise than by options that may change at work
    std::vector<std::string> options;        ///< of the program: changed, and waiting for a restart
};

class Reloader {
public:
    virtual ~Reloader() = default;
    /// From any thread; waits for nothing. `done` comes once, on core, unless the process ends first.
    virtual void reload(std::function<void(ReloadReport)> done) = 0;
};

}  // namespace conductor::control
