// An operation or a timer, whichever ends first, written once: Boost 1.81 has no cancel_after, and `a || b`
// takes an exception of the operation for "not yet" and waits for the timer instead.
//
// Runs on the caller's executor, which must be one thread or a strand. The loser is cancelled and awaited, so
// an operation that ignores cancellation is waited for beyond its limit: bound such calls elsewhere.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <type_traits>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace conductor {

namespace deadline_detail {

inline bool is_cancellation(const std::exception_ptr& failure) {
    if (!failure) return false;
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        return error.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace deadline_detail

/// What `operation` returns, or `timed_out` when `limit` (counted from the call) ends first.
///   before  T is default-constructible
///   errors  boost::asio::error::timed_out; what the operation throws is thrown, unless the timer cut it off.
///           An operation that answers its cancellation with a value of its own has answered: that value counts
///           as timed out, too, when the timer had ended first.
template <class T>
boost::asio::awaitable<Result<T>> within(Duration limit, boost::asio::awaitable<T> operation) {
    namespace asio = boost::asio;
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor, limit};
    auto running = asio::co_spawn(executor, std::move(operation), asio::deferred);
    auto ticking = timer.async_wait(asio::deferred);
    auto race = asio::experimental::make_parallel_group(std::move(running), std::move(ticking));
    const asio::experimental::wait_for_one first;
    const boost::system::error_code timed_out{asio::error::timed_out};

    if constexpr (std::is_void_v<T>) {
        auto [order, failure, tick] = co_await race.async_wait(first, asio::use_awaitable);
        const bool late = order[0] == 1 && !tick;
        if (late && (!failure || deadline_detail::is_cancellation(failure))) co_return Result<T>{timed_out};
        if (failure) std::rethrow_exception(failure);
        co_return Result<void>{};
    } else {
        auto [order, failure, value, tick] = co_await race.async_wait(first, asio::use_awaitable);
        const bool late = order[0] == 1 && !tick;
        if (late && (!failure || deadline_detail::is_cancellation(failure))) co_return Result<T>{timed_out};
        if (failure) std::rethrow_exception(failure);
        co_return Result<T>{std::move(value)};
    }
}

}  // namespace conductor
