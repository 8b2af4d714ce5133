#include "core/daemon/standing_orders.hpp"

#include <algorithm>
#include <cerrno>

#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

const std::string override_name{"override"};
const std::string pause_name{"paused"};

std::string since_now() {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(wall_clock().time_since_epoch());
    return "since_unix_ms " + std::to_string(since.count()) + "\n";
}

// The name appears with its whole content, or not at all.
storage::FileResult<void> write_mark(storage::FileSystem& files, const std::string& directory,
                                     const std::string& name) {
    const auto path = directory + "/" + name;
    const auto draft = path + ".new";
    const auto text = since_now();
    if (auto made = files.make_directory(directory); !made) return made;
    auto file = files.open(draft, storage::OpenMode::create_new);
    if (!file) return file.error();
    if (auto written = storage::write_all(**file, 0, as_octets(text)); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto renamed = files.rename(draft, path); !renamed) return renamed;
    return files.sync_directory(directory);
}

}  // namespace

Orders read_orders(storage::FileSystem& files, const std::string& directory) {
    const auto names = files.list(directory);
    if (!names) return {};
    const auto has = [&](const std::string& name) { return std::ranges::find(*names, name) != names->end(); };
    return {has(override_name), has(pause_name)};
}

void StandingOrders::pause(control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    if (keep_pause_ == KeepPause::yes) keep(pause_name);
    next_.pause(std::move(done));
}

void StandingOrders::resume(control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    forget(pause_name);
    next_.resume(std::move(done));
}

void StandingOrders::override_leader(bool on, control::OperatorDone done) {
    const std::lock_guard lock{mutex_};
    if (on) {
        keep(override_name);
    } else {
        forget(override_name);
    }
    next_.override_leader(on, std::move(done));
}

void StandingOrders::keep(const std::string& name) {
    const auto written = write_mark(files_, directory_, name);
    if (written) return;
    logging::error(
        "order of an operator will not outlive a restart",
        {{"order", name}, {"err", storage::to_string(written.error())}, {"event", "order_not_kept"}});
}

void StandingOrders::forget(const std::string& name) {
    auto gone = files_.unlink(directory_ + "/" + name);
    if (!gone && gone.error().code == ENOENT) return;
    if (gone) gone = files_.sync_directory(directory_);
    if (gone) return;
    logging::error("order of an operator will come back with a restart",
                   {{"order", name}, {"err", storage::to_string(gone.error())}, {"event", "order_not_kept"}});
}

}  // namespace conductor::daemon
