// Owns every coroutine that a part of the house starts: nothing runs detached, and whoever stops the group
// knows when the last one has ended. Any thread; each task runs on its own executor (one thread or a strand)
// and is cancelled there.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

namespace conductor {

class TaskGroup {
public:
    TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    /// stop() must have ended, or every task by itself: a task that outlives its group is our bug.
    ~TaskGroup();

    /// Starts `task` on `executor`; false, and the task never runs, once stop() was called. A task may end by
    /// the exception of its cancellation; any other exception that leaves it ends the process.
    bool spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> task);

    /// Tasks that have not ended.
    [[nodiscard]] std::size_t size() const;

    /// Cancels every task and waits for the last, even if the caller is cancelled meanwhile. May be called more
    /// than once. Bounded by the tasks, which must obey their cancellation.
    ///   before  a caller that was already cancelled has said `co_await this_coro::throw_if_cancelled(false)`,
    ///           or its `co_await` throws before stop() is even entered
    boost::asio::awaitable<void> stop();

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with completions, which may run after the group is gone
};

}  // namespace conductor
