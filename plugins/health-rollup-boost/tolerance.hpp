// How many partial findings are let pass within any span of time (conductor.md 4.6). The span slides: a burst
// across the edge of a fixed window would be let pass twice. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>

class Tolerance {
public:
    /// `limit` 0: nothing is let pass.
    Tolerance(std::uint64_t limit, std::uint64_t span_ns) : limit_{limit}, span_ns_{span_ns} {}

    /// Whether one more passes now; if so it is counted.
    bool lets_pass(std::uint64_t now_ns) {
        while (!passed_.empty() && now_ns - passed_.front() >= span_ns_) passed_.pop_front();
        if (passed_.size() >= limit_) return false;
        passed_.push_back(now_ns);
        return true;
    }
    /// Let pass within the span that ends at the last call.
    [[nodiscard]] std::uint64_t count() const noexcept { return passed_.size(); }
    [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

private:
    std::uint64_t limit_;
    std::uint64_t span_ns_;
    std::deque<std::uint64_t> passed_;  ///< monotonic, ascending
};
