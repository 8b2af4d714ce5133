#include "core/runtime/io_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace conductor {

struct IoThreads::Thread {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread{[this] { context.run(); }};
};

IoThreads::IoThreads(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.push_back(std::make_unique<Thread>());
}

IoThreads::~IoThreads() {
    stop();
    join();
}

boost::asio::any_io_executor IoThreads::next() noexcept {
    return threads_[turn_.fetch_add(1) % threads_.size()]->context.get_executor();
}

void IoThreads::stop() {
    for (const auto& one : threads_) one->context.stop();
}

void IoThreads::join() {
    for (const auto& one : threads_) one->work.reset();
    for (const auto& one : threads_)
        if (one->thread.joinable()) one->thread.join();
}

}  // namespace conductor
