// The host of a health check: asks, and makes sure that the answer means something. It decides nothing:
// thresholds, held verdicts and the fold over all checks are control's. Core thread; calls back through Post.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/plugin/instance.hpp"

namespace conductor::plugin {

enum class Verdict : std::uint8_t {
    unknown = CONDUCTOR_UNKNOWN,
    healthy = CONDUCTOR_HEALTHY,
    unhealthy = CONDUCTOR_UNHEALTHY,
    degraded = CONDUCTOR_DEGRADED,
};
enum class FaultClass : std::uint8_t {
    hard = CONDUCTOR_HARD,
    stale = CONDUCTOR_STALE,
    node_down = CONDUCTOR_NODE_DOWN,
    supervisor_down = CONDUCTOR_SUPERVISOR_DOWN,
    builder_unreachable = CONDUCTOR_BUILDER_UNREACHABLE,
    builder_partial = CONDUCTOR_BUILDER_PARTIAL,
    builder_down = CONDUCTOR_BUILDER_DOWN,
};

struct Finding {
    Verdict verdict{Verdict::unknown};
    FaultClass fault_class{FaultClass::hard};
    std::string reason;  ///< a declared slug, or `other`; empty while healthy
    std::string detail;  ///< for the log
    std::int64_t since_unix_ns{0};
    /// The probe failed, not the sequencer: late, threw, a negative status, an answer that means nothing. Then
    /// the verdict is unknown and `detail` says what happened.
    bool probe_failed{false};
    /// Not judged at all: the last call still runs. The tick is skipped.
    bool skipped{false};
};

class HealthCheck {
public:
    explicit HealthCheck(Instance& instance) : instance_{instance} {}
    void judge(Instance::Limit limit, std::function<void(Finding)> done);

private:
    Instance& instance_;
};

}  // namespace conductor::plugin
