// The inside of the machine: everything that Raft remembers between two steps, and its handlers, each file of
// this folder holding those of one idea. Nobody outside the folder includes this. Pure.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/consensus/log.hpp"
#include "core/consensus/membership.hpp"
#include "core/consensus/progress.hpp"
#include "core/consensus/raft.hpp"
#include "core/consensus/random.hpp"

namespace conductor::consensus {

/// One round of asking for votes or pre-votes.
struct Campaign {
    Ballot ballot{Ballot::pre_vote};
    bool transfer{false};
    WriteTicket own_vote;  ///< nobody is asked for a vote before this is on disk
    bool asked{false};
    std::map<Exchange, ServerId> waiting;  ///< voters that were asked and have not answered
    std::set<ServerId> granted;
};

struct PendingRead {
    Ask ask;
    std::optional<LogIndex> index;  ///< nothing until an entry of this term is committed (§6.4)
    Exchange floor;                 ///< only answers to requests from here on confirm it
};

struct PendingChange {
    std::optional<Ask> ask;  ///< nothing: our own, to heal a forgetful member
    Change change{};
    ServerId id;
    std::string address;
    LogIndex prev_index;
    Instant until;
};

/// A member on its way from nonvoter to voter (raft-wire 4.4).
struct Promotion {
    PendingChange change;
    LogIndex version;   ///< of the configuration that must still be the latest
    bool added{false};  ///< this call made it a member, and takes it out again on failure
    Instant until;
    std::string refusal{};  ///< the last error that it answered
};

struct Transfer {
    enum class Phase : std::uint8_t { catching_up, asked, lost };
    Ask ask;
    bool chosen_by_us{false};
    Instant last_moment;  ///< writes resume then, whatever happens
    ServerId target;
    std::set<ServerId> declined;
    Phase phase{Phase::catching_up};
    bool repeated{false};
    Exchange exchange;
    Instant until;
    bool answered{false};  ///< the caller has its answer; writes stay shut until the phase ends
};

/// What only a leader has.
struct Reign {
    Instant since;
    LogIndex noop;
    LogIndex claim;         ///< nothing is said about leading before this entry of its own is committed
    bool announced{false};  ///< Elected has been said
    std::vector<Progress> peers;
    std::vector<PendingRead> reads;
    std::deque<PendingChange> changes;
    std::optional<Promotion> promotion;
    std::optional<Transfer> transfer;
    /// The oldest entry flushed here and not committed (raft-wire 5.17.1).
    LogIndex stuck_index;
    Instant stuck_until{Instant::max()};
    bool reconnected{false};
    Instant next_beat{Instant::min()};  ///< the next round of heartbeats
};

/// An entry range that is on its way to the disk.
struct Unpersisted {
    WriteTicket ticket;
    LogIndex last;  ///< of our log when it was handed over, cut back by later truncations
    std::optional<SnapshotMark> snapshot;
    bool snapshot_has_payload{false};
};

struct HoldRelease {
    WriteTicket stored;
    Term term;
};

struct Raft::State {
    State(Settings settings, StoredState stored, Instant now);

    // ---- what never changes, and the step at hand ----
    Settings settings;
    Random random;
    Instant now;
    Output out;

    // ---- on disk, or on the way there ----
    Log log;
    Membership membership;
    HardState hard;
    std::set<LogIndex> corrupt;
    std::set<LogIndex> guessed;  ///< of those, the ones of which not even the term is known
    /// This node appended the end of its own vote, if it did, as leader of this term or of an earlier one.
    std::optional<Term> left_in;
    WriteTicket last_ticket;
    WriteTicket hard_ticket;  ///< of the last hard state
    WriteTicket persisted;
    std::deque<Unpersisted> unpersisted;
    LogIndex durable;  ///< our own match
    std::optional<SnapshotMark> stored_snapshot;
    bool stored_snapshot_has_payload{false};

    // ---- volatile ----
    Role role{Role::follower};
    Sender leader;
    LogIndex commit;
    LogIndex applied;
    bool has_head{false};
    Exchange next_exchange{1};

    Instant contact{Instant::min()};
    Instant election_at;  ///< when patience ends
    bool leader_gone{false};
    bool stalled{false};
    Instant hold_off_until{Instant::min()};
    bool hold_off_passed{false};
    VoteHold hold{VoteHold::none};
    Instant mute_until{Instant::min()};  ///< while the vote is held, no leader is answered before
    /// When this ticket is on disk the hold ends, and no vote is given up to that leader's term.
    std::optional<HoldRelease> hold_release;
    EligibilityChanged eligibility;
    ServerId declined_to;
    Instant declined_until{Instant::min()};
    LogIndex acknowledged;          ///< to the leader of this term
    std::deque<Connection> synced;  ///< connections on which an append of this term succeeded
    Instant snapshot_at;
    std::uint64_t octets_since_snapshot{0};

    std::optional<Campaign> campaign;
    std::optional<Reign> reign;

