// The core thread as the control loop sees it: an io_context that one thread runs, and one timer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/control/surroundings.hpp"

namespace conductor::daemon {

class AsioLoop final : public control::CoreLoop {
public:
    explicit AsioLoop(boost::asio::io_context& core) : core_{core}, alarm_{core} {}

    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::chrono::nanoseconds wall() const override;
    void post(std::function<void()> work) override;
    void wake_at(Instant when, std::function<void()> work) override;
    void cancel_alarm() override;

private:
    boost::asio::io_context& core_;
    boost::asio::steady_timer alarm_;
};

}  // namespace conductor::daemon
