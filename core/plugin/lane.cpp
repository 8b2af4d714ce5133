#include "core/plugin/lane.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <utility>
#include <vector>

#include "core/plugin/process_guard.hpp"

namespace conductor::plugin {

CallFrame::CallFrame(std::chrono::nanoseconds limit)
    : conductor_call{}, deadline_{std::chrono::steady_clock::now() + limit} {
    size = sizeof(conductor_call);
    cancel_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);  // -1 is what the contract says for "none"
    deadline_ns = static_cast<std::uint64_t>(deadline_.time_since_epoch().count());
    cancelled = &CallFrame::is_cancelled;
    error = error_text_.sink();
}

CallFrame::~CallFrame() {
    if (cancel_fd >= 0) ::close(cancel_fd);
}

void CallFrame::cancel() noexcept {
    if (cancelled_.exchange(true)) return;
    if (cancel_fd >= 0) ::eventfd_write(cancel_fd, 1);
}

std::int32_t CallFrame::is_cancelled(const conductor_call* call) {
    const auto& frame = *static_cast<const CallFrame*>(call);
    return frame.cancelled_ || std::chrono::steady_clock::now() >= frame.deadline_ ? 1 : 0;
}

const char* to_text(Fate fate) noexcept {
    switch (fate) {
        case Fate::finished:
            return "finished";
        case Fate::late:
            return "no answer in time";
        case Fate::busy:
            return "its last call still runs";
        case Fate::out_of_service:
            return "out of service until a restart: too many of its calls did not come back";
        case Fate::stopped:
            return "stopped";
    }
    return "";
}

// Outlives the lane for as long as a stuck worker needs it.
struct LaneState {
    LaneState(Post to_core, CrashLabel crash_label, LaneLimits bounds)
        : post{std::move(to_core)}, label{std::move(crash_label)}, limits{bounds} {}

    const Post post;
    const CrashLabel label;
    const LaneLimits limits;

    std::mutex mutex;
    std::condition_variable changed;
    std::shared_ptr<Job> pending;
    std::shared_ptr<Job> running;
    std::vector<std::function<void()>> waiters;  ///< for the end of the call in flight
    Watch::Time alarm_at{Watch::never};
    bool closing{false};
    bool finishing{false};
    bool out{false};
    unsigned abandoned_in_row{0};
    std::uint64_t abandoned{0};

    bool settle(const std::shared_ptr<Job>& job, Fate fate) const {
        if (job->settled_.exchange(true)) return false;
        post([job, fate] { job->deliver(fate); });
        return true;
    }

    // Under the lock. The alarm that will ring next, if it is not early enough for `when`: then that one is to
    // be set.
    bool needs_alarm(Watch::Time when) {
        if (alarm_at <= when) return false;
        alarm_at = when;
        return true;
    }
    // One alarm for all calls of the lane: mostly it finds that the call it was set for has ended long ago.
    Watch::Time ring(Watch::Time mine) {
        const std::scoped_lock lock{mutex};
        if (mine != alarm_at) return Watch::never;  // an earlier one has been set since
        alarm_at = Watch::never;
        for (const auto& job : {running, pending})
            if (job) alarm_at = std::min(alarm_at, look_at(job));
        return alarm_at;
    }
    // When to look again. At the deadline the result is given up, before the plugin hears of it: what it says
    // then is no answer. Whether it broke its contract shows a little later.
    Watch::Time look_at(const std::shared_ptr<Job>& job) {
        const auto now = std::chrono::steady_clock::now();
        const auto deadline = job->frame.deadline();
        if (now < deadline) return deadline;
        (void)settle(job, Fate::late);
        job->frame.cancel();
        if (now < deadline + limits.grace) return deadline + limits.grace;
        if (!std::exchange(job->abandoned_, true)) {
            ++abandoned;
            if (++abandoned_in_row >= limits.abandoned_in_row) out = true;
        }
        if (now < deadline + limits.stuck) return deadline + limits.stuck;
        out = true;
        return Watch::never;
    }

