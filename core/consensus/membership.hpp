// Who is a member: the latest configuration, which counts from the moment it is in the log, and the committed
// one, to which a truncation returns (raft-wire 4.2, 4.3). And what a requested change would make of it (4.4).
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/consensus/raft.hpp"
#include "core/consensus/types.hpp"

namespace conductor::consensus {

[[nodiscard]] const Server* find_server(const Configuration& configuration, const ServerId& id);
[[nodiscard]] bool is_voter(const Configuration& configuration, const ServerId& id);
[[nodiscard]] std::size_t count_voters(const Configuration& configuration);

/// Why nobody may run with this configuration, in the words of Go (raft-wire 7.1); nothing if one may.
[[nodiscard]] std::optional<std::string> fault_of(const Configuration& configuration);

/// The table of raft-wire 4.4. The result may be invalid, and may equal what was there.
[[nodiscard]] Configuration changed(Configuration from, Change change, const ServerId& id,
                                    const std::string& address);

class Membership {
public:
    [[nodiscard]] const Configuration& latest() const noexcept { return latest_; }
    [[nodiscard]] LogIndex latest_index() const noexcept { return latest_index_; }
    [[nodiscard]] const Configuration& committed() const noexcept { return committed_; }
    [[nodiscard]] LogIndex committed_index() const noexcept { return committed_index_; }
    /// Whether any configuration was ever seen.
    [[nodiscard]] bool known() const noexcept { return latest_index_ != LogIndex{}; }

    void appended(const Configuration& configuration, LogIndex index);
    void truncated(LogIndex from);
    void committed_up_to(LogIndex commit);
    void restored(const Configuration& configuration, LogIndex index);

private:
    Configuration latest_;
    LogIndex latest_index_;
    Configuration committed_;
    LogIndex committed_index_;
};

}  // namespace conductor::consensus
