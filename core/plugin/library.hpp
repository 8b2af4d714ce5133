// One mapped library. Mapping runs code of the plugin, so notes and trust come before. Code is never unmapped:
// what is mapped belongs to a registry that is leaked on purpose, because a thread-local destructor or a call
// that never came back may still need it. At start-up, before the core thread has work.
#pragma once

#include <conductor/plugin.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/descriptor.hpp"
#include "core/plugin/note.hpp"

namespace conductor::plugin {

struct Library {
    std::filesystem::path path;
    const conductor_entry* entry{nullptr};
    std::vector<Descriptor> plugins;
};

/// Maps the file, or gives what was mapped before under that path; valid until the process ends. Its
/// descriptors say the same as `notes`. Who falls while it is mapped is named as `id`; empty: as its first
/// note.
///   errors  the linker's own message; no symbol `conductor_plugin_v1`; another magic, ABI or size; a
///   descriptor
///           that is malformed or unlike its note: each a sentence that begins with the path
[[nodiscard]] Result<const Library*, Complaint> map_library(const std::filesystem::path& file,
                                                            const std::vector<Note>& notes,
                                                            std::string_view id = {});

}  // namespace conductor::plugin