    static void work(const std::shared_ptr<LaneState>& state) {
        use_alternate_stack();
        auto& mine = *state;
        std::unique_lock lock{mine.mutex};
        while (true) {
            mine.changed.wait(lock, [&] { return mine.pending || mine.closing; });
            if (!mine.pending) return;
            mine.running = std::move(mine.pending);
            mine.pending = nullptr;
            const auto job = mine.running;
            lock.unlock();
            // Given up before it began, on a starved machine: nobody would hear of what it does.
            const bool wanted = !job->settled_;
            const CrashScope scope{mine.label, job->what};
            if (wanted) {
                job->run();
                look_after_descriptors(mine.label, job->what);
            }
            lock.lock();
            mine.running = nullptr;
            if (!mine.pending)
                for (auto& free : std::exchange(mine.waiters, {})) mine.post(std::move(free));
            // Before the answer leaves: whoever hears it finds the lane free.
            if (mine.settle(job, Fate::finished)) mine.abandoned_in_row = 0;
            mine.changed.notify_all();
            lock.unlock();
            if (wanted) look_after_handlers(mine.label, job->what);  // the answer need not wait for that
            lock.lock();
        }
    }
};

namespace {

// Signals are the main thread's business; faults of this thread still reach it.
std::thread start_worker(const std::shared_ptr<LaneState>& state) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigdelset(&all, fault);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread{[state] { LaneState::work(state); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

Lane::Lane(std::shared_ptr<Watch> watch, Post post, CrashLabel label, LaneLimits limits)
    : watch_{std::move(watch)},
      state_{std::make_shared<LaneState>(std::move(post), std::move(label), limits)},
      worker_{start_worker(state_)} {}

Lane::~Lane() {
    std::unique_lock lock{state_->mutex};
    state_->closing = true;
    for (const auto& job : {state_->pending, state_->running}) {
        if (!job) continue;
        job->frame.cancel();
        (void)state_->settle(job, Fate::stopped);
    }
    state_->pending = nullptr;
    state_->changed.notify_all();
    const bool idle = state_->changed.wait_for(lock, state_->limits.grace, [this] { return !state_->running; });
    lock.unlock();
    if (idle) {
        worker_.join();
    } else {
        worker_.detach();
    }
}

void Lane::submit(std::shared_ptr<Job> job) {
    const auto deadline = job->frame.deadline();
    bool alarm = false;
    {
        const std::scoped_lock lock{state_->mutex};
        if (state_->finishing) return (void)state_->settle(job, Fate::stopped);
        if (state_->out || state_->running || state_->pending) {
            (void)state_->settle(job, state_->out ? Fate::out_of_service : Fate::busy);
            return;
        }
        state_->pending = std::move(job);
        alarm = state_->needs_alarm(deadline);
    }
    state_->changed.notify_all();
    if (alarm) wake_at(deadline);
}

void Lane::finish(std::shared_ptr<Job> job) {
    const auto deadline = job->frame.deadline();
    bool alarm = false;
    {
        const std::scoped_lock lock{state_->mutex};
        if (std::exchange(state_->finishing, true)) return (void)state_->settle(job, Fate::stopped);
        if (state_->running) state_->running->frame.cancel();
        if (state_->pending) (void)state_->settle(state_->pending, Fate::stopped);
        state_->pending = std::move(job);
        alarm = state_->needs_alarm(deadline);
    }
    state_->changed.notify_all();
    if (alarm) wake_at(deadline);
}

void Lane::when_free(std::function<void()> free) {
    const std::scoped_lock lock{state_->mutex};
    if (!state_->running && !state_->pending) return state_->post(std::move(free));
    state_->waiters.push_back(std::move(free));
}

void Lane::wake_at(Watch::Time when) {
    watch_->at(when, [state = std::weak_ptr{state_}, mine = when]() mutable {
        const auto alive = state.lock();
        if (alive) mine = alive->ring(mine);
        return alive ? mine : Watch::never;
    });
}

void Lane::cancel() {
    const std::scoped_lock lock{state_->mutex};
    if (state_->running) state_->running->frame.cancel();
    if (state_->pending) state_->pending->frame.cancel();
}

bool Lane::busy() const {
    const std::scoped_lock lock{state_->mutex};
    return state_->running || state_->pending;
}

bool Lane::out_of_service() const {
    const std::scoped_lock lock{state_->mutex};
    return state_->out;
}

std::uint64_t Lane::abandoned() const {
    const std::scoped_lock lock{state_->mutex};
    return state_->abandoned;
}

}  // namespace conductor::plugin
