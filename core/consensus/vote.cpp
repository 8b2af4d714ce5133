#include "core/consensus/vote.hpp"

#include <algorithm>

#include "core/consensus/membership.hpp"

namespace conductor::consensus {

// A pre-vote (§9.6) is judged by the log exactly as a vote is, or a candidate that cannot win would raise the
// term and depose a leader. The order is Go's, because it decides who adopts a term (raft-wire 5.4/2-6).
Verdict judge(const Voter& voter, const Sender& candidate, const VoteRequest& ask) {
    const auto& members = voter.configuration;
    // Who has a newer log may be a member by an entry that we lack, and need our vote to bring it (§4.1).
    const bool unjudged = candidate.id.empty() || members.servers.empty() ||
                          ask.last > std::max(voter.last, voter.hard_state.floor);

    if (candidate.address.empty()) return Verdict::unknown_member;  // a vote could not be remembered
    if (!unjudged && find_server(members, candidate.id) == nullptr) return Verdict::unknown_member;
    if (!voter.leader_address.empty() && voter.leader_address != candidate.address && !ask.transfer)
        return Verdict::leader_alive;  // §4.2.3
    if (ask.term < voter.hard_state.term) return Verdict::stale_term;
    if (!unjudged && !is_voter(members, candidate.id)) return Verdict::not_a_voter;
    if (voter.held) return Verdict::held;

    const bool voted = ask.ballot == Ballot::vote && voter.hard_state.vote_term == ask.term &&
                       !voter.hard_state.vote_candidate.empty();
    if (voted) {
        // A repeated question gets the same answer, whatever the logs are by now.
        return voter.hard_state.vote_candidate == candidate.address ? Verdict::granted : Verdict::already_voted;
    }
    if (ask.last < std::max(voter.last, voter.hard_state.floor)) return Verdict::log_behind;  // §3.6.1
    return Verdict::granted;
}

bool adopts_term(const Voter& voter, const VoteRequest& ask, Verdict verdict) {
    if (ask.ballot == Ballot::pre_vote || ask.term <= voter.hard_state.term) return false;
    return verdict != Verdict::unknown_member && verdict != Verdict::leader_alive;
}

}  // namespace conductor::consensus
