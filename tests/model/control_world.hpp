// A small world around one Policy for exhaustive search: a node that may crash, hang, be behind, ahead or on
// another branch, a group that elects and deposes us, health that flips, peers that speak or do not, operators.
// Every timer is a whole number of seconds, so that the number of states is finite. A value: the search copies
// it and lets each copy take another turn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/policy.hpp"

namespace conductor::control::model {

enum class Fitness : std::uint8_t { well, stale, hard, node_down };
enum class Peers : std::uint8_t { unasked, silent, fine, stalled, overridden };
enum class Stand : std::uint8_t { level, one_behind, two_behind, ahead, forked };

/// A fault put in on purpose: a search that does not find it proves nothing.
enum class Planted : std::uint8_t { none, no_backoff, no_bound, deaf_to_override, deaf_to_silence, no_repair };

/// What the search begins with.
struct Origin {
    Stand stand{Stand::level};
    bool producing{false};
    bool paused{false};
    bool empty{false};  ///< nothing was ever committed
    bool ring{true};
    bool go{false};
    Peers peers{Peers::fine};
    Planted planted{Planted::none};
};

/// One thing that may happen next.
struct Turn {
    enum class Kind : std::uint8_t {
        time,         ///< the next deadline comes
        cycle,        ///< a health cycle ends as before
        answer,       ///< the call in that lane is carried out and answered
        refuse,       ///< it is not carried out, and that is said
        lose_answer,  ///< it is carried out, and nobody learns of it
        hollow,       ///< a transfer is said to be done, and we still lead
        late_effect,  ///< a call that was given up has its effect after all
        elect,
        depose,
        health,   ///< becomes `argument`
        peers,    ///< become `argument`
        crash,    ///< the node is gone
        revive,   ///< the node is back, stopped
        block,    ///< the sequencer commits a block
        sibling,  ///< a payload beside the head is refused
        pause,
        resume,
        waive,
        stop,
    };
    Kind kind{};
    Lane lane{Lane::node};
    std::uint8_t argument{0};
};
[[nodiscard]] std::string to_text(const Turn& turn);

class World {
public:
    explicit World(const Origin& origin);

    /// Everything that may happen now; what the environment does of itself costs budget.
    [[nodiscard]] std::vector<Turn> turns() const;
    void take(const Turn& turn);
    /// The first promise that was broken on the way here; empty: none.
    [[nodiscard]] const std::string& broken() const { return broken_; }
    [[nodiscard]] std::string fingerprint() const;
    /// Lets the world be well, with this node as leader or with another, and everything answered. Empty if the
    /// node then produces, or stands still, as it should, within a bounded time; otherwise what went wrong.
    [[nodiscard]] std::string unsettled(bool as_leader) const;

    int budget{0};

private:
    void give(const Event& event);
    void look_at(const Decision& decision);
    void look_at(const Action& action);
    void carry_out(Lane lane, bool effect, bool tell);
    [[nodiscard]] Answer perform(const Task& task);
    void see_peers(Peers peers);
    void break_promise(const std::string& what);
    void forget_failures();
    [[nodiscard]] const Action* flight(Lane lane) const;
    [[nodiscard]] Head fsm() const;
    [[nodiscard]] Head el() const;
    [[nodiscard]] bool settled(bool as_leader) const;

    Instant now_{Duration{std::chrono::hours{1}}};
    Policy policy_;
    std::vector<Action> in_flight_;
    std::optional<Task> ghost_;  ///< given up, but perhaps still on its way to the node

    Term term_{1};
    bool leads_{false};
    bool up_{true};
    bool producing_{false};
    bool paused_{false};
    bool asked_to_resume_{false};
    bool empty_{false};
    bool ring_{true};
    bool go_{false};
    bool stopping_{false};
    bool finished_{false};
    bool waived_{false};
    std::uint64_t fsm_number_{5};
    std::uint64_t el_number_{5};
    bool forked_{false};
    Fitness fitness_{Fitness::well};
    Peers peers_{Peers::unasked};

    std::optional<Term> confirmed_term_;
    std::optional<Head> confirmed_head_;
    int yields_{0};  ///< in this reign
    std::optional<Instant> failed_confirm_;
    std::optional<Instant> failed_stop_;
    int at_this_instant_{0};
    std::string broken_;
};

}  // namespace conductor::control::model
