// The control loop of a conductor as one machine: step(now, event) → decision. It keeps the sequencer's node in
// step with leadership: which row of the state table applies (row), how a start is climbed (ladder), how
// leadership is handed on (handover), when a failure is tried again (backoff). It decides; the shell performs
// the actions and brings back every answer. It reads no clock, node, peer or entropy, it never sleeps, and an
// operator's word is answered in the step that brings it (5.11.1). Pure; owned by the core thread. A value: a
// copy goes its own way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/control/action.hpp"
#include "core/control/backoff.hpp"
#include "core/control/describe.hpp"
#include "core/control/handover.hpp"
#include "core/control/ladder.hpp"
#include "core/control/pace.hpp"
#include "core/control/row.hpp"

namespace conductor::control {

/// Names what an operator asked for, until it is answered. Chosen by the shell, never reused.
using OperatorAsk = Ordinal<struct OperatorAskTag>;

struct PolicySettings {
    ServerId self;
    bool paused{false};  ///< at start
    bool ready{true};    ///< at start; false: NodeReady comes when the probe of 2.2 has ended well
    Active active{Active::unknown};
    RowRules rows;
    LadderSettings ladder;
    BackoffSettings backoff;
    PaceSettings pace;
    bool yield_when_idle{true};                           ///< P-2, `paused.yield-leadership`
    bool transfer_at_shutdown{true};                      ///< 2.4.4, `shutdown.transfer-leadership`
    bool stop_beside_transfer{true};                      ///< P-6
    Duration stop_soft_timeout{std::chrono::seconds{1}};  ///< `control.stop-soft-timeout`
    Duration node_limit{std::chrono::seconds{10}};        ///< `node.rpc-timeout`: one call to the node
    Duration refresh_limit{std::chrono::seconds{5}};      ///< for asking whether it produces
    Duration confirm_limit{std::chrono::seconds{5}};      ///< `raft.apply-timeout`
    Duration transfer_limit{std::chrono::seconds{5}};     ///< `raft.transfer-timeout`
    Duration rank_limit{std::chrono::milliseconds{500}};
    Duration settle_limit{std::chrono::seconds{1}};  ///< for the role to follow a transfer that worked
    Duration shutdown_limit{std::chrono::seconds{5}};
    Duration wedged_after{std::chrono::seconds{10}};   ///< 7.3 `start_wedged`
    Duration target_memory{std::chrono::seconds{30}};  ///< P-9
};
/// `compat=go` (1.6.6): turns off what differs from Go by default, and nothing that guards data.
void turn_to_go(PolicySettings& settings);

// ---- events ------------------------------------------------------------------------------------------------

struct Tick {};  ///< next_deadline() has come
struct RoleChanged {
    bool leads{false};
    Term term;
    bool leader_known{false};  ///< of this node or another, now
};
/// The verdict after a health cycle, changed or not: each one also has the node asked whether it produces
/// (P-4).
struct Judged {
    Verdict verdict;
    bool again{false};  ///< told before in the same cycle: nobody reads it twice
};
struct PeersSeen {
    peers::View view;
};
struct HeadMoved {
    Head head;
};  ///< the replicated head, as applied here
struct NodeReady {};
struct SiblingRefused {};  ///< a payload beside the head was refused here as leader (P-51)
struct OverrideSet {
    bool on{false};
};
struct PauseAsked {
    OperatorAsk ask;
};
struct ResumeAsked {
    OperatorAsk ask;
};
struct WaiveAsked {
    OperatorAsk ask;
};
struct StopAsked {};  ///< shut down; answered by Decision::finished
struct Answered {
    Call call;
    Answer answer;
};
using Event = std::variant<Tick, RoleChanged, Judged, PeersSeen, HeadMoved, NodeReady, SiblingRefused,
                           OverrideSet, PauseAsked, ResumeAsked, WaiveAsked, StopAsked, Answered>;

// ---- decisions ---------------------------------------------------------------------------------------------

struct Reply {
    OperatorAsk ask;
    std::string error;  ///< empty: done
};

/// What the shell must now do, from top to bottom.
struct Decision {
    std::vector<Call> abandon;  ///< cancel these; their answers, if they come, are not waited for
    std::vector<Reply> replies;
    std::vector<Action> actions;  ///< at most one per lane is in flight
    std::vector<Line> lines;
    std::vector<Count> counts;
    bool finished{false};  ///< control is over: the process may leave
};

class Policy {
public:
    Policy(PolicySettings settings, Instant now);

    [[nodiscard]] Decision step(Instant now, const Event& event);
    /// When to come back with a Tick at the latest; empty: nothing is waited for. May lie in the past: at once.
    [[nodiscard]] std::optional<Instant> next_deadline() const;

