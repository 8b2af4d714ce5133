#include "core/runtime/task_group.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

using namespace conductor;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> sleep_long(std::atomic<int>& ended) {
    asio::steady_timer timer{co_await asio::this_coro::executor, 60s};
    (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    ++ended;
}

// Needs some time to clean up after its cancellation, as a connection that says good-bye.
asio::awaitable<void> slow_to_end(std::atomic<int>& ended) {
    asio::steady_timer timer{co_await asio::this_coro::executor, 60s};
    (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await asio::this_coro::reset_cancellation_state();
    timer.expires_after(20ms);
    (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    ++ended;
}

}  // namespace

TEST_CASE("stop cancels every task and waits for the last", "[runtime][task_group]") {
    asio::io_context context;
    TaskGroup group;
    std::atomic<int> ended{0};
    for (int i = 0; i < 3; ++i) CHECK(group.spawn(context.get_executor(), sleep_long(ended)));
    CHECK(group.spawn(context.get_executor(), slow_to_end(ended)));
    CHECK(group.size() == 4);

    int seen_at_stop = 0;
    auto story = [&]() -> asio::awaitable<void> {
        co_await group.stop();
        seen_at_stop = ended;
    };
    asio::co_spawn(context, story(), [](std::exception_ptr) {});
    context.run();
    CHECK(seen_at_stop == 4);
}

TEST_CASE("a stopped group takes no more tasks, and stops again at once", "[runtime][task_group]") {
    asio::io_context context;
    TaskGroup group;
    std::atomic<int> ended{0};
    auto story = [&]() -> asio::awaitable<void> {
        co_await group.stop();
        co_await group.stop();
        CHECK_FALSE(group.spawn(context.get_executor(), sleep_long(ended)));
    };
    asio::co_spawn(context, story(), [](std::exception_ptr) {});
    context.run();
    CHECK(ended == 0);
}

TEST_CASE("two callers may wait for the same stop", "[runtime][task_group]") {
    asio::io_context context;
    TaskGroup group;
    std::atomic<int> ended{0};
    int stopped = 0;
    group.spawn(context.get_executor(), slow_to_end(ended));
    auto story = [&]() -> asio::awaitable<void> {
        co_await group.stop();
        CHECK(ended == 1);
        ++stopped;
    };
    asio::co_spawn(context, story(), [](std::exception_ptr) {});
    asio::co_spawn(context, story(), [](std::exception_ptr) {});
    context.run();
    CHECK(stopped == 2);
}

TEST_CASE("a task that was cancelled itself still stops its own group to the end", "[runtime][task_group]") {
    asio::io_context context;
    TaskGroup outer;
    TaskGroup inner;
    std::atomic<int> ended{0};
    bool inner_was_empty = false;
    auto owner = [&]() -> asio::awaitable<void> {
        inner.spawn(co_await asio::this_coro::executor, slow_to_end(ended));
        asio::steady_timer timer{co_await asio::this_coro::executor, 60s};
        (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await inner.stop();
        inner_was_empty = inner.size() == 0;
    };
    outer.spawn(context.get_executor(), owner());
    asio::co_spawn(context, outer.stop(), [](std::exception_ptr) {});
    context.run();
    CHECK(inner_was_empty);
    CHECK(ended == 1);
}

TEST_CASE("whoever is cancelled while it waits for a stop waits on", "[runtime][task_group]") {
    asio::io_context context;
    TaskGroup outer;
    TaskGroup inner;
    std::atomic<int> ended{0};
    bool inner_was_empty = false;
    auto owner = [&]() -> asio::awaitable<void> {
        co_await inner.stop();
        inner_was_empty = inner.size() == 0;
    };
    inner.spawn(context.get_executor(), slow_to_end(ended));
    outer.spawn(context.get_executor(), owner());
    asio::co_spawn(context, outer.stop(), [](std::exception_ptr) {});
    context.run();
    CHECK(inner_was_empty);
}

TEST_CASE("tasks on many strands of several threads are all awaited", "[runtime][task_group]") {
    asio::thread_pool pool{3};
    TaskGroup group;
    std::atomic<int> ended{0};
    for (int i = 0; i < 200; ++i) group.spawn(asio::make_strand(pool), sleep_long(ended));
    asio::co_spawn(asio::make_strand(pool), group.stop(), asio::use_future).get();
    CHECK(ended == 200);
    CHECK(group.size() == 0);
    pool.join();
}
