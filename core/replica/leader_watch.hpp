// Whether a leader that has closed all its connections is gone for certain (raft-wire 8.1/11). A process that
// was killed leaves a host that refuses connections; whatever else a dial comes to, a time-out, a reset, an
// answer, proves nothing, and neither does the end of connections. Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::replica {

/// A leader at one moment. A difference between two moments is a sign of life, or another leader.
struct Suspect {
    std::string address;  ///< as the configuration has it
    Term term;
    Instant heard;
    friend bool operator==(const Suspect&, const Suspect&) = default;
};

class LeaderWatch {
public:
    struct Surroundings {
        /// Nothing where it is not the leader that this node follows.
        std::function<std::optional<Suspect>(const ServerId&)> suspect;
        /// Whether that address refuses a connection, and does nothing else.
        std::function<boost::asio::awaitable<bool>(std::string address)> refuses;
        std::function<void(const ServerId&, const Suspect&)> gone;
    };
    LeaderWatch(boost::asio::io_context& core, Surroundings around) : core_{core}, around_{std::move(around)} {}

    /// Its last connection has ended. Dials until it was refused twice in a row, 50 ms apart, or until it is no
    /// suspect any more, which patience with a silent leader sees to.
    void left(const ServerId& who);
    /// Before this object goes.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    boost::asio::awaitable<void> look(ServerId who, Suspect suspect, std::uint64_t round);
    [[nodiscard]] bool still(const ServerId& who, const Suspect& suspect, std::uint64_t round) const;

    boost::asio::io_context& core_;
    Surroundings around_;
    std::uint64_t round_{0};
    TaskGroup tasks_;
};

/// For Surroundings::refuses.
[[nodiscard]] boost::asio::awaitable<bool> refuses_connections(std::string address);

}  // namespace conductor::replica
