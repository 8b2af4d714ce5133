// The shell around the control loop: the one place where policy meets the machine. It brings every event to
// the policy in the order in which it came, performs what is decided from top to bottom, one call per action,
// and waits for nothing: there is one alarm, and whoever asks is answered in the turn that takes up what he
// asked. It decides nothing itself.
//
// All of it runs on core. Events may be told from inside somebody else's step, so telling one only queues it;
// the turn that takes it up runs by itself. Answers of calls that were given up find nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/control/policy.hpp"
#include "core/control/ports.hpp"
#include "core/control/rounds.hpp"
#include "core/control/surroundings.hpp"

namespace conductor::control {

class Conductor final : public ControlView, public ControlOperator {
public:
    struct Surroundings {
        CoreLoop& core;
        CallLane& node;
        CallLane& group;
        Observer& observer;
        std::vector<HealthCheck*> checks;  ///< as RoundSettings::checks
        /// Told when it changes, from a turn of its own.
        std::function<void(const Eligibility&)> eligibility;
        std::function<void()> leave;  ///< an operator asks the process to stop; calls shut_down() in turn
    };
    /// What it is given outlives it. The first turn, which asks whether the node produces, is posted.
    Conductor(PolicySettings policy, const RoundSettings& rounds, Surroundings around);
    ~Conductor() override;
    Conductor(const Conductor&) = delete;
    Conductor& operator=(const Conductor&) = delete;

    // What consensus tells. On core, also from inside its step; in the order in which it happens there, so that
    // the end of a reign is known before the answer to the transfer that ended it.
    void elected(Term term);
    void stepped_down(Term term);
    void leader_changed(bool known);
    void head_moved(Head head);
    /// A payload beside the head was refused here. Not to be told under `commit.on-sibling=go`.
    void sibling_refused();

    // What others tell. On core.
    void peers_seen(peers::View view);
    /// The probe of 2.2 has ended well.
    void node_ready();
    /// Hands over where that is due (2.4.4); `finished` follows once control is over, within the limit for it.
    void shut_down(std::function<void()> finished);

    void pause(std::string by, OperatorDone done) override;
    void resume(OperatorDone done) override;
    void waive_peer_check(OperatorDone done) override;
    void override_leader(LeaderOverride order, OperatorDone done) override;
    void stop(OperatorDone done) override;

    [[nodiscard]] bool paused() const override { return paused_.load(); }
    [[nodiscard]] bool stopped() const override { return stopped_.load(); }
    [[nodiscard]] bool sequencer_healthy() const override { return healthy_.load(); }
    [[nodiscard]] bool leader_overridden() const override { return overridden_.load(); }

    /// On core.
    [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] std::vector<CheckReport> health_report() const { return rounds_.report(around_.core.now()); }
    /// Since when the verdict is what it is; empty: there is none yet. On core.
    [[nodiscard]] std::optional<Instant> verdict_since() const noexcept { return verdict_since_; }

private:
    struct Posted;  ///< what a function that was posted must find alive
    template <class Asked>
    void ask(OperatorDone done);
    void tell(Event event);
    void tell_role();
    void later(std::function<void()> work);
    void request_turn();
    void turn();
    void obey(const Decision& decision);
    void perform(const Action& action);
    void follow(const RoundStep& step);
    void date(const Verdict& verdict);
    [[nodiscard]] CallLane& lane(Lane which);
    void set_alarm();
    void publish();
    [[nodiscard]] Eligibility eligibility() const;

    Surroundings around_;
    const bool always_eligible_;  ///< `paused.yield-leadership` is off: as in Go
    Eligibility told_eligibility_;
    Policy policy_;
    Rounds rounds_;
    Verdict verdict_;  ///< the last that was given
    std::optional<Instant> verdict_since_;

    std::deque<Event> inbox_;
    bool turn_requested_{false};
    std::optional<Instant> turn_ended_;  ///< the last one
    bool finished_{false};

    // What consensus said last: a reign, and whether anybody is known to lead.
    bool leads_{false};
    bool leader_known_{false};
    Term term_;

    std::uint64_t last_ask_{0};
    std::map<OperatorAsk, OperatorDone> asks_;
    std::vector<std::function<void()>> on_finished_;
    std::map<Call, Lane> in_flight_;  ///< neither given up nor answered

    // Read by other threads.
    std::atomic<bool> paused_;
    std::atomic<bool> stopped_{false};
    std::atomic<bool> healthy_{true};
    std::atomic<bool> overridden_{false};

    std::shared_ptr<Posted> posted_;  // last: gone first, and with it every way back into this object
};

}  // namespace conductor::control
