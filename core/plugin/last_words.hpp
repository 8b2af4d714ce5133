// What is left of a process that a plugin has brought down: a line on standard error that names the instance,
// and a mark in the state directory that counts. Both are written through descriptors high enough that whoever
// closes the low ones cannot silence us.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/result.hpp"
#include "core/plugin/crash.hpp"

namespace conductor::plugin {

/// Once, at start. Without a file nothing is counted.
///   errors  the file cannot be opened
[[nodiscard]] Result<void, Complaint> prepare_last_words(const std::filesystem::path& mark_file);

/// `… crashed in judge: abort`: `verb` stands before the call, `how` behind it. Safe in a signal handler.
void write_last_words(const CrashLabel& label, std::string_view verb, std::string_view what,
                      std::string_view how) noexcept;

/// As it stands, with its end of line. Safe in a signal handler.
void write_last_line(std::string_view line) noexcept;

}  // namespace conductor::plugin
