// Every work call of a kind's table, with arguments that are fit to be asked of a node that never answers.
#pragma once

#include <conductor/plugin.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::ctl {

struct TrialCall {
    std::string name;
    std::function<conductor_status(void* self, const conductor_call&)> run;
};

/// `table` is of that kind, or null; members beyond its size or null are left out.
[[nodiscard]] std::vector<TrialCall> calls_of(std::string_view kind, const void* table);

}  // namespace conductor::ctl