    // ---- raft.cpp ----
    void handle(const Input& input);
    void pump();  ///< a leader does whatever has become possible
    void tick();
    [[nodiscard]] Instant deadline() const;
    Write& write();
    void set_hard_state(HardState next);  ///< all but the floor
    void set_floor(Position floor);
    void keep(HardState next);
    void seal_write();
    /// `everything`: the reply is a promise about all that was decided so far; `term`: only its term must hold.
    enum class Needs : std::uint8_t { term, everything };
    void reply(const Received& request, Message message, Needs needs);
    Exchange request(const ServerId& to, Message message);
    void refuse(Ask ask, Refusal why, std::string detail = {});
    void set_leader(Sender next);
    Position append_own(EntryType type, Bytes data, std::shared_ptr<const Configuration> configuration);
    void append_facts(const Entry& entry);
    void truncate(LogIndex from);
    void recall_membership();
    void put_back(const Entry& entry);
    void readable_again(LogIndex from, LogIndex to);
    void unreadable(LogIndex index);
    void advance_commit(LogIndex to);
    void bootstrap(const Bootstrap& ask);
    void propose(const Proposed& ask);
    void persisted_up_to(WriteTicket ticket);
    void store_changed(StoreCondition condition);
    void received(const Received& message);
    void answered(const Received& reply);

    // ---- election.cpp ----
    [[nodiscard]] bool may_campaign() const;
    [[nodiscard]] bool leaving() const;
    [[nodiscard]] bool alone() const;
    [[nodiscard]] Duration patience();
    [[nodiscard]] Voter voter() const;
    void restart_timer();
    void heard_leader();
    void election_timeout();
    void start_campaign(Ballot ballot, bool transfer);
    void ask_for_votes();
    void count_votes();
    void become_follower(Term term, const char* why);
    void vote_requested(const Received& received, const VoteRequest& ask);
    void vote_answered(const Received& received, const Message& reply);
    void vote_lost(Exchange exchange);
    void split_vote();
    void leader_is_gone();
    void eligibility_changed(const EligibilityChanged& change);
    void vote_hold_changed(VoteHold next);
    void withhold();
    [[nodiscard]] bool mute() const { return hold != VoteHold::none && now < mute_until; }
    void release_hold_after(const AppendRequest& request);
    void release_hold();

    // ---- reign.cpp: being leader ----
    void become_leader();
    void end_reign(const char* why);
    void hold_off();
    [[nodiscard]] Instant lease_end() const;
    [[nodiscard]] Instant leader_deadline() const;
    [[nodiscard]] Instant quorum_contact() const;
    [[nodiscard]] Instant leading_until() const;
    [[nodiscard]] bool leads(Instant at) const;
    void announce_if_leading();
    void advance_leader_commit();
    void sync_peers();
    void part_with_removed();
    void watch_progress();

    // ---- progress.cpp: feeding one member ----
    [[nodiscard]] Progress* peer(const ServerId& id);
    void heartbeat(Progress& peer);
    [[nodiscard]] Instant next_beat();
    void feed(Progress& peer);
    void feed_all();
    [[nodiscard]] LogIndex sendable() const;
    bool send_append(Progress& peer);
    bool send_snapshot(Progress& peer);
    void bulk_failed(Progress& peer);
    void append_answered(Progress& peer, const Flight& flight, const AppendReply& reply, bool bulk);
    void snapshot_answered(Progress& peer, const Flight& flight, const SnapshotReply& reply);
    void leader_answered(const Received& reply);
    void leader_unanswered(const Unanswered& lost);
    void saw(Progress& peer, const Flight& flight);
    void check_memory(Progress& peer, const Flight& flight, LogIndex last_log);

    // ---- replication.cpp: following ----
    void append_requested(const Received& received, const AppendRequest& request);
    void refuse_append(const Received& received, LogIndex hint, bool no_retry_backoff);
    bool store_entries(const AppendRequest& request);

    // ---- reads.cpp ----
    void read_asked(const ReadAsked& ask);
    void note_reads();
    void serve_reads();

    // ---- changes.cpp ----
    void change_asked(const ChangeAsked& ask);
    void serve_changes();
    void expire_changes();
    void heal_forgetful();
    void begin_change(PendingChange change);
    std::optional<Position> append_configuration(const PendingChange& change, Change as);
    void refuse_change(const PendingChange& change, Refusal why, std::string detail = {});
    void watch_promotion();

    // ---- transfer.cpp ----
    void transfer_asked(const TransferAsked& ask);
    void push_transfer();
    void transfer_failed(Refusal why, std::string detail);
    void give_transfer_up();
    bool transfer_answered(const Received& reply);
    bool transfer_unanswered(const Unanswered& lost);
    [[nodiscard]] ServerId transfer_target(const std::set<ServerId>& declined) const;
    void send_timeout_now();
    void timeout_now(const Received& received);

    // ---- snapshot.cpp ----
    void applied_up_to(const Applied& applied);
    void maybe_snapshot();
    [[nodiscard]] LogIndex behind_damage(LogIndex index) const;
    void snapshot_requested(const Received& received, const SnapshotRequest& request);
};

}  // namespace conductor::consensus
