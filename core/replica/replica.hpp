// The shell around the protocol: the one place where consensus touches the machine. It performs what step()
// asks, in that order, and waits for nothing: while the disk works for one output the next is performed. It
// owns the replicated state (the unsafe head) and answers whoever committed, once a quorum has the payload on
// disk and it is applied here.
//
// After an error of the store it is mute for ever: no acknowledgement, no vote, no campaign; the process ends
// soon and the recovery of the next start decides (conductor.md P-52). All members are for the core thread
// unless they say otherwise.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/consensus/raft.hpp"
#include "core/control/ports.hpp"
#include "core/payload/position_ring.hpp"
#include "core/payload/unsafe_head.hpp"
#include "core/replica/disk_worker.hpp"
#include "core/replica/entry_cache.hpp"
#include "core/replica/ledger.hpp"
#include "core/replica/links.hpp"
#include "core/replica/outbox.hpp"
#include "core/replica/waiters.hpp"

namespace conductor::replica {

struct Options {
    consensus::Settings raft;
    std::chrono::milliseconds stall_timeout{2000};  ///< `storage.stall-timeout`
    std::uint64_t cache_octets{16ULL << 20U};       ///< of applied entries kept in memory
    std::uint64_t pending_octets{256ULL << 20U};    ///< of proposals not yet applied; more are refused
    std::size_t pending_commits{1024};
    bool refuse_siblings{true};  ///< `commit.on-sibling` is `refuse` (P-51)
};

/// What the rest of the house hears. Called on core, from inside a step: return soon, call nothing back.
struct Events {
    std::function<void(Term)> elected = [](Term) {};
    std::function<void(const consensus::SteppedDown&)> stepped_down = [](const auto&) {};
    std::function<void(const consensus::Sender&)> leader_changed = [](const auto&) {};
    std::function<void(const payload::Envelope&)> head_moved = [](const auto&) {};
    std::function<void()> members_changed = [] {};  ///< membership() says something else from now on
    std::function<void()> sibling_refused = [] {};  ///< a payload beside the head (P-51)
    std::function<void(bool)> stalled = [](bool) {};
    /// A member lost what it had acknowledged (raft-wire 5.8.1): a person must look at its disk.
    std::function<void(const ServerId&)> forgetful = [](const auto&) {};
    std::function<void(const consensus::VoteRefused&)> vote_refused = [](const auto&) {};
    std::function<void(consensus::VoteHold)> vote_hold_changed = [](auto) {};
    /// An entry of the log, the first of perhaps several, does not come back as it was written. It is put back
    /// by whoever leads, or falls below a snapshot; until then this node leads nobody.
    std::function<void(LogIndex, const storage::StoreError&)> unreadable = [](auto, const auto&) {};
    std::function<void(const storage::StoreError&)> store_failed = [](const auto&) {};
    std::function<void(Duration)> applied = [](Duration) {};  ///< one payload, by the state machine alone
    std::function<void(Duration)> stored = [](Duration) {};   ///< one batch with entries, flushed
};

struct Figures {
    std::uint64_t commits{0};
    std::uint64_t commits_refused{0};
    std::uint64_t not_newer{0};          ///< acknowledged without becoming head (conductor.md 3.5.4)
    std::uint64_t parent_mismatches{0};  ///< the next number on another parent than the head
    std::uint64_t siblings_refused{0};   ///< P-51
    std::uint64_t stalls{0};
};

/// Why the group did not do what it was asked to.
struct AskError {
    std::optional<consensus::Refusal> why;  ///< empty: none of consensus' reasons, `text` says which
    std::string text;                       ///< as Go's library words it
};
using AskDone = std::function<void(Result<void, AskError>)>;

/// The replicated value, at a moment at which this node certainly led.
struct Standing {
    Term term;                                     ///< in which leadership was confirmed
    std::optional<payload::PayloadPosition> head;  ///< empty: no payload was ever committed
    std::optional<BlockNumber> ring_from;          ///< payload_json() can give all from here to `head`
};

/// Whom this node follows, and when that one was heard last.
struct Followed {
    ServerId leader;
    Term term;
    Instant heard;
};

class Replica final : public control::Committer, public control::GroupView {
public:
    Replica(boost::asio::io_context& core, Options options, std::unique_ptr<storage::LogStore> store,
            Links& links, Events events);
    ~Replica() override;

