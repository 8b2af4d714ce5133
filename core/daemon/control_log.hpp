// What the control loop says, as log lines (conductor.md 7.5); what it counts goes on to whoever keeps figures.
// Core thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/control/surroundings.hpp"

namespace conductor::daemon {

/// Who keeps the figures of the control loop.
struct ControlFigures {
    std::function<void(const control::Count&)> count = [](const auto&) {};
    std::function<void(const control::Verdict&)> round_ended = [](const auto&) {};
    std::function<void(std::size_t, Duration, const control::Finding&)> check_ended = [](std::size_t, Duration,
                                                                                         const auto&) {};
    std::function<void(Duration)> turned = [](Duration) {};
};

class ControlLog final : public control::Observer {
public:
    /// `compat`: `log.compat`, a line for every good round as in Go, not only for the first.
    /// `checks` in the order of their plans: those that speak for themselves, as the bundled ones do, are
    /// unnamed. What another one holds against the sequencer is said here, with its name and reason.
    explicit ControlLog(bool compat, ControlFigures figures = {}, const std::vector<std::string>& checks = {});

    void say(const control::Line& line) override;
    void count(const control::Count& count) override { figures_.count(count); }
    void round_ended(const control::Verdict& verdict) override;
    void check_ended(std::size_t check, Duration took, const control::Finding& found) override;
    void turned(Duration took) override { figures_.turned(took); }

private:
    bool compat_;
    ControlFigures figures_;
    struct Foreign {
        std::string name;
        control::RepeatFilter repeats;
    };
    std::vector<Foreign> checks_;
    bool was_healthy_{false};
};

}  // namespace conductor::daemon
