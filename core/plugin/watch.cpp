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

void Watch::at(Time when, Alarm alarm) {
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
        auto alarm = alarms_.extract(alarms_.begin());
        lock.unlock();
        const auto again = alarm.mapped()();
        if (again == never) alarm = {};  // what it owns may ask us for another while it goes
        lock.lock();
        if (again == never) continue;
        alarm.key() = again;
        alarms_.insert(std::move(alarm));
    }
}

}  // namespace conductor::plugin
