// The calls that control may ask its shell to make, one at a time per lane, and the answers they come back
// with. Two lanes, because a hanging node must not keep leadership here (P-6): calls to the sequencer's node,
// and calls to the group. Values only. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

using peers::Head;
using Call = Ordinal<struct CallTag>;  ///< names one action until its answer; never reused

/// Why leadership is handed over; strategies read it (plugin-abi §3).
enum class Cause : std::uint8_t { unhealthy = 1, shutdown = 2, operator_asked = 3, policy = 4 };

// ---- asked of the node: at most one is in flight ---------------------------------------------------------

struct AskActive {};  ///< → ActiveIs
struct AskHead {};    ///< newest block of the execution layer → HeadIs
struct AskBlock {
    BlockNumber number;
};  ///< its canonical block of that height → HeadIs, not_found
struct PostPayload {
    BlockNumber number;
};  ///< hand over the payload the ring holds → Done, refused: too large
struct FetchPayload {
    Head block;
};  ///< payload_at, hash checked; the shell keeps it → Done
struct StartSequencer {
    BlockHash head;
};  ///< → Done; any failure: outcome unknown
struct StopSequencer {};  ///< → Done with the head, if told; any failure: outcome unknown

// ---- asked of the group: at most one is in flight --------------------------------------------------------

struct ConfirmLead {};  ///< read-index, then our applied state → Confirmed
struct CommitPayload {
    Head block;
};  ///< commit what FetchPayload brought → Done
struct FailedTarget {
    ServerId id;
    Duration age{};
    friend bool operator==(const FailedTarget&, const FailedTarget&) = default;
};
struct RankTargets {  ///< ask the transfer strategy → Ranked; from memory, no network
    Cause cause{};
    std::vector<FailedTarget> failed;  ///< of the last 30 s (P-9)
};
struct TransferLead {  ///< → Done once this node leads no more
    ServerId target;   ///< empty: consensus chooses
};

using Task = std::variant<AskActive, AskHead, AskBlock, PostPayload, FetchPayload, StartSequencer,
                          StopSequencer, ConfirmLead, CommitPayload, RankTargets, TransferLead>;

enum class Lane : std::uint8_t { node, group };
[[nodiscard]] constexpr Lane lane_of(const Task& task) noexcept {
    return task.index() < 7 ? Lane::node : Lane::group;
}
/// A word from a fixed set, for metrics and logs.
[[nodiscard]] constexpr const char* name_of(const Task& task) noexcept {
    constexpr const char* names[] = {"active", "head",    "block",  "post", "fetch",   "start",
                                     "stop",   "confirm", "commit", "rank", "transfer"};
    return names[task.index()];
}

struct Action {
    Call call;
    Task task;
    Duration limit{};  ///< at its end the call is abandoned by us, whether the shell has answered or not
};

// ---- answers -----------------------------------------------------------------------------------------------

enum class FailureKind : std::uint8_t {
    timed_out,
    unreachable,   ///< nobody answered
    remote_error,  ///< answered with an error; may be tried again
    refused,       ///< the same call again is pointless
    bad_config,    ///< an operator must change something
    unsupported,
    not_found,
    not_leader,
    transfer_in_progress,
    other,
};
[[nodiscard]] const char* name_of(FailureKind kind) noexcept;

struct Failed {
    FailureKind kind{FailureKind::other};
    std::string text;  ///< as the other side said it: operators and alerts match it
};
struct Done {
    bool already{false};  ///< it was so before the call
    std::optional<BlockHash> head;
};
struct ActiveIs {
    bool active{false};
};
struct HeadIs {
    Head head;
};
struct Confirmed {
    Term term;                             ///< in which leadership was confirmed
    std::optional<Head> head;              ///< the replicated payload; empty: no payload was ever committed
    std::optional<BlockNumber> ring_from;  ///< payloads from here up to `head` can be posted; empty: none
};
/// What the log lines of op-conductor's round-robin say besides the targets (5.7).
struct RoundRobin {
    std::vector<std::string> addresses;  ///< of the targets, in their order
    std::size_t voters{0};
};
struct Ranked {
    std::vector<ServerId> targets;            ///< best first; empty: consensus chooses
    std::optional<RoundRobin> round_robin{};  ///< the strategy is Go's, and so are its words
};

using Answer = std::variant<Failed, Done, ActiveIs, HeadIs, Confirmed, Ranked>;

}  // namespace conductor::control
