// The start ladder (conductor.md 5.5): what must be true, and what may be repaired, before a leader's sequencer
// is told to produce. Confirm leadership, compare heads, post what the node lacks, commit what only the node
// has, start on the replicated head and on nothing older. One action per rung; every refusal is data. It never
// reads a peer's silence as consent. Pure: policy carries its rungs out and brings back the answers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/control/action.hpp"
#include "core/control/describe.hpp"
#include "core/peers/table.hpp"

namespace conductor::control {

enum class OnFork : std::uint8_t { off, transfer };

struct LadderSettings {
    bool repairs{true};         ///< false: Go's single case, a gap of exactly one (5.5 step 4)
    bool empty_rule{true};      ///< 5.5.7; false: an empty FSM never starts
    bool peers_withhold{true};  ///< 5.5.8
    std::uint64_t depth{32};    ///< `unsafe-repair-depth`
    OnFork on_fork{OnFork::off};
    Duration catchup_timeout{std::chrono::seconds{9}};  ///< `control.catchup-timeout`
    Duration insert_limit{std::chrono::seconds{2}};     ///< for a posted payload to become the node's head
    Duration poll_period{std::chrono::milliseconds{50}};
    Duration target_memory{std::chrono::seconds{30}};  ///< no second hand-over to one member within this (P-9)
};

enum class StartRefusal : std::uint8_t {
    unconfirmed,      ///< leadership or the replicated head could not be confirmed
    no_first_poll,    ///< the peers have not been asked yet since our start
    peer_overridden,  ///< another member reports leaderOverridden
    peer_active,      ///< empty FSM, and another sequencer produces
    peer_ahead,       ///< a voter's node is above the replicated head, and cannot be handed leadership
    no_unsafe_head,   ///< empty FSM, and not every voter has said what 5.5.7 asks for
    head_unreadable,  ///< the node did not tell its head
    behind,           ///< the node lacks more than can be posted
    not_inserted,     ///< posted, but it did not become the node's head in time
    post_failed,
    post_too_large,       ///< the node will not take this payload from us: only gossip or another leader helps
    payload_corrupt,      ///< the replicated payload does not hash to its block: a person must act
    fork,                 ///< the node stands on another branch: never rolled back silently
    payload_unavailable,  ///< the node is ahead, and its payload cannot be had
    commit_failed,
    start_failed,
};
[[nodiscard]] const char* name_of(StartRefusal why) noexcept;

struct Refusal {
    StartRefusal why{};
    std::string text;             ///< the error as op-conductor words it
    std::vector<ServerId> who;    ///< members that hold the start back
    bool hold{false};             ///< others must change first: handing leadership on does not help by itself
    bool alarm{false};            ///< will not heal by itself
    bool outcome_unknown{false};  ///< the node may produce nevertheless
};
struct Climbed {
    bool already{false};  ///< the node produced before the call
    BlockHash head;
};
struct WaitUntil {
    Instant when;
};
/// Someone else should lead, and nobody but these: in this order, without consensus' own choice at the end.
struct HandOver {
    std::vector<ServerId> targets;
    Refusal because;
};
using Rung = std::variant<Task, WaitUntil, Climbed, Refusal, HandOver>;

struct LadderStep {
    Rung rung;
    std::vector<Line> lines;
};

/// What the ladder may look at, at the moment of each step.
struct Ground {
    Term term;
    const peers::View& peers;
    bool waived{false};          ///< `conductor_waivePeerCheck` holds
    std::optional<Head> newest;  ///< the replicated head as applied here just now
};

class Ladder {
public:
    explicit Ladder(LadderSettings settings) : settings_{settings} {}

    /// A new climb from the ground. Whatever was under way is forgotten.
    [[nodiscard]] LadderStep begin(Instant now, const Ground& ground);
    /// The answer to the call of the last rung.
    [[nodiscard]] LadderStep answered(Instant now, const Answer& answer, const Ground& ground);
    /// The wait of the last rung has ended.
    [[nodiscard]] LadderStep waited(Instant now, const Ground& ground);
    /// The climb is given up; what is known of this reign stays.
    void abandon() { phase_ = Phase::idle; }
    /// The reign is over, or the sequencer runs: how long the node has been behind no longer counts.
    void reset();

    /// Everything that decides what happens next, relative to `now`: equal texts, equal futures. For tests.
    [[nodiscard]] std::string fingerprint(Instant now) const;

private:
    enum class Phase : std::uint8_t {
        idle,
        confirming,
        reading_head,
        reading_block,
        posting,
        inserting,
        fetching,
        committing,
        starting
    };
    using Lines = std::vector<Line>;

    [[nodiscard]] Rung confirm();
    [[nodiscard]] Rung confirmed(const Answer& answer, const Ground& ground);
    [[nodiscard]] Rung head_read(Instant now, const Answer& answer, const Ground& ground, Lines& lines);
    [[nodiscard]] Rung compare(Instant now, const Ground& ground, Lines& lines);
    [[nodiscard]] Rung from_empty(Instant now, const Ground& ground);
    [[nodiscard]] Rung repair_gap(Instant now, const Ground& ground);
    [[nodiscard]] Rung block_read(Instant now, const Answer& answer, const Ground& ground);
    [[nodiscard]] Rung posted(Instant now, const Answer& answer, const Ground& ground, Lines& lines);
    [[nodiscard]] Rung inserted(Instant now, const Answer& answer);
    [[nodiscard]] Rung fetched(const Answer& answer);
    [[nodiscard]] Rung committed(const Answer& answer);
    [[nodiscard]] Rung started(const Answer& answer);
    [[nodiscard]] Rung start(const Ground& ground, const Head& head);
    [[nodiscard]] Rung on_fork(Instant now, const Ground& ground);
    [[nodiscard]] Rung post_next(BlockNumber number);
    [[nodiscard]] std::optional<Refusal> withheld(const Ground& ground) const;
    [[nodiscard]] std::optional<Rung> to_level_voter(Instant now, const Ground& ground, const Refusal& because);
    [[nodiscard]] std::optional<Rung> to_nearer_voter(Instant now, const Ground& ground,
                                                      const Refusal& because);
    [[nodiscard]] static bool may_lead(const peers::Status& status);
    [[nodiscard]] std::optional<Rung> to_higher_voter(Instant now, const peers::Row& row,
                                                      const Refusal& because);
    [[nodiscard]] bool tried(Instant now, const ServerId& id) const;
    [[nodiscard]] Rung refuse(Refusal refusal);
    void warn_unknown(const Ground& ground, Lines& lines);

    LadderSettings settings_;
    Phase phase_{Phase::idle};
    std::optional<Head> replicated_;  ///< as confirmed in this climb
    std::optional<BlockNumber> ring_from_;
    Head node_;  ///< the node's newest block
    BlockNumber posting_;
    Instant insert_until_{};
    // Across the climbs of one reign:
    std::optional<Instant> behind_since_;
    std::optional<BlockNumber> too_large_;
    bool warned_unknown_{false};
    // Across reigns:
    std::map<ServerId, Instant> tried_;
};

}  // namespace conductor::control
