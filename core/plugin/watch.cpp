#include "core/plugin/watch.hpp"

#include <csignal>

namespace conductor::plugin {

Watch::Watch() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's business
    thread_ = std::thread{[this] { run(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watch::~Watch() {
    {
        const std::scoped_lock lock{mutex_};
        ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watch::at(Time when, std::function<void()> alarm) {
    bool earliest = false;
    {
        const std::scoped_lock lock{mutex_};
        earliest = alarms_.empty() || when < alarms_.begin()->first;
        alarms_.emplace(when, std::move(alarm));
    }
    if (earliest)
        changed_.notify_one();  // else it sleeps no longer than it must: a verdict wakes it for nothing
}

void Watch::run() {
    std::unique_lock lock{mutex_};
    while (!ended_) {
        if (alarms_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto next = alarms_.begin()->first;
        if (std::chrono::steady_clock::now() < next) {
            changed_.wait_until(lock, next);
            continue;
        }
        const auto alarm = std::move(alarms_.begin()->second);
        alarms_.erase(alarms_.begin());
        lock.unlock();
        alarm();
        lock.lock();
    }
}

}  // namespace conductor::plugin
