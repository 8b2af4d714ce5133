// What an operator has ordered and a restart must not forget: the override (conductor.md 3.4.8), and a pause
// where `paused.persist` says so. Each is a small file beside the log, written before the order is carried out
// and gone before its end is. Orders are carried out even if they cannot be kept: an override is for bad days.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "core/control/ports.hpp"
#include "core/storage/file.hpp"

namespace conductor::daemon {

struct Orders {
    bool overridden{false};
    bool paused{false};
};
/// What stood when the process ended last; nothing where there is no such directory.
[[nodiscard]] Orders read_orders(storage::FileSystem& files, const std::string& directory);

enum class KeepPause : std::uint8_t { no, yes };

/// Called on threads that may wait for a disk; `done` as `next` calls it.
class StandingOrders final : public control::ControlOperator {
public:
    /// Both outlive this object. `directory` is the member's own.
    StandingOrders(control::ControlOperator& next, storage::FileSystem& files, std::string directory,
                   KeepPause keep_pause)
        : next_{next}, files_{files}, directory_{std::move(directory)}, keep_pause_{keep_pause} {}

    void pause(control::OperatorDone done) override;
    void resume(control::OperatorDone done) override;
    void override_leader(bool on, control::OperatorDone done) override;
    void waive_peer_check(control::OperatorDone done) override { next_.waive_peer_check(std::move(done)); }
    void stop(control::OperatorDone done) override { next_.stop(std::move(done)); }

private:
    void keep(const std::string& name);
    void forget(const std::string& name);

    control::ControlOperator& next_;
    storage::FileSystem& files_;
    const std::string directory_;
    const KeepPause keep_pause_;
    std::mutex mutex_;  // two operators at once must leave the files as one of them says
};

}  // namespace conductor::daemon
