// Levels, as whoever owns them hands them to the metrics: the state of the node, of its group, of the chain.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"

namespace conductor::metrics {

/// The triple that the control loop acts upon.
struct NodeState {
    bool leader{false};
    bool healthy{false};
    bool active{false};
};

struct NodeFigures {
    NodeState state;
    bool paused{false};
    bool overridden{false};
    bool start_wedged{false};  ///< a leader that has failed to start its sequencer for more than 10 s
};

/// What a leader knows of a follower, or a follower of its leader.
struct RaftPeer {
    std::string id;
    std::optional<Duration> last_contact;     ///< since then
    std::optional<std::uint64_t> next_index;  ///< a leader knows it
};

struct RaftFigures {
    std::uint64_t term{0};
    std::uint64_t commit_index{0};
    std::uint64_t applied_index{0};
    std::uint64_t cluster_version{0};
    std::size_t voters{0};
    std::size_t non_voters{0};
    std::vector<RaftPeer> peers;
};

struct ChainFigures {
    std::optional<std::uint64_t> fsm_head;  ///< block numbers
    std::optional<std::uint64_t> el_head;
    std::optional<std::uint64_t> cl_head;
    std::optional<Duration> unsafe_age;
    std::optional<Duration> safe_age;
    std::optional<std::uint64_t> cl_peers;
    std::optional<std::uint64_t> el_peers;
};

/// Whether another conductor answers (conductor.md 1.7).
struct PeerRpc {
    std::string id;
    bool known{false};
    bool guessed{false};
};

}  // namespace conductor::metrics
