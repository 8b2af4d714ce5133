// What must hold after every step, whatever came in (reliability 3.2, as far as one node can know). Checked in
// release too; costs no more than the entries of the step. Pure.
#pragma once

#include "core/consensus/state.hpp"

namespace conductor::consensus {

/// What is remembered of the state before a step.
class Invariants {
public:
    explicit Invariants(const Raft::State& before);
    /// Aborts by CONDUCTOR_CHECK when the step broke a rule.
    void check(const Raft::State& after) const;

private:
    HardState hard_state_;
    Role role_;
    LogIndex commit_;
    Position last_;
    WriteTicket ticket_;
};

}  // namespace conductor::consensus
