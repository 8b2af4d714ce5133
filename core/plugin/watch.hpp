// Alarms for the lanes: one thread that calls functions when their time has come. Functions are short, never
// block, and own no Watch: it may not end on its own thread. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace conductor::plugin {

class Watch {
public:
    using Time = std::chrono::steady_clock::time_point;

    Watch();
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void at(Time when, std::function<void()> alarm);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Time, std::function<void()>> alarms_;
    bool ended_{false};
    std::thread thread_;
};

}  // namespace conductor::plugin
