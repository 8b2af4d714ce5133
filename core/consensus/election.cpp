// Who may lead: patience, pre-vote, vote (§3.4, §9.6, raft-wire 5.2-5.5), and what makes a node hold back.
#include <algorithm>

#include "core/consensus/quorum.hpp"
#include "core/consensus/state.hpp"

namespace conductor::consensus {

namespace {

// Two survivors that noticed at the same moment must not collide in every round.
constexpr Duration gone_margin = std::chrono::milliseconds{100};
constexpr Duration gone_jitter = std::chrono::milliseconds{50};
// After a split vote: far apart against the time that a vote takes, near against an election timeout.
constexpr Duration split_least = std::chrono::milliseconds{20};
constexpr Duration split_most = std::chrono::milliseconds{220};
constexpr const char* nobody = "-";  // as a vote's candidate: no address is like it, and nobody else gets it

}  // namespace

bool Raft::State::may_campaign() const {
    const bool voter = is_voter(membership.latest(), settings.self.id) || leaving();
    const bool whole = corrupt.empty() && log.last() >= hard.floor;  // reliability 1.3.6
    const bool trusted = whole || settings.give_up_unreadable;
    return membership.known() && voter && trusted && !stalled && hold == VoteHold::none;
}

// A leader that took out itself and lost the lead before that was committed may be the only one who holds the
// entry: then nobody shorter can win, and it has to finish what it began (§4.2.2). Nobody else without a vote
// campaigns, as in Go.
bool Raft::State::leaving() const {
    const auto index = membership.latest_index();
    return left_in && index > commit && log.term_at(index) <= left_in &&
           is_voter(membership.committed(), settings.self.id);
}

// Nobody else can lead, nor be leading still: a leader that gave its vote away leads until the entry that says
// so is committed, and that is not known before it is, or before another change has followed it.
bool Raft::State::alone() const {
    const auto sole = [&](const Configuration& members) {
        return count_voters(members) == 1 && is_voter(members, settings.self.id);
    };
    const bool first = membership.committed_index() == LogIndex{};
    const bool settled = membership.latest_index() <= commit || first || sole(membership.committed());
    return may_campaign() && sole(membership.latest()) && settled;
}

Duration Raft::State::patience() {
    const auto beat = settings.heartbeat_timeout;
    if (!eligibility.eligible) return random.between(2 * beat, 3 * beat);  // conductor.md P-2 (b)
    if (leader_gone) {
        const auto least = settings.lease_timeout + gone_margin;  // never below the leader's lease
        return random.between(least, least + gone_jitter);
    }
    return random.once_or_twice(beat);
}

// §4.2.3: whoever heard a leader within the shortest election timeout disturbs nobody. Go's library is loyal
// until its own timer has run out, which is longer and delays the first candidate to the pace of the last. A
// host that refuses may hide a leader that lives: until its lease has run out nobody else is to report that it
// leads.
Voter Raft::State::voter() const {
    const auto loyalty = leader_gone ? settings.lease_timeout : settings.heartbeat_timeout;
    const bool hears = reign || (contact != Instant::min() && now - contact < loyalty);
    return {hard, membership.latest(), log.last(), hears ? leader.address : std::string{},
            hold != VoteHold::none};
}

void Raft::State::restart_timer() {
    election_at = now + patience();
}

void Raft::State::heard_leader() {
    contact = now;
    leader_gone = false;
    restart_timer();
}

void Raft::State::election_timeout() {
    restart_timer();
    leader_gone = false;
    set_leader({});
    if (!may_campaign()) {
        campaign.reset();
        role = Role::follower;
        return;
    }
    // raft-wire 5.17.2: this log is often the longest, and would win again at once. Others go first, once.
    if (now < hold_off_until && !hold_off_passed && !alone()) {
        hold_off_passed = true;
        return;
    }
    start_campaign(alone() ? Ballot::vote : Ballot::pre_vote, false);
}

void Raft::State::start_campaign(Ballot ballot, bool transfer) {
    set_leader({});
    campaign.emplace();
    campaign->ballot = ballot;
    campaign->transfer = transfer;
    role = ballot == Ballot::vote ? Role::candidate : Role::pre_candidate;
    election_at = now + random.once_or_twice(settings.election_timeout);

    if (ballot == Ballot::pre_vote) return ask_for_votes();
    const auto term = hard.term.next();
    synced.clear();
    acknowledged = {};
    set_hard_state({term, term, settings.self.address});
    campaign->own_vote = last_ticket;  // nobody hears of this term before it is on disk
}

void Raft::State::ask_for_votes() {
    campaign->asked = true;
    campaign->granted.insert(settings.self.id);
    const auto term = campaign->ballot == Ballot::vote ? hard.term : hard.term.next();
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter || server.id == settings.self.id) continue;
        const auto exchange =
            request(server.id, VoteRequest{campaign->ballot, term, log.last(), campaign->transfer});
        campaign->waiting.emplace(exchange, server.id);
    }
    count_votes();
}

void Raft::State::count_votes() {
    const auto& servers = membership.latest().servers;
    const auto votes = std::count_if(servers.begin(), servers.end(), [&](const Server& server) {
        return server.suffrage == Suffrage::voter && campaign->granted.count(server.id) != 0;
    });
    if (static_cast<std::size_t>(votes) < majority(count_voters(membership.latest()))) return;
    if (campaign->ballot == Ballot::pre_vote) return start_campaign(Ballot::vote, false);
    become_leader();
}

void Raft::State::become_follower(Term term, const char* why) {
    if (reign) end_reign(why);
    if (role != Role::follower) restart_timer();
    campaign.reset();
    role = Role::follower;
    set_leader({});
    if (term <= hard.term) return;

    auto next = hard;
    next.term = term;
    set_hard_state(std::move(next));
    synced.clear();
    acknowledged = {};
}

