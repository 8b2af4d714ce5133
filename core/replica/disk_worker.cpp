#include "core/replica/disk_worker.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/base/check.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::replica {

// Shared with the thread, so that a thread that hangs in the kernel can be left behind alive.
struct DiskWorker::Shared {
    Shared(boost::asio::io_context& core_context, std::unique_ptr<storage::LogStore> log_store,
           std::function<void(Duration)> told)
        : core{core_context}, store{std::move(log_store)}, stored{std::move(told)} {}

    boost::asio::io_context& core;
    std::unique_ptr<storage::LogStore> store;
    const std::function<void(Duration)> stored;

    std::mutex mutex;  // guards the members below; held for moments, never across a disk call
    std::condition_variable changed;
    std::deque<Item> queue;
    bool at_work{false};
    bool stopping{false};
    bool drop_queue{false};
    bool ended{false};
    bool failed{false};  // a write: whether it happened is unknown, so nothing may be read or written any more
    std::atomic<bool> abandoned{false};  // core is gone: post nothing
    std::atomic<std::int64_t> began_ns{0};
};

DiskWorker::DiskWorker(boost::asio::io_context& core, std::unique_ptr<storage::LogStore> store,
                       std::function<void(Duration)> stored)
    : shared_{std::make_shared<Shared>(core, std::move(store), std::move(stored))},
      thread_{[shared = shared_] { work(shared); }} {}

DiskWorker::~DiskWorker() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->stopping = true;
        shared_->drop_queue = true;
    }
    shared_->changed.notify_all();
    thread_.join();
}

void DiskWorker::write(storage::StoreWrite what, Written done) {
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->queue.emplace_back(Pending{std::move(what), std::move(done)});
    }
    shared_->changed.notify_one();
}

void DiskWorker::run(Job job) {
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->queue.emplace_back(std::move(job));
    }
    shared_->changed.notify_one();
}

Duration DiskWorker::busy_for() const {
    const auto began = shared_->began_ns.load(std::memory_order_acquire);
    if (began == 0) return Duration::zero();
    return conductor::now() - Instant{Duration{began}};
}

bool DiskWorker::idle() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->queue.empty() && !shared_->at_work;
}

bool DiskWorker::stop(std::chrono::milliseconds limit) {
    std::unique_lock lock{shared_->mutex};
    shared_->stopping = true;
    shared_->changed.notify_all();
    if (!shared_->changed.wait_for(lock, limit, [&] { return shared_->ended; })) return false;
    lock.unlock();
    thread_.join();
    return true;
}

void DiskWorker::abandon() {
    shared_->abandoned.store(true, std::memory_order_release);
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->stopping = true;
        shared_->drop_queue = true;
    }
    shared_->changed.notify_all();
    if (thread_.joinable()) thread_.detach();
}

void DiskWorker::work(const std::shared_ptr<Shared>& shared) {
    std::unique_lock lock{shared->mutex};
    while (true) {
        shared->changed.wait(lock, [&] { return shared->stopping || !shared->queue.empty(); });
        if (shared->drop_queue || shared->failed) shared->queue.clear();
        if (shared->queue.empty()) {
            if (shared->stopping) break;
            continue;
        }

        std::vector<Pending> batch;
        Job job;
        while (!shared->queue.empty()) {
            if (auto* pending = std::get_if<Pending>(&shared->queue.front())) {
                batch.push_back(std::move(*pending));
                shared->queue.pop_front();
                continue;
            }
            if (batch.empty()) {
                job = std::move(std::get<Job>(shared->queue.front()));
                shared->queue.pop_front();
            }
            break;
        }

        shared->at_work = true;
        shared->began_ns.store(conductor::now().time_since_epoch().count(), std::memory_order_release);
        lock.unlock();
        bool good = true;
        if (job) {
            job(*shared->store);
        } else {
            good = write_batch(*shared, std::move(batch));
        }
        shared->began_ns.store(0, std::memory_order_release);
        lock.lock();
        shared->at_work = false;
        if (!good) shared->failed = true;
    }
    shared->store.reset();
    shared->ended = true;
    shared->changed.notify_all();
}

bool DiskWorker::write_batch(Shared& shared, std::vector<Pending> batch) {
    std::vector<storage::StoreWrite> writes;
    writes.reserve(batch.size());
    for (auto& pending : batch) writes.push_back(std::move(pending.what));

    const bool entries = std::ranges::any_of(writes, [](const auto& write) { return !write.entries.empty(); });
    const auto began = conductor::now();
    const auto written = shared.store->write(writes);
    const auto took = conductor::now() - began;
    if (shared.abandoned.load(std::memory_order_acquire)) return false;
    boost::asio::post(shared.core, [stored = shared.stored, entries, took, written, batch = std::move(batch)] {
        if (entries && written) stored(took);
        for (const auto& pending : batch) pending.done(written);
    });
    return written.has_value();
}

}  // namespace conductor::replica
