// Whether one server would vote for another, and if not, why not: the rules of raft-wire 5.4 and 5.5 in their
// order, as one function of what the voter knows. Changes nothing. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/consensus/message.hpp"
#include "core/consensus/types.hpp"

namespace conductor::consensus {

enum class Verdict : std::uint8_t {
    granted,
    held,            ///< ours: the vote is held, we may have forgotten one (raft-wire 5.4.1)
    unknown_member,  ///< not in the latest configuration, nor does its log go beyond ours
    leader_alive,    ///< a leader is known, and it is not the candidate
    stale_term,
    not_a_voter,  ///< a member, but without a vote, whose log does not go beyond ours
    already_voted,
    log_behind,
};

/// What the voter knows when it is asked.
struct Voter {
    const HardState& hard_state;
    const Configuration& configuration;  ///< the latest
    Position last;  ///< or hard_state.floor: what was acknowledged once may be missing from the log for now
    std::string leader_address{};  ///< empty: none known, or it no longer counts
    bool held{false};              ///< must not vote at all
};

/// A vote of a higher term is judged as if that term were adopted already; whether it is adopted is
/// adopts_term()'s to say.
[[nodiscard]] Verdict judge(const Voter& voter, const Sender& candidate, const VoteRequest& ask);

/// Whether the voter moves to the candidate's term: a vote of a higher term that was not turned away at the
/// door. A pre-vote moves nobody.
[[nodiscard]] bool adopts_term(const Voter& voter, const VoteRequest& ask, Verdict verdict);

}  // namespace conductor::consensus
