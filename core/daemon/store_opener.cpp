#include "core/daemon/store_opener.hpp"

#include <boost/asio/post.hpp>

#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

StoreOpener::StoreOpener(boost::asio::io_context& core, storage::FileSystem& files,
                         storage::StoreOptions options, Duration lock_wait, std::function<void(Opened)> done)
    : thread_{[this, &core, &files, options = std::move(options), lock_wait, done = std::move(done)] {
          work(core, files, options, lock_wait, done);
      }} {}

StoreOpener::~StoreOpener() {
    stopping_.store(true);
    thread_.join();
}

void StoreOpener::work(boost::asio::io_context& core, storage::FileSystem& files,
                       const storage::StoreOptions& options, Duration lock_wait,
                       const std::function<void(Opened)>& done) const {
    const auto until = now() + lock_wait;
    bool told = false;
    while (true) {
        auto opened = std::make_shared<Opened>(storage::LogStore::open(files, options));
        const bool held = opened->has_error() && opened->error().code == storage::StoreErrc::locked;
        if (!held || now() >= until || stopping_.load()) {
            boost::asio::post(core, [opened, done] { done(std::move(*opened)); });
            return;
        }
        if (!std::exchange(told, true))
            logging::warn("storage directory is held by another process, waiting",
                          {{"err", opened->error().text}});
        std::this_thread::sleep_for(100ms);
    }
}

}  // namespace conductor::daemon
