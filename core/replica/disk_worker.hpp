// The disk thread: one thread that owns the LogStore and runs its calls in the order they were given. Writes
// that queued up while another was at work become one batch with one flush. Answers are posted back to the
// core thread; nobody waits for the disk.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/storage/log_store.hpp"

namespace conductor::replica {

class DiskWorker {
public:
    using Written = std::function<void(Result<void, storage::StoreError>)>;
    using Job = std::function<void(storage::LogStore&)>;

    /// `stored` hears on core how long each batch with entries took until it was flushed.
    DiskWorker(
        boost::asio::io_context& core, std::unique_ptr<storage::LogStore> store,
        std::function<void(Duration)> stored = [](Duration) {});
    /// Ends the thread after the call it is in; what is still queued is dropped. A hung disk is not waited
    /// for: see abandon().
    ~DiskWorker();
    DiskWorker(const DiskWorker&) = delete;
    DiskWorker& operator=(const DiskWorker&) = delete;

    /// `done` runs on core once the write, and every one before it, is durable or failed. After the first
    /// failure the store is not called any more: what was queued behind it, jobs too, is dropped.
    void write(storage::StoreWrite what, Written done);
    /// Runs `job` on the disk thread between two batches. A job posts its own answer to core.
    void run(Job job);

    /// How long the call now at work has taken; zero while the disk rests. From core.
    [[nodiscard]] Duration busy_for() const;
    [[nodiscard]] bool idle() const;
    /// Waits for the queue to drain and ends the thread, at most `limit`; false: the disk hangs. From core.
    [[nodiscard]] bool stop(std::chrono::milliseconds limit);
    /// Leaves a hung thread to itself, with the store; the process is about to end. From core.
    void abandon();

private:
    struct Pending {
        storage::StoreWrite what;
        Written done;
    };
    using Item = std::variant<Pending, Job>;
    struct Shared;

    static void work(const std::shared_ptr<Shared>& shared);
    /// Whether all of it is durable.
    static bool write_batch(Shared& shared, std::vector<Pending> batch);

    std::shared_ptr<Shared> shared_;
    std::thread thread_;
};

}  // namespace conductor::replica