void Raft::State::vote_requested(const Received& received, const VoteRequest& ask) {
    const auto verdict = judge(voter(), received.from, ask);
    const bool at_the_door = verdict == Verdict::unknown_member || verdict == Verdict::leader_alive;
    if (adopts_term(voter(), ask, verdict)) become_follower(ask.term, "a candidate has a higher term");

    const bool granted = verdict == Verdict::granted;
    if (granted && ask.ballot == Ballot::vote) {
        const bool repeated = hard.vote_term == ask.term;
        if (!repeated) heard_leader();
        set_hard_state({hard.term, ask.term, received.from.address});
    }
    if (!granted) out.votes_refused.push_back({received.from, ask.ballot, verdict});
    const auto term = at_the_door ? hard.term : std::max(hard.term, ask.term);
    reply(received, VoteReply{ask.ballot, term, granted}, Needs::term);  // the vote is part of the hard state
}

void Raft::State::vote_answered(const Received& received, const Message& reply) {
    const auto asked = campaign->waiting.find(received.exchange);
    if (asked == campaign->waiting.end()) return;
    const auto id = asked->second;
    campaign->waiting.erase(asked);

    bool granted = false;
    if (const auto* vote = std::get_if<VoteReply>(&reply)) granted = vote->granted;
    if (const auto* error = std::get_if<ErrorReply>(&reply)) {
        // raft-wire 1.10: its transport knows pre-votes, its core does not; nothing else counts as consent.
        granted =
            campaign->ballot == Ballot::pre_vote && error->text.find("unexpected command") != std::string::npos;
    }
    if (!granted) return split_vote();
    campaign->granted.insert(id);
    count_votes();
    if (campaign) split_vote();
}

void Raft::State::vote_lost(Exchange exchange) {
    if (campaign && campaign->waiting.erase(exchange) > 0) split_vote();
}

// Everybody who can has answered, and the pre-vote was won, so that a rival must have taken the rest: nobody
// will win this round, and the next need not wait for an election timeout. Go waits.
void Raft::State::split_vote() {
    const bool over = campaign->ballot == Ballot::vote && !campaign->transfer && campaign->asked;
    if (over && campaign->waiting.empty())
        election_at = std::min(election_at, now + random.between(split_least, split_most));
}

void Raft::State::leader_is_gone() {
    if (role != Role::follower || leader.address.empty()) return;
    leader_gone = true;
    const auto since = contact == Instant::min() ? now : contact;
    election_at = std::min(election_at, std::max(now, since + patience()));
}

void Raft::State::eligibility_changed(const EligibilityChanged& change) {
    const bool turned = change.eligible != eligibility.eligible;
    eligibility = change;
    if (!turned || role != Role::follower || alone()) return;
    const auto since = contact == Instant::min() ? now : contact;
    election_at = std::max(now, since + patience());
}

// raft-wire 5.4.1. The mark is kept where the vote is, so that a restart in the middle does not lift it: by
// then a leader may have told this node its term, and it does not look empty any more.
void Raft::State::vote_hold_changed(VoteHold next) {
    if (next == VoteHold::asking && hold == VoteHold::held)
        return;  // a later question does not undo the answer
    const bool marked = hard.vote_term == HardState::held || hard.vote_term == HardState::asking;
    if (hold == VoteHold::none && next != VoteHold::none) withhold();
    hold = next;
    if (next == VoteHold::held) set_hard_state({hard.term, HardState::held, {}});
    if (next == VoteHold::asking) set_hard_state({hard.term, HardState::asking, {}});
    if (next == VoteHold::none && marked) set_hard_state({hard.term, Term{}, {}});
    if (next != VoteHold::held) hold_release.reset();
    if (next == VoteHold::none) election_at = alone() ? now : now + patience();
    if (next != VoteHold::none && (campaign || reign)) become_follower(hard.term, "the vote is held");
}

// A leader that was deposed with a vote or an acknowledgement which this node forgot must not live on by what
// it hears from it now. Every candidacy ends within 2E and a lease within L, so whoever still leads after both
// has had a majority without this node, and that since it began to be mute. What this node forgot would take a
// majority of the same members at a higher term: so there is none, and such a leader has all that was
// committed.
//
// Silence alone does it. An acknowledgement could commit an entry that the leader which our forgotten vote made
// does not have. A refusal, too, is contact to a leader of Go's (raft-wire 5.7): it would lead on through this
// wait without a majority, and of it nothing of the above is true. And a member that never ran looks the same
// as one that was wiped; what it is fed could tell them apart, but nobody is fed who gives no answer.
void Raft::State::withhold() {
    mute_until = now + 2 * settings.election_timeout + settings.lease_timeout;
}

// An append that carries nothing says that the log ends where it looks, so this one holds all of the leader's:
// also what it had acknowledged to it before it forgot. A snapshot or a full batch says less. And the entry of
// its own term that is committed proves that the reign has begun, and is no candidate's hope.
void Raft::State::release_hold_after(const AppendRequest& request) {
    const bool whole = request.entries.empty() && request.commit <= request.prev.index;
    const bool own = request.commit != LogIndex{} && log.term_at(request.commit) == hard.term;
    if (hold != VoteHold::held || !whole || !own || hold_release) return;
    hold_release = HoldRelease{last_ticket, hard.term};
    release_hold();
}

// The vote of that leader's term may have been given before it was forgotten, so nobody gets it, in this life
// or the next: not that leader either, which has won without it.
void Raft::State::release_hold() {
    if (!hold_release || hold_release->stored > persisted) return;
    hold = VoteHold::none;
    set_hard_state({hard.term, hold_release->term, nobody});
    hold_release.reset();
    restart_timer();
}

}  // namespace conductor::consensus
