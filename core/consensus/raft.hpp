// All of Raft (Ongaro 2014, cited as §n) as one machine: step(now, input) → output. It decides; replica
// performs. It reads no clock, socket, disk or entropy: equal settings, state, times and inputs give equal
// outputs, so every failure replays. It is total: whatever cannot be obeyed is answered, with its reason.
// Pure; owned by the core thread.
//
// Time comes in with every step instead of as ticks of fixed length: the lease runs from the send time of the
// request that was answered and must be judged at the moment when someone asks, and an idle node sleeps until
// next_deadline() (style.md §5 sketches ticks; this is the same idea with a finer beat).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/consensus/message.hpp"
#include "core/consensus/types.hpp"
#include "core/consensus/vote.hpp"

namespace conductor::consensus {

/// Names what a caller asked for, until it is accepted or refused. Chosen by the shell, never reused.
using Ask = Ordinal<struct AskTag>;

struct Settings {
    Sender self;  ///< own id, and the constant address of every request's header
    Duration heartbeat_timeout{std::chrono::seconds{1}};
    Duration election_timeout{std::chrono::seconds{1}};
    Duration lease_timeout{std::chrono::milliseconds{500}};
    Duration commit_timeout{std::chrono::milliseconds{50}};
    Duration snapshot_interval{std::chrono::seconds{120}};
    std::uint64_t snapshot_threshold{8192};    ///< entries since the last snapshot
    std::uint64_t trailing_logs{10240};        ///< entries kept behind a snapshot
    std::uint64_t retain_octets{1ULL << 30U};  ///< of entry data kept behind a snapshot
    std::uint64_t trailing_payloads{64};       ///< commands kept whatever the two bounds above say
    std::uint64_t max_append_entries{64};
    std::uint64_t max_append_octets{4ULL << 20U};        ///< a batch holds at most this, or one entry
    bool empty_snapshots{false};                         ///< every member understands a snapshot of size 0
    std::uint64_t seed{1};                               ///< of the random waits
    Duration change_timeout{std::chrono::seconds{5}};    ///< how long a change waits for its turn
    Duration catch_up_timeout{std::chrono::seconds{5}};  ///< of a member that is to become voter
    bool give_up_unreadable{false};  ///< the operator's word: what cannot be read is lost (reliability 1.3.6)
    bool add_voter_at_once{false};   ///< as Go: no catching up before the vote (raft-wire 4.4)
};

// ---- inputs ---------------------------------------------------------------------------------------------

struct Tick {};  ///< next_deadline() has come
/// Names one inbound connection; never reused. 0: unknown, then nothing is remembered about it.
using Connection = Ordinal<struct ConnectionTag>;
struct Received {
    Exchange exchange;  ///< of a request: the shell's name for it; of a reply: that of our request
    Sender from;
    Message message;
    Connection connection{};  ///< of a request: a refusal may have to close it (raft-wire 1.7)
};
struct Unanswered {  ///< a request of ours failed: refused, timed out, or its connection broke
    ServerId peer;
    Exchange exchange;
    std::string cause{};  ///< for a person; goes into the refusal of a transfer
};
struct Bootstrap {
    Ask ask;
    Configuration configuration;
};
struct Proposed {
    Ask ask;
    Bytes command;
};
struct ReadAsked {  ///< read-index: answered once leadership at this moment is confirmed (§6.4)
    Ask ask;
};
enum class Change : std::uint8_t { add_voter, add_nonvoter, demote_voter, remove_server };
struct ChangeAsked {
    Ask ask;
    Change change{};
    ServerId id;
    std::string address;  ///< of the two additions
    LogIndex prev_index;  ///< 0: unconditional; otherwise the index of the latest configuration
};
struct TransferAsked {
    Ask ask;
    ServerId target;  ///< empty: the voter with the highest next index
};
struct Persisted {  ///< the write with this ticket, and all before it, are on disk
    WriteTicket ticket;
};
struct Applied {  ///< the shell has applied everything up to `index`; moves what a snapshot may cover
    LogIndex index;
    bool has_head{false};
};
enum class StoreCondition : std::uint8_t { well, stalled };
struct StoreChanged {  ///< a write hangs, or the probe after a stall succeeded (raft-wire 5.15)
    StoreCondition condition{};
};

/// The store does not give back an entry that it took: it is put back by whoever leads, or not needed any more.
struct Unreadable {
    LogIndex index;
};

/// The leader's host refused connections twice with no contact since (raft-wire 8.1/11): less patience with
/// that leader, and no loyalty to it, until it is heard again.
struct LeaderGone {};
/// Whether this node should lead (conductor.md P-2). While not, it waits longer before it campaigns, and
/// declines a TimeoutNow once if another member is known to be eligible.
struct EligibilityChanged {
    bool eligible{true};
    bool other_eligible{false};  ///< a peer is known that is
    std::string why;             ///< "paused", "not ready": goes into the answer
};
/// For a node that started empty (raft-wire 5.4.1). `asking` lasts until the shell says something else; `held`
/// is the answer where any member lists this node, with a vote or without: whoever found out that it forgets
/// has taken its vote already, perhaps without a quorum. `held` ends when a leader's whole log is stored. Both
/// outlive a restart: a shell that finds vote_hold() `asking` asks again. At their beginning no leader gets an
/// answer.
enum class VoteHold : std::uint8_t { none, asking, held };
struct VoteHoldChanged {
    VoteHold hold{};
};

using Input =
    std::variant<Tick, Received, Unanswered, Bootstrap, Proposed, ReadAsked, ChangeAsked, TransferAsked,
                 Persisted, Applied, StoreChanged, Unreadable, LeaderGone, EligibilityChanged, VoteHoldChanged>;

// ---- outputs --------------------------------------------------------------------------------------------

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

/// Why something was not done. Texts for clients are in describe.hpp.
enum class Refusal : std::uint8_t {
    not_leader,
    leadership_lost,  ///< the entry may still be committed: outcome unknown
    transfer_in_progress,
    already_bootstrapped,
    not_a_voter,
    configuration_changed,  ///< prev_index is not the latest; `detail` has both
    configuration_pending,  ///< another change is uncommitted, or no entry of this term is committed yet
    invalid_configuration,  ///< `detail` says what
    no_peer,
    self_transfer,
    unknown_peer,
    replication_failed,
    timeout_now_failed,
    transfer_timeout,
    store_stalled,
    timed_out,
    did_not_catch_up,
};

struct Elected {
    Term term;
};
struct SteppedDown {
    Term term;  ///< the reign that ended
    const char* why{""};
};
struct LeaderChanged {
    Sender leader;  ///< empty: none known
};

/// With a received snapshot the shell takes over its payload before it looks at `commit`, which then covers it.
/// Hard state first, synced, then the rest in the order of the members; a crash between hard state and
/// entries leaves a higher term and no entries, which is legal.
struct Write {
    WriteTicket ticket;
    std::optional<HardState> hard_state;
    /// Own snapshot: the shell adds its head, which is the state at `last`. Received: `payload` is it.
    std::optional<SnapshotMark> snapshot;
    std::optional<Bytes> snapshot_payload;
    std::vector<Entry> put_back{};     ///< each takes the unreadable one's place, alone: what follows it stays
    bool discard_log{false};           ///< with a received snapshot: nothing of the old log counts
    std::optional<LogIndex> truncate;  ///< this index and all above are void
    std::vector<Entry> entries;
};

/// A reply that is a promise, a vote or Success=true, waits for the write that keeps it.
struct Promise {
    WriteTicket kept_by;
    Envelope reply;
};

struct Accepted {
    Ask ask;
    Position position;  ///< wait for exactly this; by index alone another leader's entry would answer
};
struct Refused {
    Ask ask;
    Refusal why{};
    std::string detail;
};
struct ReadReady {
    Ask ask;
    LogIndex index;  ///< answer once this is applied
};
struct Done {  ///< a transfer that worked
    Ask ask;
};
struct VoteRefused {
    Sender candidate;
    Ballot ballot{};
    Verdict why{};
};

/// What the shell must now do, from top to bottom, without waiting for the disk.
struct Output {
    std::optional<SteppedDown> stepped_down;  ///< before any I/O: production stops now
    std::optional<LeaderChanged> leader;
    std::vector<Envelope> send_now;          ///< promises nothing the disk lacks: appends, refusals
    std::optional<Write> write;              ///< comes back as Persisted
    std::vector<Promise> send_when_durable;  ///< each after its ticket, or never
    std::vector<Accepted> accepted;
    std::vector<Refused> refused;
    std::vector<ReadReady> reads;
    std::vector<Done> done;
    std::optional<LogIndex> commit;   ///< apply in index order up to here
    std::optional<Elected> elected;   ///< only now may anyone act as leader
    std::vector<Exchange> hang_up;    ///< close the connection of this request, unanswered (raft-wire 1.7)
    std::vector<ServerId> reconnect;  ///< close our bulk connections to it; what was asked there is lost
    std::vector<VoteRefused> votes_refused;  ///< for the log
    std::vector<ServerId> forgetful;         ///< alarm: it lost what it had acknowledged (raft-wire 5.8.1)
};

// ---- the machine ----------------------------------------------------------------------------------------

/// How long ago another member proved that it is there, and what it is fed next: for whoever watches a group.
struct Contact {
    ServerId id;
    Instant at{Instant::min()};    ///< min(): never, in this reign or under this leader
    std::optional<LogIndex> next;  ///< a leader knows it
};

class Raft {
public:
    struct State;  ///< state.hpp, of this folder alone
    Raft(Settings settings, StoredState stored, Instant now);
    ~Raft();
    Raft(Raft&&) noexcept;
    Raft& operator=(Raft&&) noexcept;

