// From a request body to the body of its answer: frames, batches, notifications, deadlines (conductor 3.1.8,
// 3.2). Knows the table of methods, not what they do. Any net thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/rpc/methods.hpp"
#include "core/rpc/observer.hpp"

namespace conductor::rpc {

struct BatchLimits {
    std::size_t items{10'000};
    std::size_t answer_octets{std::size_t{64} << 20U};
};

/// Who asks.
struct Caller {
    Caller(bool may_write, Instant until, std::string_view from)
        : trusted{may_write}, answer_by{until}, peer{from} {}
    bool trusted{true};  ///< false: a page of an origin that is not on the list; read methods only
    Instant answer_by;
    std::string_view peer;  ///< `host:port`; outlives the call
};

struct RpcAnswer {
    std::string body;
    /// Made by the transport itself: no line end behind it, never compressed (conductor 3.1.7).
    bool from_transport{false};
};

class Dispatcher {
public:
    /// `methods` and `observer` outlive the dispatcher.
    Dispatcher(const MethodTable& methods, Observer& observer, BatchLimits limits);

    /// `body` must stay where it is until the answer is there. Bounded by `caller.answer_by`.
    boost::asio::awaitable<RpcAnswer> dispatch(Frame frame, Caller caller) const;

private:
    struct Outcome;
    boost::asio::awaitable<Outcome> handle(const Message& message, const Caller& caller) const;
    boost::asio::awaitable<Outcome> call(const Message& message, const Caller& caller) const;
    boost::asio::awaitable<RpcAnswer> batch(Frame frame, Caller caller) const;

    const MethodTable& methods_;
    Observer& observer_;
    BatchLimits limits_;
};

/// An answer without a request: the body was no JSON, or never came.
[[nodiscard]] RpcAnswer transport_error(int error_code, std::string message);

}  // namespace conductor::rpc
