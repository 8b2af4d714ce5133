// The host of a transfer strategy: hands it what is known of the members, with its age, and takes an order.
// Core thread; calls back through Post.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ordinal.hpp"
#include "core/plugin/instance.hpp"

namespace conductor::plugin {

enum class MemberHealth : std::uint8_t {
    unknown = CONDUCTOR_UNKNOWN,
    healthy = CONDUCTOR_HEALTHY,
    unhealthy = CONDUCTOR_UNHEALTHY,
    degraded = CONDUCTOR_DEGRADED,
    stalled = CONDUCTOR_STALLED,
};
enum class Says : std::uint8_t { unknown = CONDUCTOR_UNKNOWN, no = CONDUCTOR_NO, yes = CONDUCTOR_YES };
enum class Cause : std::uint8_t {
    unhealthy = CONDUCTOR_CAUSE_UNHEALTHY,
    shutdown = CONDUCTOR_CAUSE_SHUTDOWN,
    operator_asked = CONDUCTOR_CAUSE_OPERATOR,
    policy = CONDUCTOR_CAUSE_POLICY,
};

struct TransferMember {
    ServerId id;
    std::string address;
    bool voter{false};
    MemberHealth health{MemberHealth::unknown};
    Says paused{Says::unknown};
    Says overridden{Says::unknown};
    Says ready{Says::unknown};
    std::optional<BlockNumber> head;                      ///< of its execution layer
    std::optional<std::chrono::nanoseconds> heard_age;    ///< since its last answer; empty: never
    std::optional<std::chrono::nanoseconds> failure_age;  ///< since a transfer to it failed; empty: never
};

struct TransferRequest {
    Cause cause{Cause::unhealthy};
    ServerId own;                     ///< the leader that asks; one of `members`
    std::optional<BlockNumber> head;  ///< of the replicated value
    std::vector<TransferMember> members;
};

class LeaderTransfer {
public:
    using Done = std::function<void(Result<std::vector<ServerId>, CallError>)>;

    explicit LeaderTransfer(Instance& instance) : instance_{instance} {}
    /// Best first; only voters, never `own`, none twice. Empty: consensus chooses.
    void rank(TransferRequest request, Instance::Limit limit, Done done);
    [[nodiscard]] const std::string& id() const noexcept { return instance_.descriptor().id; }

private:
    Instance& instance_;
};

}  // namespace conductor::plugin
