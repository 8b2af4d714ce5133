#include "core/daemon/standing_orders.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>

#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

constexpr const char* override_name{"override"};
constexpr const char* pause_name{"paused"};
/// A mark may say anything; a timer must not overflow.
constexpr std::chrono::hours longest_wait{24 * 366};

OrderMark::Wall wall_now() {
    return std::chrono::floor<std::chrono::milliseconds>(wall_clock());
}

/// Since when, in whole seconds; nothing where the mark does not say, or the clock has been set back.
std::chrono::seconds age_of(const OrderMark& mark) {
    if (!mark.since) return {};
    return std::max(std::chrono::floor<std::chrono::seconds>(wall_now() - *mark.since),
                    std::chrono::seconds{0});
}

/// What is left of its time. A clock that was set back does not prolong it beyond what was asked for.
std::chrono::milliseconds left_of(const OrderMark& mark) {
    if (!mark.until) return std::chrono::milliseconds::max();
    const auto left = *mark.until - wall_now();
    return mark.since ? std::min(left, *mark.until - *mark.since) : left;
}

}  // namespace

Orders read_orders(storage::FileSystem& files, const std::string& directory) {
    return {find_mark(files, directory, override_name), find_mark(files, directory, pause_name)};
}

// ---- the files ---------------------------------------------------------------------------------------------

// Shared with its thread, so that one that hangs in the kernel can be left behind alive.
class StandingOrders::Marks : public std::enable_shared_from_this<Marks> {
public:
    Marks(storage::FileSystem& files, std::string directory)
        : files_{files}, directory_{std::move(directory)} {}

    void start() {
        thread_ = std::thread{[self = shared_from_this()] { self->work(); }};
    }
    /// `done` runs on that thread when this order, or a later one of that name, is on disk: only the newest of
    /// each name waits for a disk that hangs. It is let go when too many wait, or the thread is left behind.
    void change(const char* name, std::optional<OrderMark> mark, std::function<void()> done) {
        {
            const std::lock_guard lock{mutex_};
            auto change = std::ranges::find_if(
                queue_, [&](const Change& queued) { return std::string_view{queued.name} == name; });
            if (change == queue_.end()) change = queue_.insert(queue_.end(), Change{name, {}, {}});
            change->mark = std::move(mark);
            if (change->done.size() == most_waiting) change->done.pop_front();
            change->done.push_back(std::move(done));
        }
        changed_.notify_all();
    }
    void stop(std::chrono::milliseconds limit) {
        std::unique_lock lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
        left_behind_ = !changed_.wait_for(lock, limit, [&] { return ended_; });
        lock.unlock();
        if (left_behind_) {
            thread_.detach();  // tidy: the process is about to end
        } else {
            thread_.join();
        }
    }

private:
    /// Beyond these, patience answers: none of them waits longer than that.
    static constexpr std::size_t most_waiting{64};

    struct Change {
        const char* name;
        std::optional<OrderMark> mark;
        std::deque<std::function<void()>> done;
    };

    void work() {
        std::unique_lock lock{mutex_};
        while (true) {
            changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) break;
            const auto change = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            change.mark ? keep(change.name, *change.mark) : forget(change.name);
            lock.lock();
            if (left_behind_) return;
            for (const auto& done : change.done) done();
        }
        ended_ = true;
        changed_.notify_all();
    }

    void keep(const std::string& name, const OrderMark& mark) {
        const auto written = write_mark(files_, directory_, name, mark);
        if (written) return;
        logging::error(
            "order of an operator will not outlive a restart",
            {{"order", name}, {"err", storage::to_string(written.error())}, {"event", "order_not_kept"}});
    }

    void forget(const std::string& name) {
        auto gone = files_.unlink(directory_ + "/" + name);
        if (!gone && gone.error().code == ENOENT) return;
        if (gone) gone = files_.sync_directory(directory_);
        if (gone) return;
        logging::error(
            "order of an operator will come back with a restart",
            {{"order", name}, {"err", storage::to_string(gone.error())}, {"event", "order_not_kept"}});
    }

    storage::FileSystem& files_;
    const std::string directory_;
    std::thread thread_;
    std::mutex mutex_;  // guards the members below; held for moments, never across a disk call
    std::condition_variable changed_;
    std::deque<Change> queue_;
    bool stopping_{false};
    bool ended_{false};
    bool left_behind_{false};
};

