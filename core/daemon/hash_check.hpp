// `commit.check-hash=async`: computes the true hash of what is being committed, on a thread of its own, while
// the payload is replicated, and says so when the claimed one is wrong (payload.md §6). Never refuses, never
// delays: where it cannot keep up it skips, and counts. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "core/base/clock.hpp"
#include "core/control/ports.hpp"

namespace conductor::daemon {

class HashCheck final : public control::Committer {
public:
    struct Figures {
        std::uint64_t checked{0};
        std::uint64_t wrong{0};
        std::uint64_t skipped{0};
    };

    /// Passes every commit on to `next`, which outlives this object.
    explicit HashCheck(control::Committer& next);
    ~HashCheck() override;

    void commit(payload::Envelope envelope, control::CommitDone done) override;
    [[nodiscard]] Figures figures() const;

private:
    static constexpr std::size_t queue_limit = 8;  // payloads; each keeps its octets alive

    void work();
    void check(const payload::Envelope& envelope);

    control::Committer& next_;
    mutable std::mutex mutex_;  // guards the queue and the figures; never held while hashing
    std::condition_variable changed_;
    std::deque<payload::Envelope> queue_;
    Figures figures_;
    bool stopping_{false};
    Instant last_said_{Instant::min()};  // of the worker
    std::uint64_t unsaid_{0};
    std::thread thread_;
};

}  // namespace conductor::daemon
