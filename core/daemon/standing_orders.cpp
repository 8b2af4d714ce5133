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

std::string since_now() {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(wall_clock().time_since_epoch());
    return "since_unix_ms " + std::to_string(since.count()) + "\n";
}

// The name appears with its whole content, or not at all.
storage::FileResult<void> write_mark(storage::FileSystem& files, const std::string& directory,
                                     const std::string& name) {
    const auto path = directory + "/" + name;
    const auto draft = path + ".new";
    const auto text = since_now();
    if (auto made = files.make_directory(directory); !made) return made;
    auto file = files.open(draft, storage::OpenMode::create_new);
    if (!file) return file.error();
    if (auto written = storage::write_all(**file, 0, as_octets(text)); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto renamed = files.rename(draft, path); !renamed) return renamed;
    return files.sync_directory(directory);
}

}  // namespace

Orders read_orders(storage::FileSystem& files, const std::string& directory) {
    const auto names = files.list(directory);
    if (!names) return {};
    const auto has = [&](const std::string& name) { return std::ranges::find(*names, name) != names->end(); };
    return {has(override_name), has(pause_name)};
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
    void change(const char* name, bool stands, std::function<void()> done) {
        {
            const std::lock_guard lock{mutex_};
            auto change = std::ranges::find_if(
                queue_, [&](const Change& queued) { return std::string_view{queued.name} == name; });
            if (change == queue_.end()) change = queue_.insert(queue_.end(), Change{name, stands, {}});
            change->stands = stands;
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
        bool stands;
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
            change.stands ? keep(change.name) : forget(change.name);
            lock.lock();
            if (left_behind_) return;
            for (const auto& done : change.done) done();
        }
        ended_ = true;
        changed_.notify_all();
    }

    void keep(const std::string& name) {
        const auto written = write_mark(files_, directory_, name);
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
                               storage::FileSystem& files, std::string directory, KeepPause keep_pause)
    : core_{core},
      next_{next},
      keep_pause_{keep_pause},
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

void StandingOrders::pause(control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    ++pauses_;
    if (keep_pause_ == KeepPause::no) return next_.pause(std::move(done));
    const auto waiting = wait(std::move(done), "paused", pause_patience);
    const auto marked = [&core = core_, waiting] { boost::asio::post(core, [waiting] { waiting->marked(); }); };
    marks_->change(pause_name, true, marked);
    next_.pause([waiting](const std::string& error) { waiting->answered(error); });
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
    marks_->change(pause_name, false,
                   [&core = core_, kept] { boost::asio::post(core, [kept] { kept->marked(); }); });
}

void StandingOrders::override_leader(bool on, control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    const auto waiting = wait(std::move(done), "override", override_patience);
    const auto marked = [&core = core_, waiting] { boost::asio::post(core, [waiting] { waiting->marked(); }); };
    marks_->change(override_name, on, marked);
    next_.override_leader(on, [waiting](const std::string& error) { waiting->answered(error); });
}

}  // namespace conductor::daemon
