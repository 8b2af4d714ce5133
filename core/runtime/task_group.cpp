#include "core/runtime/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <exception>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "core/base/check.hpp"

namespace conductor {

namespace asio = boost::asio;

namespace {

using Channel = asio::experimental::concurrent_channel<void(boost::system::error_code)>;

struct Task {
    asio::any_io_executor executor;
    asio::cancellation_signal signal;
};

// Cancellation is how tasks end; whatever else leaves one is a mistake of ours that nobody would ever see.
void fall_unless_cancelled(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return;
        std::fprintf(stderr, "a task ended by an exception: %s\n", error.what());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "a task ended by an exception: %s\n", error.what());
    }
    CONDUCTOR_CHECK(false && "a task ended by an exception");
}

}  // namespace

// Tasks live on many strands; this registry is all they share, hence the mutex.
struct TaskGroup::State {
    std::mutex mutex;
    bool stopping{false};
    std::unordered_set<std::shared_ptr<Task>> tasks;
    std::vector<std::shared_ptr<Channel>> waiters;

    void ended(const std::shared_ptr<Task>& task) {
        std::vector<std::shared_ptr<Channel>> wake;
        {
            const std::lock_guard lock{mutex};
            tasks.erase(task);
            if (tasks.empty()) wake.swap(waiters);
        }
        for (const auto& waiter : wake) waiter->try_send(boost::system::error_code{});
    }
};

TaskGroup::TaskGroup() : state_{std::make_shared<State>()} {}

TaskGroup::~TaskGroup() {
    CONDUCTOR_CHECK(size() == 0);
}

std::size_t TaskGroup::size() const {
    const std::lock_guard lock{state_->mutex};
    return state_->tasks.size();
}

bool TaskGroup::spawn(const asio::any_io_executor& executor, asio::awaitable<void> coroutine) {
    auto task = std::make_shared<Task>();
    task->executor = executor;
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->stopping) return false;
        state_->tasks.insert(task);
    }
    auto ended = [state = state_, task](const std::exception_ptr& failure) {
        fall_unless_cancelled(failure);
        state->ended(task);
    };
    asio::co_spawn(executor, std::move(coroutine),
                   asio::bind_cancellation_slot(task->signal.slot(), std::move(ended)));
    return true;
}

asio::awaitable<void> TaskGroup::stop() {
    const auto state = state_;
    // Whoever cleans up must not be thrown out of the cleaning by a cancellation of his own.
    const bool was_throwing = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);

    const auto executor = co_await asio::this_coro::executor;
    auto last_ended = std::make_shared<Channel>(executor, 1);
    std::vector<std::shared_ptr<Task>> tasks;
    {
        const std::lock_guard lock{state->mutex};
        state->stopping = true;
        tasks.assign(state->tasks.begin(), state->tasks.end());
        if (!tasks.empty()) state->waiters.push_back(last_ended);
    }
    for (const auto& task : tasks) {
        auto cancel = [task] { task->signal.emit(asio::cancellation_type::terminal); };
        asio::post(task->executor, std::move(cancel));
    }
    bool waiting = !tasks.empty();
    tasks.clear();
    while (waiting) {
        (void)co_await last_ended->async_receive(asio::as_tuple(asio::use_awaitable));
        const std::lock_guard lock{state->mutex};
        waiting = !state->tasks.empty();
    }
    co_await asio::this_coro::throw_if_cancelled(was_throwing);
}

}  // namespace conductor
