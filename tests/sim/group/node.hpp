// One simulated member: the real protocol and the real head rule in a shell that does what replica does, with
// the simulated disk and network below it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checker.hpp"
#include "core/consensus/membership.hpp"
#include "core/control/action.hpp"
#include "core/payload/unsafe_head.hpp"
#include "disk.hpp"
#include "network.hpp"
#include "node_clock.hpp"
#include "plan.hpp"
#include "schedule.hpp"
#include "trace.hpp"

namespace conductor::sim {

/// Asks for something; otherwise it answers.
[[nodiscard]] inline bool is_request(const consensus::Message& message) {
    return std::holds_alternative<consensus::AppendRequest>(message) ||
           std::holds_alternative<consensus::VoteRequest>(message) ||
           std::holds_alternative<consensus::SnapshotRequest>(message) ||
           std::holds_alternative<consensus::TimeoutNowRequest>(message);
}
/// What a leader sends to those it feeds.
[[nodiscard]] inline bool is_feed(const consensus::Message& message) {
    return std::holds_alternative<consensus::AppendRequest>(message) ||
           std::holds_alternative<consensus::SnapshotRequest>(message);
}

/// Members are called a, b, c …
[[nodiscard]] inline std::size_t letter_of(const ServerId& id) {
    return static_cast<std::size_t>(id.text()[0] - 'a');
}

/// What all members share.
struct Surroundings {
    Plan& plan;
    Schedule& schedule;
    Network& network;
    Checker& checker;
    Trace& trace;
    consensus::Random& random;
};
/// How this disk is at the moment.
struct DiskWeather {
    Duration flush{std::chrono::milliseconds{1}};  ///< at most
    std::optional<Duration> stall;                 ///< the next flush takes this long
    bool error{false};                             ///< the next flush fails
    bool full{false};                              ///< every write fails
    bool unreadable{false};                        ///< nothing can be opened
};

class Node {
public:
    using Who = std::size_t;
    Node(Surroundings& world, Who who, std::unique_ptr<Disk> disk, NodeClock clock);

    void boot();
    /// `power`: the machine dies, and what the kernel had not written with it. `failing`: over an error of the
    /// disk.
    void crash(bool power, bool silent, bool failing = false);
    void freeze(Duration span) { frozen_until_ = std::max(frozen_until_, world_.schedule.now() + span); }
    /// While the process is down: a new, empty disk.
    void wipe();
    /// The process ends, and while it is down what it has on disk takes harm. False: it did not come to that.
    [[nodiscard]] bool crash_and_rot(consensus::Random& draw);
    /// As far as the simulator knows: nothing on disk is unreadable, and nothing acknowledged is missing.
    [[nodiscard]] bool whole() const;
    void thaw() { frozen_until_ = {}; }
    /// For this life of the process; later where it is frozen, never where it has ended.
    void give(std::uint64_t life, consensus::Input input);
    void step(const consensus::Input& input);
    /// As give(), for work of the process beside the protocol.
    void run(std::uint64_t life, std::function<void()> work);
    void end_stall();

    /// Names what is asked; answered through `what` of the ask.
    consensus::Ask next_ask() { return consensus::Ask{++last_ask_}; }
    /// One more block on the head, if this node may commit now.
    void produce(std::uint64_t salt);
    /// Asks for a read; `committed`: what the group has committed by now, and the answer may not lack.
    void read(LogIndex committed);

    // What the control loop asks of the group. `done` comes from inside a step, once, or with the process
    // never.
    void commit(const Checker::Block& block, const Bytes& octets, std::function<void(bool)> done);
    void confirm(std::function<void(std::optional<control::Confirmed>)> done);
    void transfer(const ServerId& target, std::function<void(bool)> done);
    /// What the log still holds of this height.
    [[nodiscard]] std::optional<std::pair<Checker::Block, Bytes>> payload(BlockNumber number) const;
    [[nodiscard]] bool has_head() const { return head_.head().has_value(); }
    [[nodiscard]] std::size_t voters() const { return consensus::count_voters(raft_->latest_configuration()); }
    [[nodiscard]] Instant local_now() const { return local(); }
    [[nodiscard]] Instant world_time(Instant when) const { return clock_.world(when); }

    [[nodiscard]] bool running() const noexcept { return raft_ != nullptr; }
    [[nodiscard]] Instant frozen_until() const noexcept { return frozen_until_; }
    [[nodiscard]] bool awake() const { return running() && frozen_until_ <= world_.schedule.now(); }
    [[nodiscard]] std::uint64_t life() const noexcept { return life_; }
    [[nodiscard]] const consensus::Sender& sender() const noexcept { return sender_; }
    [[nodiscard]] const consensus::Raft& raft() const { return *raft_; }
    [[nodiscard]] Disk& disk() noexcept { return *disk_; }
    [[nodiscard]] const Disk& disk() const noexcept { return *disk_; }
    [[nodiscard]] LogIndex applied() const noexcept { return applied_; }
    [[nodiscard]] const std::optional<payload::Envelope>& head() const noexcept { return head_.head(); }
    /// Nothing where a snapshot stands for it.
    [[nodiscard]] std::optional<consensus::Position> log_at(LogIndex index) const;
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    [[nodiscard]] std::uint64_t snapshots_sent() const noexcept { return snapshots_sent_; }
    /// Until when it says that it leads, in the world's time.
    [[nodiscard]] Instant leading_until() const noexcept { return leading_until_; }
    /// What `conductor_leader` answers at this moment.
    [[nodiscard]] bool says_that_it_leads() const;
    /// As the only voter.
    [[nodiscard]] bool leads_alone() const;
    [[nodiscard]] std::string text() const;
    DiskWeather disk_weather;
    bool empty_at_boot{false};