    /// Reads what the log holds, then starts the protocol. Until `ready` has been called nothing is accepted.
    void start(std::function<void()> ready);
    /// Makes this node the only member of a new group (raft-wire 5.14).
    void bootstrap(consensus::Configuration configuration,
                   std::function<void(std::optional<consensus::Refusal>)> done);
    /// Refuses what is new, answers what waits, flushes and closes the store; at most `limit`.
    void stop(std::chrono::milliseconds limit);

    void commit(payload::Envelope envelope, control::CommitDone done) override;
    /// Makes `envelope` the head, whatever its number, by a reset entry (raft-wire 6); done as commit(). On
    /// core, by whoever knows that every member is ours: a Go member would keep the old head.
    void reset_head(const payload::Envelope& envelope, control::CommitDone done);

    // From other members, on core.

    /// A request, or an answer to one that left through Links. A request is answered through Links, or its
    /// connection is closed: while the log is being read, and once this node is mute, always.
    void receive(consensus::Received received);
    /// A request that left will have no answer.
    void unanswered(const consensus::Unanswered& lost);
    /// Nothing while no leader is known, or this node is it.
    [[nodiscard]] std::optional<Followed> followed() const;
    /// The host of that leader has refused connections (raft-wire 8.1/11).
    void leader_gone(const ServerId& leader);
    /// Nothing while the log is being read.
    [[nodiscard]] std::optional<consensus::VoteHold> vote_hold() const;
    /// What is known of the votes that this node may have forgotten (raft-wire 5.4.1). After start().
    void set_vote_hold(consensus::VoteHold hold);
    /// No term, no log, no snapshot: it has never taken part, or has lost everything. After start().
    [[nodiscard]] bool is_blank() const;

    // Asked of the group, on core. `done` comes on core, once, perhaps from inside the call; whoever is told
    // must not ask again from inside it.

    /// Has leadership confirmed (read-index) and everything applied that was committed before the question.
    void confirm(std::function<void(Result<Standing, AskError>)> done);
    /// Hands leadership to `target`; empty: consensus chooses. Done once this node leads no more.
    void transfer(ServerId target, AskDone done);
    /// Done once the change is committed. `version` 0: whatever the configuration is.
    void change(consensus::Change change, ServerId id, std::string address, LogIndex version, AskDone done);
    /// Whether this node should lead (P-2), from now on. On core, also before start().
    void set_eligibility(consensus::EligibilityChanged eligibility);
    /// A payload of the ring as JSON envelope, read and converted on the disk thread.
    ///   errors  the ring does not hold it, or the disk does not give it back as it was
    void payload_json(BlockNumber number, std::function<void(Result<std::string, Complaint>)> done);

    [[nodiscard]] bool leads() const override;
    [[nodiscard]] control::LeaderView leader() const override;
    [[nodiscard]] control::MembershipView membership() const override;
    [[nodiscard]] std::string not_ready() const override;

    [[nodiscard]] const payload::UnsafeHead& head() const noexcept { return head_; }
    [[nodiscard]] const payload::PositionRing& ring() const noexcept { return ring_; }
    [[nodiscard]] const Figures& figures() const noexcept { return figures_; }
    [[nodiscard]] LogIndex applied_index() const noexcept { return applied_; }
    [[nodiscard]] const consensus::Raft& raft() const { return *raft_; }

private:
    enum class Life : std::uint8_t { loading, running, dead, stopped };
    struct Loaded;
    /// What other threads read of a group.
    struct Published {
        consensus::Sender leader;
        control::MembershipView membership;
    };

    void begin(Loaded loaded, const std::function<void()>& ready);
    void step(const consensus::Input& input);
    void perform(consensus::Output out);
    void tell(const consensus::Output& out);
    [[nodiscard]] storage::StoreWrite stage(consensus::Write what);
    void write(storage::StoreWrite what, WriteTicket ticket);
    void written(WriteTicket ticket, const Result<void, storage::StoreError>& result);
    void answer_asks(const consensus::Output& out);

