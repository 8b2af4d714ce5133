#include "core/control/action.hpp"

namespace conductor::control {

const char* name_of(FailureKind kind) noexcept {
    constexpr const char* names[] = {
        "timed_out", "unreachable", "remote_error",         "refused", "bad_config", "unsupported",
        "not_found", "not_leader",  "transfer_in_progress", "other"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace conductor::control
