#include "core/consensus/invariants.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace conductor::consensus {

Invariants::Invariants(const Raft::State& before)
    : hard_state_{before.hard},
      role_{before.role},
      commit_{before.commit},
      last_{before.log.last()},
      ticket_{before.last_ticket} {}

void Invariants::check(const Raft::State& after) const {
    const auto& out = after.out;
    const auto& hard = after.hard;

    // Terms never fall; in one term one vote.
    CONDUCTOR_CHECK(hard.term >= hard_state_.term);
    const bool had_vote = !hard_state_.vote_candidate.empty() && hard_state_.vote_term == hard.term;
    if (had_vote)
        CONDUCTOR_CHECK(hard.vote_term != hard.term || hard.vote_candidate == hard_state_.vote_candidate);
    if (hard != hard_state_) CONDUCTOR_CHECK(out.write && out.write->hard_state == hard);

    // Commit never falls and never passes the log; what is committed is never cut.
    CONDUCTOR_CHECK(after.commit >= commit_);
    CONDUCTOR_CHECK(after.commit <= after.log.last().index);
    CONDUCTOR_CHECK(after.applied <= after.commit);
    CONDUCTOR_CHECK(!out.commit || *out.commit == after.commit);

    if (out.write) {
        CONDUCTOR_CHECK(out.write->ticket == ticket_.next());
        if (out.write->truncate) CONDUCTOR_CHECK(*out.write->truncate > commit_);
        // Entries are written without gaps, in terms that never fall, up to the end of the log.
        auto expected = after.log.last().index.value() + 1 - out.write->entries.size();
        auto term = Term{};
        for (const auto& entry : out.write->entries) {
            CONDUCTOR_CHECK(entry.position.index == LogIndex{expected++});
            CONDUCTOR_CHECK(entry.position.term >= term);
            term = entry.position.term;
        }
        CONDUCTOR_CHECK(term <= hard.term);
    } else {
        CONDUCTOR_CHECK(after.last_ticket == ticket_);
        CONDUCTOR_CHECK(after.log.last() == last_);
    }

    // A leader never cuts its own log, and leads only in the term of its vote for itself.
    const bool leading = after.role == Role::leader;
    CONDUCTOR_CHECK(leading == after.reign.has_value());
    if (leading)
        CONDUCTOR_CHECK(hard.vote_term == hard.term && hard.vote_candidate == after.settings.self.address);
    if (leading && role_ == Role::leader && hard.term == hard_state_.term)
        CONDUCTOR_CHECK(after.log.last() >= last_ && (!out.write || !out.write->truncate));
    if (leading) CONDUCTOR_CHECK(after.hold == VoteHold::none && !after.stalled);

    // Nothing that is promised rests on more than what was handed to the disk.
    for (const auto& promise : out.send_when_durable) CONDUCTOR_CHECK(promise.kept_by <= after.last_ticket);
    CONDUCTOR_CHECK(after.persisted <= after.last_ticket);
    CONDUCTOR_CHECK(after.durable <= after.log.last().index);
}

}  // namespace conductor::consensus
