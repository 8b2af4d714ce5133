#include "core/daemon/asio_loop.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/runtime/clock.hpp"

namespace conductor::daemon {

namespace {

// A timer far in the future would overflow the clock's arithmetic; whoever is woken early looks again.
constexpr Duration longest_wait = std::chrono::hours{1};

}  // namespace

Instant AsioLoop::now() const {
    return conductor::now();
}

std::chrono::nanoseconds AsioLoop::wall() const {
    return wall_clock().time_since_epoch();
}

void AsioLoop::post(std::function<void()> work) {
    boost::asio::post(core_, std::move(work));
}

void AsioLoop::wake_at(Instant when, std::function<void()> work) {
    const auto wait = std::clamp(when - now(), Duration::zero(), longest_wait);
    alarm_.expires_after(wait);
    alarm_.async_wait([work = std::move(work)](const auto& error) {
        if (!error) work();
    });
}

void AsioLoop::cancel_alarm() {
    alarm_.cancel();
}

}  // namespace conductor::daemon
