// A plugin on trial: the conformance suite that `conductorctl plugin validate` runs over one plugin of a
// library. Runs code of the library on the calling thread, so it belongs into a child process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/plugin/library.hpp"
#include "core/plugin/options.hpp"

namespace conductor::ctl {

struct TrialStep {
    std::string name;
    std::string problem;  ///< empty: as it should be
    std::string note;     ///< what else is worth saying
};

struct TrialReport {
    std::function<void(const std::string& name)> begins;  ///< so that a step that never ends has a name
    std::function<void(const TrialStep&)> ended;
};

/// The rules of the SDK's suite (conductor/testing/rules.hpp), behind the check of `given`: options that the
/// operator wants it to have instead of its defaults.
void try_plugin(const plugin::Library& library, const plugin::Descriptor& descriptor,
                const std::vector<plugin::RawOption>& given, const TrialReport& report);

}  // namespace conductor::ctl
