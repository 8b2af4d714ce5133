// What the conductor needs of the machine around it: a thread with a clock and one alarm, the two lanes of
// calls, the health checks, and somebody who writes down what it says. The daemon implements it over Asio,
// plugins and the replica; tests over a clock that they turn by hand. Nothing here may block: whoever needs a
// worker brings his own and comes back by posting. All on core unless a member says otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/control/action.hpp"
#include "core/control/describe.hpp"
#include "core/control/verdict.hpp"

namespace conductor::control {

/// The core thread.
class CoreLoop {
public:
    virtual ~CoreLoop() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    /// Wall time since the Unix epoch; may step in either direction.
    [[nodiscard]] virtual std::chrono::nanoseconds wall() const = 0;
    /// Runs `work` on core after what runs there now, in the order of the calls. From any thread.
    virtual void post(std::function<void()> work) = 0;
    /// Runs `work` on core once `when` has come, at once if it has passed. Takes the place of the alarm before.
    virtual void wake_at(Instant when, std::function<void()> work) = 0;
    virtual void cancel_alarm() = 0;
};

/// Makes the calls of one lane. The conductor has at most one in flight that it has not given up.
class CallLane {
public:
    virtual ~CallLane() = default;
    /// Begins the call. `done` gets its answer, of the kind that action.hpp names for the task, or Failed; on
    /// core, once, perhaps from inside this member.
    virtual void make(const Action& action, std::function<void(Answer)> done) = 0;
    /// Nobody waits for that call any more: end it as soon as it will end. What it says then is dropped. It may
    /// have ended already.
    virtual void abandon(Call call) = 0;
};

/// One check of the sequencer's health.
class HealthCheck {
public:
    virtual ~HealthCheck() = default;
    /// Looks once, at most for `limit`. `done` gets what it found, on core, once, perhaps from inside this
    /// member; nothing: its last look still runs, so it did not look.
    virtual void judge(Duration limit, std::function<void(std::optional<Finding>)> done) = 0;
};

/// Whether this node should be given leadership (P-2).
struct Eligibility {
    bool eligible{true};
    bool other_eligible{false};  ///< another member is known that is
    std::string why;             ///< empty while eligible
    friend bool operator==(const Eligibility&, const Eligibility&) = default;
};

/// Writes down what the conductor says and counts. Must not block and calls nothing back.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void say(const Line& line) = 0;
    virtual void count(const Count& count) = 0;
    /// A round of health checks has ended with this verdict (healthchecks_count).
    virtual void round_ended(const Verdict& verdict) = 0;
    /// Check number `check` has answered (health_check_*).
    virtual void check_ended(std::size_t /*check*/, Duration /*took*/, const Finding&) {}
    /// A turn has ended, `took` after the one before it (loop_execution_time).
    virtual void turned(Duration /*took*/) {}
};

}  // namespace conductor::control
