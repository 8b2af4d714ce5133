// A health check: derive, declare `about`, judge, export.
#pragma once

#include <conductor/cpp/host.hpp>

namespace conductor {
inline namespace sdk_0_1 {

/// What a check found. `reason` must be one of the declared slugs; `detail` is free text for the log.
struct Finding {
    std::uint32_t verdict = CONDUCTOR_UNKNOWN;
    std::uint32_t fault_class = CONDUCTOR_HARD;
    std::string reason{};
    std::string detail{};
    std::int64_t since_unix_ns = 0;

    static Finding healthy() {
        Finding f;
        f.verdict = CONDUCTOR_HEALTHY;
        return f;
    }
    /// Counts as healthy, is shown amber.
    static Finding degraded(std::string reason, std::string detail) {
        return {CONDUCTOR_DEGRADED, CONDUCTOR_HARD, std::move(reason), std::move(detail)};
    }
    static Finding unhealthy(std::string reason, std::string detail,
                             std::uint32_t fault_class = CONDUCTOR_HARD) {
        return {CONDUCTOR_UNHEALTHY, fault_class, std::move(reason), std::move(detail)};
    }
    /// The probe could not look: the host holds the last verdict for a while.
    static Finding unknown(std::string reason, std::string detail) {
        return {CONDUCTOR_UNKNOWN, CONDUCTOR_HARD, std::move(reason), std::move(detail)};
    }
};

namespace detail {
template <class T>
conductor_status judge(void* self, const conductor_call* call, conductor_finding* out) noexcept {
    return guarded(call, [&]() -> conductor_status {
        if (!CONDUCTOR_HAS(conductor_finding, out, detail))
            return CONDUCTOR_INTERNAL;  // shorter than 1.0 ever was
        const Finding found = plugin_of<T>(self).judge(*call);
        out->verdict = found.verdict;
        out->fault_class = found.fault_class;
        out->since_unix_ns = found.since_unix_ns;
        (void)write(out->reason, found.reason);
        (void)write(out->detail, found.detail);
        return CONDUCTOR_OK;
    });
}
}  // namespace detail

class HealthCheck : public Plugin {
public:
    static constexpr const char* kind = CONDUCTOR_HEALTH_CHECK;
    template <class T>
    static constexpr conductor_health_check table{sizeof(conductor_health_check), 0, &detail::judge<T>};

    /// Once, before the call's deadline. What it throws is a fault of the probe, not of the sequencer. [worker]
    virtual Finding judge(const conductor_call& call) = 0;
};

}  // namespace sdk_0_1
}  // namespace conductor

#define CONDUCTOR_EXPORT_HEALTH_CHECK(T) CONDUCTOR_EXPORT_PLUGINS(T)
