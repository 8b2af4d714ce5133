// Whether this node takes control actions, and what it says of its sequencer. Any thread; written by core.
#pragma once

#include <atomic>

#include "core/control/ports.hpp"

namespace conductor::daemon {

class Posture final : public control::ControlView {
public:
    explicit Posture(bool paused) : paused_{paused} {}
    void pause() { paused_.store(true); }
    void stop() { stopped_.store(true); }

    [[nodiscard]] bool paused() const override { return paused_.load(); }
    [[nodiscard]] bool stopped() const override { return stopped_.load(); }
    [[nodiscard]] bool sequencer_healthy() const override { return true; }  // as Go before the first check
    [[nodiscard]] bool leader_overridden() const override { return false; }

private:
    std::atomic<bool> paused_;
    std::atomic<bool> stopped_{false};
};

}  // namespace conductor::daemon
