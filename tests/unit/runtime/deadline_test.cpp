#include "core/runtime/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <stdexcept>

#include "core/runtime/task_group.hpp"

using namespace conductor;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

asio::awaitable<int> answer_after(Duration pause, int answer) {
    asio::steady_timer timer{co_await asio::this_coro::executor, pause};
    co_await timer.async_wait(asio::use_awaitable);
    co_return answer;
}

asio::awaitable<void> nothing_after(Duration pause) {
    co_await answer_after(pause, 0);
}

asio::awaitable<int> fail() {
    co_await answer_after(1ms, 0);
    throw std::runtime_error{"broken"};
}

// Ends with a value when it is cancelled, as operations with as_tuple do.
asio::awaitable<int> polite() {
    asio::steady_timer timer{co_await asio::this_coro::executor, 10s};
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return error ? -1 : 1;
}

template <class T>
T run(asio::awaitable<T> story) {
    asio::io_context context;
    std::optional<T> out;
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(story), [&](std::exception_ptr e, T value) {
        failure = e;
        out = std::move(value);
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*out);
}

}  // namespace

TEST_CASE("an operation that ends in time gives its value", "[runtime][deadline]") {
    const auto got = run(within(10s, answer_after(1ms, 7)));
    REQUIRE(got.has_value());
    CHECK(*got == 7);
    CHECK(run(within(10s, nothing_after(1ms))).has_value());
}

TEST_CASE("an operation that is late is cancelled and times out", "[runtime][deadline]") {
    CHECK(run(within(1ms, answer_after(60s, 7))).error() == asio::error::timed_out);
    CHECK(run(within(1ms, nothing_after(60s))).error() == asio::error::timed_out);
    CHECK(run(within(1ms, polite())).error() == asio::error::timed_out);
}

TEST_CASE("a failure of the operation is not mistaken for a timeout", "[runtime][deadline]") {
    CHECK_THROWS_AS(run(within(60s, fail())), std::runtime_error);
}

TEST_CASE("whoever waits with a deadline can be cancelled", "[runtime][deadline]") {
    asio::io_context context;
    TaskGroup group;
    bool cancelled = false;
    auto story = [](bool& flag) -> asio::awaitable<void> {
        try {
            (void)co_await within(60s, answer_after(60s, 1));
        } catch (const boost::system::system_error& error) {
            flag = error.code() == asio::error::operation_aborted;
            throw;
        }
    };
    group.spawn(context.get_executor(), story(cancelled));
    asio::co_spawn(context, group.stop(), [](std::exception_ptr) {});
    context.run();
    CHECK(cancelled);
    CHECK(group.size() == 0);
}
