// One attempt to hand leadership over (conductor.md 5.6, 5.8, P-6): stop the own sequencer where it may
// produce, and, when it has stopped or has taken too long, transfer: to the strategy's choices in order, then
// to whomever consensus picks. The stop goes on beside the transfer and never holds it up. Pure: policy carries
// the tasks out, one in flight per lane, and brings back the answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/control/action.hpp"
#include "core/control/describe.hpp"

namespace conductor::control {

struct HandOverOrder {
    Cause cause{Cause::unhealthy};
    bool stop{false};  ///< the node may produce: stop it
    /// Nobody but these, in this order. Empty: the strategy ranks, consensus chooses when all it named have
    /// failed.
    std::vector<ServerId> targets;
    bool side_by_side{true};           ///< false: the transfer waits for the stop's answer, as in Go
    std::vector<FailedTarget> failed;  ///< for the strategy
};

/// What the policy must do next for this attempt; any of them may be absent.
struct HandOverStep {
    std::optional<Task> node;
    std::optional<Task> group;
    std::vector<Line> lines;
    std::vector<Count> counts;
    std::vector<ServerId> failed;  ///< targets that a transfer has just failed to
};

class HandOverRun {
public:
    HandOverRun(Instant now, HandOverOrder order, Duration stop_soft_timeout);

    [[nodiscard]] HandOverStep begin(const ServerId& self);
    [[nodiscard]] HandOverStep node_answered(const ServerId& self, bool stopped, const std::string& error);
    [[nodiscard]] HandOverStep group_answered(const ServerId& self, const Answer& answer);
    /// The soft time-out of the stop, or nothing.
    [[nodiscard]] HandOverStep tick(Instant now, const ServerId& self);
    /// Leadership is gone: the transfer, if it had begun, has worked, and will not begin if it had not.
    void lost_lead();

    [[nodiscard]] std::optional<Instant> next_deadline() const;
    [[nodiscard]] bool stop_ended() const { return stop_ != Part::running; }
    [[nodiscard]] bool stop_failed() const { return stop_ == Part::failed; }
    [[nodiscard]] bool transfer_ended() const { return transfer_ == Part::done || transfer_ == Part::failed; }
    [[nodiscard]] bool transferred() const { return transfer_ == Part::done; }
    [[nodiscard]] bool transfer_begun() const { return transfer_ != Part::none; }
    [[nodiscard]] bool ended() const { return stop_ended() && transfer_ended(); }
    [[nodiscard]] const HandOverOrder& order() const { return order_; }
    /// Both errors, joined as Go joins them; empty: none.
    [[nodiscard]] std::string error() const;
    [[nodiscard]] std::string fingerprint(Instant now) const;

private:
    enum class Part : std::uint8_t { none, running, done, failed };
    [[nodiscard]] HandOverStep begin_transfer(const ServerId& self);
    void try_next(const ServerId& self, HandOverStep& step);
    void target_failed(HandOverStep& step, const std::string& why);
    [[nodiscard]] Line attempt_line(const ServerId& self) const;

    HandOverOrder order_;
    Part stop_{Part::none};
    Part transfer_{Part::none};
    Instant soft_until_{};
    bool ranked_{false};
    bool fallback_{false};
    std::size_t at_{0};
    std::optional<RoundRobin> round_robin_;
    std::string stop_error_;
    std::string transfer_error_;
};

}  // namespace conductor::control
