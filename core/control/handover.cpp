#include "core/control/handover.hpp"

#include <utility>

#include "core/base/check.hpp"

namespace conductor::control {

HandOverRun::HandOverRun(Instant now, HandOverOrder order, Duration stop_soft_timeout)
    : order_{std::move(order)}, soft_until_{now + stop_soft_timeout} {
    ranked_ = !order_.targets.empty();
}

HandOverStep HandOverRun::begin(const ServerId& self) {
    if (!order_.stop) return begin_transfer(self);
    stop_ = Part::running;
    HandOverStep step;
    step.node = StopSequencer{};
    return step;
}

HandOverStep HandOverRun::node_answered(const ServerId& self, bool stopped, const std::string& error) {
    CONDUCTOR_CHECK(stop_ == Part::running);
    stop_ = stopped ? Part::done : Part::failed;
    stop_error_ = error;
    // 5.3: the transfer follows whatever became of the stop.
    return transfer_ == Part::none ? begin_transfer(self) : HandOverStep{};
}

HandOverStep HandOverRun::tick(Instant now, const ServerId& self) {
    const auto due = next_deadline();
    return due && now >= *due ? begin_transfer(self) : HandOverStep{};
}

std::optional<Instant> HandOverRun::next_deadline() const {
    if (stop_ != Part::running || transfer_ != Part::none || !order_.side_by_side) return std::nullopt;
    return soft_until_;
}

void HandOverRun::lost_lead() {
    if (!transfer_ended()) transfer_ = Part::done;
}

HandOverStep HandOverRun::begin_transfer(const ServerId& self) {
    HandOverStep step;
    transfer_ = Part::running;
    step.lines.push_back({Level::info, "transferring leadership", "lead_transfer", {{"server", self.text()}}});
    if (ranked_)
        try_next(self, step);
    else
        step.group = RankTargets{order_.cause, order_.failed};
    return step;
}

void HandOverRun::try_next(const ServerId& self, HandOverStep& step) {
    if (at_ < order_.targets.size()) {
        step.lines.push_back(attempt_line(self));
        step.group = TransferLead{order_.targets[at_]};
        return;
    }
    fallback_ = true;
    step.group = TransferLead{};
}

Line HandOverRun::attempt_line(const ServerId& self) const {
    const auto& target = order_.targets[at_];
    if (!round_robin_)
        return {Level::info, "transferring leadership to target", "", {{"target", target.text()}}};
    return {Level::info,
            "round-robin transferring leadership",
            "",
            {{"from", self.text()},
             {"to", target.text()},
             {"targetAddr", at_ < round_robin_->addresses.size() ? round_robin_->addresses[at_] : ""},
             {"attempt", at_ + 1},
             {"totalVoters", round_robin_->voters}}};
}

void HandOverRun::target_failed(HandOverStep& step, const std::string& why) {
    const auto& target = order_.targets[at_];
    step.failed.push_back(target);
    Line line{Level::warn,
              "failed to transfer leadership to target, trying next",
              "",
              {{"target", target.text()}, {"err", why}}};
    if (round_robin_) {
        line.message = "failed to transfer leadership to voter, trying next";
        line.facts.push_back({"attempt", at_ + 1});
    }
    step.lines.push_back(std::move(line));
    ++at_;
}

HandOverStep HandOverRun::group_answered(const ServerId& self, const Answer& answer) {
    CONDUCTOR_CHECK(transfer_ == Part::running);
    HandOverStep step;
    const auto* failed = std::get_if<Failed>(&answer);

    if (!ranked_) {
        ranked_ = true;
        if (const auto* ranked = std::get_if<Ranked>(&answer)) {
            order_.targets = ranked->targets;
            round_robin_ = ranked->round_robin;
        }
        if (failed)
            step.lines.push_back(
                {Level::warn,
                 "failed to select leadership transfer targets, falling back to default selection",
                 "",
                 {{"err", failed->text}}});
        try_next(self, step);
        return step;
    }

    // Not the leader any more, or being so already, is what was wanted (5.6.2, 5.7.2).
    if (!failed || failed->kind == FailureKind::not_leader ||
        failed->kind == FailureKind::transfer_in_progress) {
        transfer_ = Part::done;
        step.counts.push_back({.counter = Counter::transfers, .success = true, .triple = {}});
        return step;
    }

    transfer_error_ = failed->text;
    if (!fallback_) {
        target_failed(step, failed->text);
        if (at_ < order_.targets.size()) {
            try_next(self, step);
            return step;
        }
        // Targets that a rule demands are not replaced by consensus' choice: it might know no better one.
        const bool by_strategy = order_.cause != Cause::policy;
        if (by_strategy) {
            step.lines.push_back(
                {Level::warn,
                 round_robin_
                     ? "round-robin transfer failed for all voters, falling back to default leader transfer"
                     : "all strategy targets failed, falling back to default leader transfer",
                 "",
                 {}});
            try_next(self, step);
            return step;
        }
    }
    transfer_ = Part::failed;
    step.counts.push_back({.counter = Counter::transfers, .success = false, .triple = {}});
    step.lines.push_back(
        {Level::error, "failed to transfer leadership", "lead_transfer_failed", {{"err", transfer_error_}}});
    return step;
}

std::string HandOverRun::error() const {
    std::string text = stop_ == Part::failed ? stop_error_ : std::string{};
    if (transfer_ == Part::failed) text += (text.empty() ? "" : "\n") + transfer_error_;
    return text;
}

std::string HandOverRun::fingerprint(Instant now) const {
    std::string text = "H" + std::to_string(static_cast<int>(stop_)) +
                       std::to_string(static_cast<int>(transfer_)) +
                       std::to_string(static_cast<int>(order_.cause)) + (order_.stop ? "s" : "") +
                       (ranked_ ? "r" : "") + (fallback_ ? "f" : "") + std::to_string(at_);
    for (const auto& target : order_.targets) text += "," + target.text();
    if (next_deadline()) text += std::to_string((soft_until_ - now).count());
    return text;
}

}  // namespace conductor::control
