// What an operator has ordered and a restart must not forget: the override (conductor.md 3.4.8), and a pause
// where `paused.persist` says so. Each is a small file beside the log, written on a thread of its own: an order
// is in force at once, and acknowledged when its mark is on disk too, or when the disk has had its time. Orders
// are carried out even if they cannot be kept: an override is for bad days, and a pause waits for no disk
// (P-30). An override that stands is called to mind once a minute, and clears itself where it was given a time
// to live, restarts included (P-43).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/control/ports.hpp"
#include "core/daemon/order_mark.hpp"
#include "core/storage/file.hpp"

namespace conductor::daemon {

struct Orders {
    std::optional<OrderMark> overridden;
    std::optional<OrderMark> paused;
};
/// What stood when the process ended last; nothing where there is no such directory.
[[nodiscard]] Orders read_orders(storage::FileSystem& files, const std::string& directory);

enum class KeepPause : std::uint8_t { no, yes };

/// Called on any thread, waits for nothing; `done` comes on core.
class StandingOrders final : public control::ControlOperator {
public:
    /// How long an acknowledgement waits for the disk: of a pause and a resume, and of the override.
    static constexpr std::chrono::milliseconds pause_patience{40};
    static constexpr std::chrono::milliseconds override_patience{1000};

    /// `core`, `next` and `files` outlive this object. `directory` is the member's own. Every `reminder` a line
    /// says that an override stands.
    StandingOrders(boost::asio::io_context& core, control::ControlOperator& next, storage::FileSystem& files,
                   std::string directory, KeepPause keep_pause,
                   std::chrono::milliseconds reminder = std::chrono::minutes{1});
    /// Waits for the disk as long as for an override; a thread that hangs in it is left behind. On core.
    ~StandingOrders() override;
    StandingOrders(const StandingOrders&) = delete;
    StandingOrders& operator=(const StandingOrders&) = delete;

    /// What stood when the process ended last holds again, for the rest of its time.
    void take_up(const Orders& before);

    void pause(std::string by, control::OperatorDone done) override;
    void resume(control::OperatorDone done) override;
    void override_leader(control::LeaderOverride order, control::OperatorDone done) override;
    void waive_peer_check(control::OperatorDone done) override { next_.waive_peer_check(std::move(done)); }
    void stop(control::OperatorDone done) override { next_.stop(std::move(done)); }

private:
    class Marks;
    struct Waiting;
    /// Two things to wait for: the order, whose answer counts, and its mark, for `patience`.
    [[nodiscard]] std::shared_ptr<Waiting> wait(control::OperatorDone done, const char* order,
                                                std::chrono::milliseconds patience);
    void resumed(const std::string& error, std::uint64_t pauses, const std::shared_ptr<Waiting>& waiting);

    struct Standing {
        OrderMark mark;
        std::optional<Instant> ends;
        Instant remind{};
    };
    // Under the mutex, but for look().
    void give(control::LeaderOverride order, OrderMark mark, control::OperatorDone done);
    void stand(std::optional<OrderMark> mark);
    void look();
    void call_to_mind(Instant at) const;
    void run_out();

    boost::asio::io_context& core_;
    control::ControlOperator& next_;
    const KeepPause keep_pause_;
    const std::chrono::milliseconds reminder_;
    std::shared_ptr<boost::asio::steady_timer> timer_;  // touched on core; gone with this object
    std::shared_ptr<Marks> marks_;
    std::mutex mutex_;  // two operators at once must leave the files as one of them says
    std::uint64_t pauses_{0};
    std::optional<Standing> standing_;  ///< the override that holds
};

}  // namespace conductor::daemon
