// Where plugins are looked for, as the daemon would: its configuration's directories, its own, the local one.
// Reads the configuration for that and nothing else.
#pragma once

#include <string>
#include <vector>

#include "core/ctl/commands.hpp"
#include "core/plugin/registry.hpp"

namespace conductor::ctl {

[[nodiscard]] plugin::Registry registry_of(const Setting& setting);

/// `bundled`, or the directory.
[[nodiscard]] std::string from(const plugin::Installed& found);

/// The library that a path or an id names, with its notes.
struct Chosen {
    std::filesystem::path file;
    std::vector<plugin::Note> notes;
    bool bundled{false};
};
[[nodiscard]] Result<Chosen, Complaint> choose(const Setting& setting, const std::string& plugin);

/// Why the daemon would not load it; empty: it would.
[[nodiscard]] std::string refusal(const Chosen& chosen);

}  // namespace conductor::ctl
