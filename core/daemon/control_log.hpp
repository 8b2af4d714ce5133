// What the control loop says, as log lines (conductor.md 7.5); what it counts goes on to whoever keeps figures.
// Core thread.
#pragma once

#include <functional>

#include "core/control/surroundings.hpp"

namespace conductor::daemon {

/// Who keeps the figures of the control loop.
struct ControlFigures {
    std::function<void(const control::Count&)> count = [](const auto&) {};
    std::function<void(const control::Verdict&)> round_ended = [](const auto&) {};
};

class ControlLog final : public control::Observer {
public:
    /// `compat`: `log.compat`, a line for every good round as in Go, not only for the first.
    explicit ControlLog(bool compat, ControlFigures figures = {})
        : compat_{compat}, figures_{std::move(figures)} {}

    void say(const control::Line& line) override;
    void count(const control::Count& count) override { figures_.count(count); }
    void round_ended(const control::Verdict& verdict) override;

private:
    bool compat_;
    ControlFigures figures_;
    bool was_healthy_{false};
};

}  // namespace conductor::daemon
