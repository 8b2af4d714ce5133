// A few threads, each with an io_context of its own: whoever lives on one needs no strand, and an event wakes
// nobody but the thread that it is for. (Two threads on one io_context wake each other for every event.)
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <vector>

namespace conductor {

class IoThreads {
public:
    explicit IoThreads(unsigned threads);
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;
    /// As stop() and join().
    ~IoThreads();

    /// One of them, each in turn. From any thread.
    [[nodiscard]] boost::asio::any_io_executor next() noexcept;
    /// Work that has not begun is dropped. From any thread.
    void stop();
    /// Ends when all work has ended, or after stop(). Not from one of the threads.
    void join();

private:
    struct Thread;
    std::vector<std::unique_ptr<Thread>> threads_;
    std::atomic<unsigned> turn_{0};
};

}  // namespace conductor