    [[nodiscard]] const Situation& situation() const { return s_; }
    /// Why the last climb did not start; empty: it did, or there was none in this reign.
    [[nodiscard]] const std::optional<Refusal>& start_refusal() const { return refusal_; }
    /// 7.3: a start has been failing for too long, or will not heal by itself.
    [[nodiscard]] bool start_wedged(Instant now) const;
    /// Everything that decides what happens next, relative to `now`: equal texts, equal futures. For tests.
    [[nodiscard]] std::string fingerprint(Instant now) const;

private:
    enum class Plan : std::uint8_t { none, stop, climb, hand_over, yield };
    struct Flight {
        Call call;
        Task task;
        Instant deadline;
    };

    // What came in (policy.cpp).
    void on(const Tick&) {}
    void on(const RoleChanged& event);
    void on(const Judged& event);
    void on(const PeersSeen& event);
    void on(const HeadMoved& event);
    void on(const NodeReady&);
    void on(const SiblingRefused&);
    void on(const OverrideSet& event) { s_.overridden = event.on; }
    void on(const PauseAsked& event);
    void on(const ResumeAsked& event);
    void on(const WaiveAsked& event);
    void on(const StopAsked&);
    void on(const Answered& event);
    void lost_lead();
    void gained_lead();
    void state_event();
    void expire();
    void deliver(const Task& task, const Answer& answer);

    // What to do about it (policy.cpp).
    void advance();
    void while_idle();
    void void_what_no_longer_applies(const Choice& choice);
    void obey(const Choice& choice);
    void refresh_if_due();

    // The plans (policy_plans.cpp).
    void begin_stop(Row row);
    void stop_ended(const Answer& answer);
    void begin_climb(Row row);
    void follow(LadderStep step);
    void climbed(const Climbed& climbed);
    void refused(const Refusal& refusal);
    void begin_hand_over(HandOverOrder order);
    void follow(HandOverStep step);
    void hand_over_answered(const Task& task, const Answer& answer);
    void conclude_hand_over();
    /// Leadership came back from others that could not use it either: not yet to be passed on again.
    [[nodiscard]] std::optional<Instant> stays_until() const;
    void consider_yield();
    void say_farewell();
    void active_told(const Answer& answer);
    /// Updates the belief, counts and lines of a stop call; the error if it failed.
    std::string note_stop(const Answer& answer);

    // Shared means.
    void issue(Task task);
    void abandon(std::optional<Flight>& flight);
    void abort_plan();
    void row_succeeded();
    void row_failed(const std::string& error, const char* action, const char* reason);
    void say(Level level, const char* message, const char* event, std::vector<Fact> facts);
    void say_step(const char* message, const char* event);
    void say_failed_step(const std::string& error, const char* event);
    [[nodiscard]] bool hands_off() const { return s_.paused || !s_.ready; }
    [[nodiscard]] bool refreshing() const;
    [[nodiscard]] Ground ground() const { return {s_.term, s_.peers, waived_, newest_}; }
    [[nodiscard]] Duration limit_of(const Task& task) const;
    [[nodiscard]] std::vector<FailedTarget> failed_targets() const;

    PolicySettings settings_;
    Situation s_;
    Instant now_;
    Decision out_;
    std::uint64_t calls_{0};

    Plan plan_{Plan::none};
    Row row_{Row::follow};  ///< that the plan carries out
    Triple entry_;          ///< the triple when that row was entered
    std::optional<Flight> node_;
    std::optional<Flight> group_;
    Ladder ladder_;
    std::optional<Instant> ladder_wait_;
    std::optional<HandOverRun> run_;

    Backoff backoff_;
    Pace pace_;
    std::optional<Instant> retry_at_;
    std::optional<Instant> look_again_;
    std::optional<Instant> settle_until_;
    std::optional<Instant> farewell_until_;
    bool finished_{false};
    bool hears_leader_{false};
    bool refresh_due_{true};
    bool verdict_is_news_{false};
    std::vector<OperatorAsk> resumes_;
    std::optional<Head> newest_;
    bool waived_{false};

    bool prev_presumed_{
        false};  ///< the triple before ours holds a guess: whether the node produced at our start
    bool elected_idle_{false};  ///< this reign began while paused or not ready
    bool yielded_{false};       ///< in this reign
    bool said_no_heir_{false};
    std::map<ServerId, Instant> failed_targets_;
    ServerId last_target_;
    std::optional<Instant> last_transfer_at_;

    std::optional<Refusal> refusal_;
    std::optional<Instant> start_failing_since_;
    RepeatFilter errors_;
};

}  // namespace conductor::control
