#include "core/runtime/io_threads.hpp"

namespace conductor {

IoThreads::IoThreads(unsigned threads) : context_{static_cast<int>(threads)} {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
}

IoThreads::~IoThreads() {
    stop();
    join();
}

void IoThreads::stop() {
    context_.stop();
}

void IoThreads::join() {
    work_.reset();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

}  // namespace conductor
