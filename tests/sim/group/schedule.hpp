// The one order of events of a simulated world: what happens when, ties in the order in which they were asked
// for, so that one seed gives one history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"

namespace conductor::sim {

class Schedule {
public:
    using Run = std::function<void()>;

    [[nodiscard]] Instant now() const noexcept { return now_; }
    /// A moment that has passed means at once, behind what is due now already.
    void at(Instant when, Run run) {
        heap_.push_back({std::max(when, now_), order_++, std::move(run)});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    void after(Duration wait, Run run) { at(now_ + wait, std::move(run)); }
    /// Runs the next event, if it is due by `end`.
    bool run_next(Instant end) {
        if (heap_.empty() || heap_.front().at > end) {
            now_ = std::max(now_, end);
            return false;
        }
        std::pop_heap(heap_.begin(), heap_.end(), later);
        auto event = std::move(heap_.back());
        heap_.pop_back();
        now_ = event.at;
        event.run();
        return true;
    }

private:
    struct Event {
        Instant at;
        std::uint64_t order;
        Run run;
    };
    static bool later(const Event& a, const Event& b) noexcept {
        return a.at != b.at ? a.at > b.at : a.order > b.order;
    }

    std::vector<Event> heap_;
    std::uint64_t order_{0};
    Instant now_{Instant{} + std::chrono::seconds{1000}};
};

}  // namespace conductor::sim