    [[nodiscard]] Output step(Instant now, const Input& input);
    /// When to come back with a Tick at the latest. May lie in the past: then at once.
    [[nodiscard]] Instant next_deadline() const;

    [[nodiscard]] Role role() const;
    [[nodiscard]] Term term() const;
    /// Whether this node leads, an entry of this reign is committed, and its lease, counted from send times,
    /// still runs at `now`.
    [[nodiscard]] bool leads(Instant now) const;
    /// Until when leads() stays true if nothing more is heard; the past: it does not lead. For threads that
    /// must judge the lease when they are asked and may not touch this object.
    [[nodiscard]] Instant leading_until() const;
    [[nodiscard]] Sender leader() const;  ///< empty: none known
    [[nodiscard]] Position last() const;
    [[nodiscard]] LogIndex first_index() const;
    [[nodiscard]] LogIndex commit_index() const;
    [[nodiscard]] const Configuration& latest_configuration() const;
    [[nodiscard]] LogIndex latest_configuration_index() const;
    [[nodiscard]] std::optional<SnapshotMark> snapshot() const;
    /// The first entry that cannot be read and has not been put back; until then this node does not campaign.
    [[nodiscard]] std::optional<LogIndex> unreadable() const;
    /// Whether this node withholds its vote because it may have forgotten one; part of *ready*.
    [[nodiscard]] VoteHold vote_hold() const;
    /// A leader's members, or a follower's leader.
    [[nodiscard]] std::vector<Contact> contacts() const;

private:
    std::unique_ptr<State> state_;
};

}  // namespace conductor::consensus
