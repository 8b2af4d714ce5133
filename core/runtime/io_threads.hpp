// A few threads that run one io_context. Strands of it fit into any_io_executor without an allocation; those
// of a thread_pool do not, and are released by a fence that TSan cannot see and reports as a race.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

namespace conductor {

class IoThreads {
public:
    explicit IoThreads(unsigned threads);
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;
    /// As stop() and join().
    ~IoThreads();

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    /// Work that has not begun is dropped. From any thread.
    void stop();
    /// Ends when all work has ended, or after stop(). Not from one of the threads.
    void join();

private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    std::vector<std::thread> threads_;
};

}  // namespace conductor