    // ---- asks.cpp ----
    [[nodiscard]] std::optional<AskError> reason_not_to_ask() const;
    void answer_operations(const consensus::Output& out);
    void answer_reads();
    void fail_operations();
    void fail_confirmed(const AskError& why);
    [[nodiscard]] Standing standing(Term term) const;

    void begin_commit(payload::Envelope envelope, control::CommitDone done);
    void propose(Bytes data, control::CommitDone done);
    [[nodiscard]] std::optional<std::string> reason_to_refuse(std::size_t octets) const;
    [[nodiscard]] std::optional<std::string> reason_to_refuse(const payload::Envelope& envelope);
    [[nodiscard]] bool contradicts_log(const payload::Envelope& envelope) const;
    [[nodiscard]] std::optional<consensus::Position> in_flight(const payload::Envelope& envelope) const;

    [[nodiscard]] std::optional<BlockNumber> head_number() const;
    void take_over(const consensus::SnapshotMark& mark, const Bytes& payload);
    void apply_committed();
    void report_applied();
    void apply_cached(const wire::EncodedEntry& entry);
    void replay_from_disk(LogIndex to);
    void replayed(std::uint64_t replay, const PayloadFacts& facts, LogIndex to,
                  const Result<consensus::Entry, storage::StoreError>& read);
    void remember_path(std::optional<BlockNumber> head, LogIndex from, LogIndex before);
    void took(const payload::Envelope& envelope, LogIndex index);

    void arm_timer();
    void watch_disk();
    void probe_disk();
    void seal_when_quiet();
    void fall_silent(const storage::StoreError& error);
    void report_unreadable(LogIndex index, const storage::StoreError& error);
    void publish();

    boost::asio::io_context& core_;
    Options options_;
    Links& links_;
    Events events_;
    Life life_{Life::loading};

    payload::UnsafeHead head_;
    payload::PositionRing ring_;
    Ledger ledger_;
    EntryCache cache_;
    Waiters waiters_;
    std::map<consensus::Ask, control::CommitDone> asked_;
    std::map<consensus::Ask, std::function<void(std::optional<consensus::Refusal>)>> bootstraps_;
    using ReadDone = std::function<void(Result<Standing, AskError>)>;
    struct ConfirmedRead {
        LogIndex index;
        Term term;
        ReadDone done;
    };
    std::map<consensus::Ask, ReadDone> reads_;
    std::deque<ConfirmedRead> confirmed_reads_;  ///< wait until their index is applied
    std::map<consensus::Ask, AskDone> operations_;
    std::optional<consensus::EligibilityChanged> eligibility_;
    std::deque<consensus::Promise> promises_;
    Outbox outbox_;
    Figures figures_;

    std::unique_ptr<consensus::Raft> raft_;
    std::uint64_t last_ask_{0};
    LogIndex commit_;
    LogIndex applied_;
    std::optional<LogIndex> missed_;  ///< what is to be applied next cannot be read and is not put back yet
    bool replaying_{false};
    std::uint64_t replay_{0};  ///< names the one under way; a snapshot makes its answer worthless
    consensus::Configuration members_;
    std::uint64_t pending_octets_{0};
    bool stalled_{false};

    boost::asio::steady_timer protocol_timer_;
    std::optional<Instant> armed_for_;  ///< when it fires
    boost::asio::steady_timer disk_timer_;
    boost::asio::steady_timer seal_timer_;

    std::atomic<std::int64_t> leading_until_ns_{INT64_MIN};  // on the boot clock
    std::atomic<bool> ready_{false};
    std::atomic<bool> mute_{false};
    std::atomic<bool> damaged_{false};
    std::atomic<consensus::VoteHold> vote_hold_{consensus::VoteHold::none};
    mutable std::mutex published_mutex_;  // guards published_, which net threads read
    Published published_;

    DiskWorker disk_;  // last: its thread ends before what its answers would touch is gone
};

}  // namespace conductor::replica