// ---- who waits for them ------------------------------------------------------------------------------------

/// Touched on core alone.
struct StandingOrders::Waiting {
    Waiting(boost::asio::io_context& core, control::OperatorDone waiter)
        : timer{core}, done{std::move(waiter)} {}

    void answered(const std::string& error) {
        answer = error;
        acknowledge();
    }
    void marked() {
        mark_open = false;
        acknowledge();
    }
    void acknowledge() {
        if (!answer || mark_open || !done) return;
        timer.cancel();
        std::exchange(done, nullptr)(*answer);
    }

    boost::asio::steady_timer timer;
    control::OperatorDone done;
    std::optional<std::string> answer;
    bool mark_open{true};
};

StandingOrders::StandingOrders(boost::asio::io_context& core, control::ControlOperator& next,
                               storage::FileSystem& files, std::string directory, KeepPause keep_pause,
                               std::chrono::milliseconds reminder)
    : core_{core},
      next_{next},
      keep_pause_{keep_pause},
      reminder_{reminder},
      timer_{std::make_shared<boost::asio::steady_timer>(core)},
      marks_{std::make_shared<Marks>(files, std::move(directory))} {
    marks_->start();
}

StandingOrders::~StandingOrders() {
    marks_->stop(override_patience);
}

std::shared_ptr<StandingOrders::Waiting> StandingOrders::wait(control::OperatorDone done, const char* order,
                                                              std::chrono::milliseconds patience) {
    auto waiting = std::make_shared<Waiting>(core_, std::move(done));
    boost::asio::post(core_, [waiting, order, patience] {
        if (!waiting->mark_open) return;
        waiting->timer.expires_after(patience);
        waiting->timer.async_wait([waiting, order](const auto& error) {
            if (error || !waiting->mark_open) return;
            logging::error("the disk hangs, order of an operator is in force and not yet kept",
                           {{"order", order}, {"event", "order_not_kept"}});
            waiting->marked();
        });
    });
    return waiting;
}

void StandingOrders::pause(std::string by, control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    ++pauses_;
    if (keep_pause_ == KeepPause::no) return next_.pause(std::move(by), std::move(done));
    const auto waiting = wait(std::move(done), "paused", pause_patience);
    const auto marked = [&core = core_, waiting] { boost::asio::post(core, [waiting] { waiting->marked(); }); };
    marks_->change(pause_name, OrderMark{wall_now(), std::nullopt, by}, marked);
    next_.pause(std::move(by), [waiting](const std::string& error) { waiting->answered(error); });
}

// The mark goes once control has resumed: a resume that is refused leaves the pause as it was, restarts
// included.
void StandingOrders::resume(control::OperatorDone done) {
    std::unique_lock lock{mutex_};
    const auto pauses = pauses_;
    lock.unlock();  // the answer may come from inside the call
    const auto waiting = std::make_shared<Waiting>(core_, std::move(done));
    next_.resume([this, waiting, pauses](const std::string& error) { resumed(error, pauses, waiting); });
}

void StandingOrders::resumed(const std::string& error, std::uint64_t pauses,
                             const std::shared_ptr<Waiting>& waiting) {
    if (!error.empty()) {
        waiting->mark_open = false;
        return waiting->answered(error);
    }
    const std::lock_guard lock{mutex_};
    // Somebody has paused again meanwhile: that mark stays.
    if (pauses != pauses_) return std::exchange(waiting->done, nullptr)(error);
    const auto kept = wait(std::exchange(waiting->done, nullptr), "resumed", pause_patience);
    kept->answer = error;
    marks_->change(pause_name, std::nullopt,
                   [&core = core_, kept] { boost::asio::post(core, [kept] { kept->marked(); }); });
}

