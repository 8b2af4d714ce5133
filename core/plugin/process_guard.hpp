// A plugin is a guest in this process. What a guest must not do and cannot be kept from is looked for after
// each of its calls: signal handlers that it has taken are put back, with a warning; where it has closed
// descriptors that are not its own every socket and file may be somebody else's by now, so the process ends at
// once, with its name.
#pragma once

#include <functional>
#include <string>

#include "core/plugin/crash.hpp"

namespace conductor::plugin {

/// From now on, for good: the handlers that stand now are those to be kept. At start, before a plugin is asked
/// anything. `warn` comes on workers.
void arm_process_guard(std::function<void(const std::string& line)> warn);

/// On the worker that has called, while `label` is still the one that ran, before its answer leaves. Nothing
/// before arm_process_guard().
void look_after_descriptors(const CrashLabel& label, const char* what);
/// Likewise, but an answer does not wait for it.
void look_after_handlers(const CrashLabel& label, const char* what);

}  // namespace conductor::plugin
