// One sequencer's node as the driver plugin sees it, and the core thread that its answers come back on.
#pragma once

#include <poll.h>

#include <atomic>

#include "core/control/surroundings.hpp"
#include "core/runtime/clock.hpp"
#include "tests/unit/plugins/recorded.hpp"

namespace conductor::daemon::test {

using namespace std::chrono_literals;
using plugin::test::Nodes;
using plugin::test::recorded;
using plugin::test::World;

/// The core thread of the plugin tests, as the control loop wants it. Ports set no alarm.
class WorldLoop final : public control::CoreLoop {
public:
    explicit WorldLoop(World& world) : post_{world.core.post()} {}
    Instant now() const override { return conductor::now(); }
    std::chrono::nanoseconds wall() const override { return wall_clock().time_since_epoch(); }
    void post(std::function<void()> work) override { post_(std::move(work)); }
    void wake_at(Instant, std::function<void()>) override { FAIL("a port set an alarm"); }
    void cancel_alarm() override {}

private:
    plugin::Post post_;
};

/// The answer to one call.
class Told {
public:
    [[nodiscard]] std::function<void(control::Answer)> done() const {
        return [answers = answers_](control::Answer answer) { answers->push_back(std::move(answer)); };
    }
    [[nodiscard]] std::size_t count() const { return answers_->size(); }
    [[nodiscard]] bool arrived() const { return count() == 1; }
    template <class T>
    [[nodiscard]] T as() const {
        REQUIRE(arrived());
        const auto* failed = std::get_if<control::Failed>(&answers_->front());
        INFO("failed: " << (failed != nullptr ? failed->text : "no, it is another kind"));
        REQUIRE(std::holds_alternative<T>(answers_->front()));
        return std::get<T>(answers_->front());
    }

private:
    std::shared_ptr<std::vector<control::Answer>> answers_ = std::make_shared<std::vector<control::Answer>>();
};

}  // namespace conductor::daemon::test