    // What the control loop hears; from inside a step.
    std::function<void()> on_death = [] {};
    bool controlled{false};  ///< a control loop decides who produces, not this member
    std::function<void(Term)> on_elected = [](Term) {};
    std::function<void(Term)> on_stepped_down = [](Term) {};
    std::function<void(bool)> on_leader = [](bool) {};
    std::function<void(peers::Head)> on_head = [](peers::Head) {};
    /// Called behind every step.
    std::function<void(Who)> on_step = [](Who) {};
    /// How many of the voters' disks hold an entry, and how many voters there are.
    std::function<std::pair<std::size_t, std::size_t>(const consensus::Configuration&, consensus::Position)>
        copies;
    std::function<void(Who, Duration)> on_failed_disk = [](Who, Duration) {};

private:
    struct Commit {
        Checker::Block block;
        std::function<void(bool)> done;
    };
    using Confirmed = std::function<void(std::optional<control::Confirmed>)>;

    void perform(consensus::Output out);
    void stage(const consensus::Write& write, DiskWrite& staged);
    void post(consensus::Envelope envelope);
    void reply(consensus::Envelope envelope);

    // ---- node_rules.cpp ----
    /// What a vote was judged by.
    struct Voted {
        consensus::Position last;
        bool held;
    };
    struct Asked {
        Who peer;
        Instant at;
    };
    void check_ballot(const consensus::Input& input, const Voted& before, const consensus::Output& out);
    void check_said(const consensus::Message& message);
    void check_commit(LogIndex index) const;
    void give_up_what_is_cut(const consensus::Write& write);
    [[nodiscard]] bool had(consensus::Position position) const;
    void keep_what_is_flushed();
    void remember(const consensus::StoredState& found);
    void note_request(const consensus::Envelope& envelope);
    void note_answer(const consensus::Input& input);
    void check_lease(Instant until) const;

    void hide_damage(consensus::StoredState& found);
    /// Whether the entry is there and cannot be read; then consensus hears of it.
    [[nodiscard]] bool damaged(LogIndex index);
    void apply_up_to(LogIndex commit);
    void lose_waiters();
    void serve_confirmed();
    [[nodiscard]] control::Confirmed standing() const;
    void find_path();
    [[nodiscard]] bool contradicts(const Checker::Block& block) const;
    void publish();
    void answer(const consensus::Output& out);
    void flush();
    void flushed(std::uint64_t life, std::size_t batch);
    void watch_disk(std::uint64_t life);
    void probe_disk(std::uint64_t life);
    void arm();
    void tick(std::uint64_t life);
    [[nodiscard]] Instant local() const { return clock_.local(world_.schedule.now()); }
    [[nodiscard]] std::uint64_t head_digest() const;
    [[nodiscard]] BlockNumber head_number() const;

    Surroundings& world_;
    Who who_;
    consensus::Sender sender_;
    std::unique_ptr<Disk> disk_;
    NodeClock clock_;
    std::unique_ptr<consensus::Raft> raft_;
    std::uint64_t life_{0};
    Instant frozen_until_{};
    Instant armed_{Instant::max()};

    std::deque<DiskWrite> writes_;
    std::size_t at_work_{0};  ///< how many of them are being flushed
    Instant work_began_{};
    std::uint64_t flush_{0};  ///< names the one under way
    bool stalled_{false};
    std::deque<consensus::Promise> promises_;
    std::map<LogIndex, consensus::Entry> memory_;
    consensus::Position staged_snapshot_;
    Bytes staged_payload_;

    payload::UnsafeHead head_;
    mutable std::pair<Bytes, std::uint64_t> digested_;  ///< the head's octets, kept so that they stay the same
    LogIndex commit_;
    LogIndex applied_;
    std::map<BlockNumber, LogIndex> path_;  ///< where the log has what was head
    bool applying_{false};
    std::map<std::pair<LogIndex, Term>, Commit> waiting_;
    std::map<consensus::Ask, Commit> proposals_;
    std::map<consensus::Ask, LogIndex> reads_;
    std::map<consensus::Ask, Confirmed> confirms_;
    std::deque<std::pair<LogIndex, Confirmed>> confirmed_later_;
    std::map<consensus::Ask, std::function<void(bool)>> transfers_;
    std::optional<consensus::Ask> confirming_;
    std::optional<LogIndex> confirmed_;  ///< once this is applied, blocks may be made
    bool producing_{false};
    Instant leading_until_{Instant::min()};
    consensus::Configuration members_;  ///< as they were before this step
    LogIndex members_index_;
    consensus::Position kept_;   ///< what this member has ever had on disk, and nobody has cut
    Term granted_in_;            ///< a vote
    std::set<LogIndex> rotten_;  ///< unreadable, and not put back yet
    std::map<LogIndex, consensus::Position> hidden_;  ///< of those, the ones that nobody has tried to read
    std::map<consensus::Exchange, Asked> asked_;
    std::vector<Instant> contacts_;  ///< of each member, when the last answered request left, in this reign
    std::uint64_t last_ask_{0};
    std::uint64_t steps_{0};
    std::uint64_t snapshots_sent_{0};
};

}  // namespace conductor::sim
