// What `conductorctl` does, one function a command. Each writes to `out` what was asked for and to `err` why it
// is not to be had, and gives the exit code. Blocking; one thread, because libraries are looked at in forks of
// it.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/ctl/output.hpp"

namespace conductor::ctl {

/// What every command is told.
struct Setting {
    Format format{Format::table};
    std::string rpc{"http://127.0.0.1:8545"};
    std::chrono::milliseconds timeout{5000};
    std::string config{"/etc/conductord/conductord.toml"};  ///< for `plugins.directories`; may be missing
    std::vector<std::string> directories;                   ///< searched before those
    std::ostream& out;
    std::ostream& err;
};

/// Which libraries lie where the daemon looks, and how they do where it answers.
[[nodiscard]] int plugin_list(const Setting& setting);

struct Which {
    std::string plugin;               ///< a path, or an id that is looked for
    bool options{false};              ///< inspect: also what only the mapped library says
    std::vector<std::string> values;  ///< validate: `key=value`
    std::chrono::seconds limit{60};   ///< validate: for one plugin of the library
};
/// Who a library says it is, and whether it would be let in.
[[nodiscard]] int plugin_inspect(const Setting& setting, const Which& which);
/// The conformance suite, in a child process.
[[nodiscard]] int plugin_validate(const Setting& setting, const Which& which);

/// The networks that the providers know.
[[nodiscard]] int profile_list(const Setting& setting);
/// What they say of one.
[[nodiscard]] int profile_show(const Setting& setting, const std::string& name);
/// Where two differ; without a second one, what the first sets otherwise than the program's own defaults.
[[nodiscard]] int profile_diff(const Setting& setting, const std::string& one, const std::string& other);

/// Has the daemon read its configuration again.
[[nodiscard]] int reload(const Setting& setting);

}  // namespace conductor::ctl
