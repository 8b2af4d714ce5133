// Opens the store on a thread of its own, because recovery reads files and another process may hold the
// directory for a while (conductor.md 2.3.1): tries again until `storage.lock-wait` has passed, and says at
// once who holds it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "core/base/clock.hpp"
#include "core/storage/log_store.hpp"

namespace conductor::daemon {

class StoreOpener {
public:
    using Opened = Result<std::unique_ptr<storage::LogStore>, storage::StoreError>;

    /// `done` runs on core, once. `files` outlives the store.
    StoreOpener(boost::asio::io_context& core, storage::FileSystem& files, storage::StoreOptions options,
                Duration lock_wait, std::function<void(Opened)> done);
    /// Waits for a try that is under way.
    ~StoreOpener();

private:
    void work(boost::asio::io_context& core, storage::FileSystem& files, const storage::StoreOptions& options,
              Duration lock_wait, const std::function<void(Opened)>& done) const;

    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace conductor::daemon
