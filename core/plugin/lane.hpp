// One lane for one instance: a worker thread, at most one call, a deadline for it. The core thread posts a call
// and is called back; it never waits. A call that is late is cancelled and abandoned: its result is dropped,
// and all that it may still touch belongs to the job, not to the caller. Threads are never killed; a lane that
// keeps losing calls goes out of service.
#pragma once

#include <conductor/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "core/plugin/crash.hpp"
#include "core/plugin/text.hpp"
#include "core/plugin/watch.hpp"

namespace conductor::plugin {

/// Runs a function on the core thread, some time later. From any thread.
using Post = std::function<void(std::function<void()>)>;

/// The call's side of `conductor_call`: deadline, cancellation, a place for the error.
class CallFrame : public conductor_call {
public:
    explicit CallFrame(std::chrono::nanoseconds limit);
    ~CallFrame();
    CallFrame(const CallFrame&) = delete;
    CallFrame& operator=(const CallFrame&) = delete;

    /// From any thread; once cancelled it stays so.
    void cancel() noexcept;
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] const std::string& error_text() const noexcept { return error_text_.text(); }

private:
    static std::int32_t is_cancelled(const conductor_call* call);

    std::chrono::steady_clock::time_point deadline_;
    std::atomic<bool> cancelled_{false};
    BoundedText error_text_{error_bound};
};

/// How a call ended.
enum class Fate : std::uint8_t {
    finished,        ///< in time: the result counts
    late,            ///< cancelled at its deadline and abandoned
    busy,            ///< not begun: the last one still runs
    out_of_service,  ///< not begun, nor will any be
    stopped,         ///< not begun, or abandoned, because the lane ends
};
[[nodiscard]] const char* to_text(Fate fate) noexcept;

/// One call. The lane owns it until the worker has let go of it.
class Job {
public:
    Job(std::chrono::nanoseconds limit, const char* name) : frame{limit}, what{name} {}
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    virtual void run() = 0;               ///< on the worker
    virtual void deliver(Fate fate) = 0;  ///< exactly once, through Post

    CallFrame frame;
    const char* what;  ///< name of the call, a constant

private:
    friend struct LaneState;
    std::atomic<bool> settled_{false};  ///< who sets it delivers
    bool abandoned_{false};             ///< the lane has counted it
};

struct LaneState;

struct LaneLimits {
    /// A call that comes back so soon after its cancellation kept its contract: it is late, not abandoned.
    std::chrono::milliseconds grace{50};
    unsigned abandoned_in_row{3};
    std::chrono::nanoseconds stuck{std::chrono::seconds{60}};
};

class Lane {
public:
    /// Lanes share one watch. `label` names the instance if it crashes.
    Lane(std::shared_ptr<Watch> watch, Post post, CrashLabel label, LaneLimits limits = {});
    /// Cancels the call in flight. An idle worker is joined; one that is stuck is left behind with its job.
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// From any thread. `job` is delivered exactly once.
    void submit(std::shared_ptr<Job> job);
    /// The last call: it cancels the one in flight and begins when that has come back, within its own limit.
    /// Runs even on a lane that is out of service. Nothing is begun after it.
    void finish(std::shared_ptr<Job> job);
    /// Calls `free` through Post, once, when no call is in flight; before the answer of the call that was.
    /// Perhaps never.
    void when_free(std::function<void()> free);
    /// Cancels the call in flight; it is still delivered as it ends.
    void cancel();
    [[nodiscard]] bool busy() const;
    [[nodiscard]] bool out_of_service() const;
    /// Calls abandoned so far.
    [[nodiscard]] std::uint64_t abandoned() const;

private:
    void wake_at(Watch::Time when);

    std::shared_ptr<Watch> watch_;
    std::shared_ptr<LaneState> state_;
    std::thread worker_;
};

}  // namespace conductor::plugin
