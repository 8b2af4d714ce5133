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
    /// Says when it wants to be called again; `never`: not at all.
    using Alarm = std::function<Time()>;
    static constexpr Time never = Time::max();

    Watch();
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void at(Time when, Alarm alarm);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Time, Alarm> alarms_;
    bool ended_{false};
    std::thread thread_;
};

}  // namespace conductor::plugin