void StandingOrders::override_leader(control::LeaderOverride order, control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    OrderMark mark{wall_now(), std::nullopt, order.by};
    if (order.lasts) mark.until = *mark.since + *order.lasts;
    give(std::move(order), std::move(mark), std::move(done));
}

void StandingOrders::give(control::LeaderOverride order, OrderMark mark, control::OperatorDone done) {
    const auto waiting = wait(std::move(done), "override", override_patience);
    const auto marked = [&core = core_, waiting] { boost::asio::post(core, [waiting] { waiting->marked(); }); };
    marks_->change(override_name, order.on ? std::optional{mark} : std::nullopt, marked);
    stand(order.on ? std::optional{std::move(mark)} : std::nullopt);
    next_.override_leader(std::move(order), [waiting](const std::string& error) { waiting->answered(error); });
}

// ---- an override that stands: it is called to mind, and may run out (P-43) ---------------------------------

void StandingOrders::stand(std::optional<OrderMark> mark) {
    standing_.reset();
    if (mark) {
        const auto left = left_of(*mark);
        const auto began = now();
        standing_ = Standing{std::move(*mark), {}, began + reminder_};
        if (standing_->mark.until)
            standing_->ends = began + std::min<std::chrono::milliseconds>(left, longest_wait);
    }
    boost::asio::post(core_, [this, alive = std::weak_ptr{timer_}] {
        if (alive.lock()) look();
    });
}

void StandingOrders::look() {
    const std::lock_guard lock{mutex_};
    timer_->cancel();
    if (!standing_) return;
    const auto at = now();
    if (standing_->ends && *standing_->ends <= at) return run_out();
    if (standing_->remind <= at) {
        call_to_mind(at);
        standing_->remind = at + reminder_;
    }
    const auto next = standing_->ends ? std::min(*standing_->ends, standing_->remind) : standing_->remind;
    timer_->expires_after(next - at);
    timer_->async_wait([this, alive = std::weak_ptr{timer_}](const auto& error) {
        if (!error && alive.lock()) look();
    });
}

void StandingOrders::call_to_mind(Instant at) const {
    constexpr const char* message{"leadership is still overridden by an operator"};
    const auto& mark = standing_->mark;
    const logging::Field age{"for", age_of(mark)};
    if (standing_->ends) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(*standing_->ends - at);
        logging::warn(message, {age, {"by", mark.by}, {"ends_in", left}, {"event", "override_stands"}});
    } else {
        logging::warn(message, {age, {"by", mark.by}, {"event", "override_stands"}});
    }
}

void StandingOrders::run_out() {
    logging::warn(
        "override of leadership has run out",
        {{"for", age_of(standing_->mark)}, {"by", standing_->mark.by}, {"event", "override_ran_out"}});
    give({}, {}, [](const std::string&) {});
}

void StandingOrders::take_up(const Orders& before) {
    const std::lock_guard lock{mutex_};
    if (before.paused && keep_pause_ == KeepPause::yes) {
        logging::warn("still paused by an operator, from before the restart",
                      {{"for", age_of(*before.paused)}, {"by", before.paused->by}, {"event", "pause_stands"}});
        next_.pause(before.paused->by, [](const std::string&) {});
    }
    if (!before.overridden) return;
    // Run out while nobody was here: the mark goes, and nobody is told of an override that he never saw.
    const auto left = left_of(*before.overridden);
    if (left <= std::chrono::milliseconds{0}) {
        standing_ = Standing{*before.overridden, {}, {}};
        return run_out();
    }
    stand(before.overridden);
    call_to_mind(now());
    control::LeaderOverride order{true, std::nullopt, before.overridden->by};
    if (before.overridden->until) order.lasts = std::chrono::ceil<std::chrono::seconds>(left);
    next_.override_leader(std::move(order), [](const std::string&) {});
}

}  // namespace conductor::daemon
