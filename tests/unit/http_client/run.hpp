// Runs one coroutine to its end on the caller's thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

namespace conductor::test {

template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> story) {
    std::optional<T> out;
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(story), [&](std::exception_ptr e, T value) {
        failure = e;
        out = std::move(value);
        context.stop();  // abandoned look-ups may still hold work
    });
    context.restart();
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*out);
}

}  // namespace conductor::test
