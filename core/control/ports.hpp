// What control and rpc ask of the rest of the house. Implemented by replica (and by doubles in tests); whoever
// calls knows neither Raft nor disk. Thread and bound stand at each member.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ordinal.hpp"
#include "core/base/result.hpp"
#include "core/consensus/types.hpp"
#include "core/payload/envelope.hpp"

namespace conductor::control {

/// Why a commit did not succeed. `text` is what a client of op-conductor expects to read behind
/// `failed to apply payload envelope: ` or, where `from_state_machine`, `… to FSM: `.
struct CommitError {
    std::string text;
    bool from_state_machine{false};
    bool outcome_unknown{false};  ///< the entry may still be committed (leadership lost, shutting down)
};
using CommitDone = std::function<void(Result<void, CommitError>)>;

/// Stores payloads on a quorum.
class Committer {
public:
    virtual ~Committer() = default;
    /// `done` is called exactly once, on the core thread, after a quorum has the payload on disk and it is
    /// applied here, or with the reason why not. From any thread. Bounded by `raft.apply-timeout` until
    /// accepted; afterwards by leadership.
    virtual void commit(payload::Envelope envelope, CommitDone done) = 0;
};

struct LeaderView {
    ServerId id;
    std::string address;
};
struct MembershipView {
    std::vector<consensus::Server> servers;
    LogIndex version;
    bool known{false};  ///< false: no configuration exists yet
};

/// What this node believes of its group. From any thread; never blocks.
class GroupView {
public:
    virtual ~GroupView() = default;
    /// Whether this node leads and its lease still runs, judged now.
    virtual bool leads() const = 0;
    virtual LeaderView leader() const = 0;
    virtual MembershipView membership() const = 0;
    /// Empty: ready. Otherwise what keeps this node from serving (starting, store mute, vote held).
    virtual std::string not_ready() const = 0;
};

/// What the control loop says of this node. From any thread; never blocks.
class ControlView {
public:
    virtual ~ControlView() = default;
    virtual bool paused() const = 0;
    virtual bool stopped() const = 0;
    /// The last verdict that the loop has taken over; true before the first.
    virtual bool sequencer_healthy() const = 0;
    virtual bool leader_overridden() const = 0;
};

/// How what an operator asked for has ended; empty: done.
using OperatorDone = std::function<void(std::string error)>;

/// To be taken for the leader whatever Raft says (3.4.8), or the end of that.
struct LeaderOverride {
    bool on{false};
    std::optional<std::chrono::seconds> lasts{};  ///< then it clears itself (P-43); empty: it stands
    std::string by{};                             ///< who asked, `host:port`
};

/// What an operator may ask of the control loop. From any thread; each `done` is called exactly once, on core,
/// unless the loop has gone.
class ControlOperator {
public:
    virtual ~ControlOperator() = default;
    /// In force when `done` is called: no start and no stop follows. At once, whatever is in flight. `by` asks.
    virtual void pause(std::string by, OperatorDone done) = 0;
    /// Asks the node first whether it produces; bounded by the limit of that question.
    virtual void resume(OperatorDone done) = 0;
    /// The word of members that cannot be asked is waived until the next start (5.5.7, 5.5.8). Leader only.
    virtual void waive_peer_check(OperatorDone done) = 0;
    /// Changes answers, never actions (I-6).
    virtual void override_leader(LeaderOverride order, OperatorDone done) = 0;
    /// Begins the shut-down of the process; `done` comes before it ends.
    virtual void stop(OperatorDone done) = 0;
};

enum class MemberChange : std::uint8_t { add_voter, add_nonvoter, demote_voter, remove };
struct ChangeRequest {
    MemberChange change{};
    ServerId id;
    std::string address;  ///< of the two additions
    LogIndex version;     ///< 0: unconditional; otherwise that of the membership which is to be changed
};

/// What an operator may ask of the group. From any thread; each `done` is called exactly once, on core, unless
/// the group's part of the process has ended. Errors are worded as op-conductor words them.
class GroupOperator {
public:
    virtual ~GroupOperator() = default;
    /// Whoever is to be added must take a connection first. Done once committed.
    virtual void change(ChangeRequest request, OperatorDone done) = 0;
    /// `target` empty: consensus chooses. Bounded by `raft.transfer-timeout`.
    virtual void transfer(ServerId target, std::string address, OperatorDone done) = 0;
    /// Makes the newest block of this node's execution layer, which must be `hash`, the replicated head,
    /// whatever its number (5.10.5). Leader only, and only while every member is known to be conductord.
    virtual void reset_head(BlockHash hash, OperatorDone done) = 0;
};

}  // namespace conductor::control
