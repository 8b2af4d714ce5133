// One answer that another thread will give: a promise for a callback, an awaitable for a coroutine. Whoever
// waits may give up; an answer that comes later finds nobody and is dropped.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace conductor::rpc {

template <class T>
class Pending {
public:
    /// `executor` is a strand or one thread, and the one that wait() runs on.
    explicit Pending(const boost::asio::any_io_executor& executor)
        : shared_{std::make_shared<Shared>(executor)} {}

    /// From any thread; the first answer counts.
    void give(T answer) const {
        auto arrive = [shared = shared_, answer = std::move(answer)]() mutable {
            if (shared->answer) return;
            shared->answer.emplace(std::move(answer));
            shared->arrived.cancel();
        };
        boost::asio::post(shared_->arrived.get_executor(), std::move(arrive));
    }

    /// Nothing where the waiting was cancelled. Bound it by a deadline.
    boost::asio::awaitable<std::optional<T>> wait() const {
        const auto shared = shared_;
        if (!shared->answer)
            (void)co_await shared->arrived.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        co_return std::move(shared->answer);
    }

private:
    struct Shared {
        explicit Shared(const boost::asio::any_io_executor& executor)
            : arrived{executor, boost::asio::steady_timer::time_point::max()} {}
        boost::asio::steady_timer arrived;
        std::optional<T> answer;
    };
    std::shared_ptr<Shared> shared_;
};

}  // namespace conductor::rpc
