#include "core/daemon/hash_check.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "core/payload/block_hash.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr auto repeat_after = 30s;  // the same complaint, conductor.md 5.11.4

}  // namespace

HashCheck::HashCheck(control::Committer& next) : next_{next}, thread_{[this] { work(); }} {}

HashCheck::~HashCheck() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void HashCheck::commit(payload::Envelope envelope, control::CommitDone done) {
    {
        const std::lock_guard lock{mutex_};
        if (queue_.size() < queue_limit) {
            queue_.push_back(envelope);
        } else {
            ++figures_.skipped;
        }
    }
    changed_.notify_one();
    next_.commit(std::move(envelope), std::move(done));
}

HashCheck::Figures HashCheck::figures() const {
    const std::lock_guard lock{mutex_};
    return figures_;
}

void HashCheck::work() {
    // It is about to hash the very payload that everybody else works to have stored: they go first.
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        const auto envelope = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        check(envelope);
        lock.lock();
    }
}

void HashCheck::check(const payload::Envelope& envelope) {
    const auto checked = payload::check_block_hash(envelope);
    {
        const std::lock_guard lock{mutex_};
        ++figures_.checked;
        if (!checked) ++figures_.wrong;
    }
    if (checked) return;
    ++unsaid_;
    if (last_said_ != Instant::min() && now() - last_said_ < repeat_after) return;
    last_said_ = now();
    logging::error(
        "committed payload has a bad block hash",
        {{"number", envelope.number}, {"err", checked.error().text}, {"times", std::exchange(unsaid_, 0)}});
}

}  // namespace conductor::daemon
