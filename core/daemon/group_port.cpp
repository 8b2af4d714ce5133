#include "core/daemon/group_port.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/check.hpp"
#include "core/daemon/node_port.hpp"
#include "core/daemon/plugin_wishes.hpp"

namespace conductor::daemon {

using control::Answer;
using control::Failed;
using control::FailureKind;

namespace {

FailureKind kind_of(const std::optional<consensus::Refusal>& why) {
    if (!why) return FailureKind::other;
    switch (*why) {
        case consensus::Refusal::not_leader:
        case consensus::Refusal::leadership_lost:
            return FailureKind::not_leader;
        case consensus::Refusal::transfer_in_progress:
            return FailureKind::transfer_in_progress;
        case consensus::Refusal::timed_out:
        case consensus::Refusal::transfer_timeout:
            return FailureKind::timed_out;
        default:
            return FailureKind::other;
    }
}

Failed failed(const replica::AskError& error) {
    return {kind_of(error.why), error.text};
}

// The table's words stand in another order than the border's.
plugin::MemberHealth health_of(peers::Health health) {
    switch (health) {
        case peers::Health::healthy:
            return plugin::MemberHealth::healthy;
        case peers::Health::degraded:
            return plugin::MemberHealth::degraded;
        case peers::Health::stalled:
            return plugin::MemberHealth::stalled;
        case peers::Health::unhealthy:
            return plugin::MemberHealth::unhealthy;
        case peers::Health::unknown:
            break;
    }
    return plugin::MemberHealth::unknown;
}

std::optional<std::chrono::nanoseconds> failure_age(const control::RankTargets& ask, const ServerId& id) {
    for (const auto& failed : ask.failed)
        if (failed.id == id) return failed.age;
    return std::nullopt;
}

/// Address by id.
using Voters = std::map<ServerId, std::string>;

Voters voters_of(const plugin::TransferRequest& request) {
    Voters out;
    for (const auto& member : request.members)
        if (member.voter) out[member.id] = member.address;
    return out;
}

control::RoundRobin round_robin(const std::vector<ServerId>& targets, const Voters& voters) {
    control::RoundRobin out;
    out.voters = voters.size();
    for (const auto& target : targets) out.addresses.push_back(voters.at(target));
    return out;
}

}  // namespace

void GroupPort::open(replica::Replica& replica) {
    replica_ = &replica;
    if (eligibility_) replica_->set_eligibility(*eligibility_);
}

void GroupPort::set_eligibility(const control::Eligibility& eligibility) {
    eligibility_ = {eligibility.eligible, eligibility.other_eligible, eligibility.why};
    if (replica_ != nullptr) replica_->set_eligibility(*eligibility_);
}

void GroupPort::rank_by(plugin::LeaderTransfer& strategy, std::function<peers::View()> peers) {
    strategy_ = &strategy;
    peers_ = std::move(peers);
}

void GroupPort::make(const control::Action& action, Done done) {
    if (const auto* ask = std::get_if<control::RankTargets>(&action.task))
        return rank(*ask, action.limit, std::move(done));
    if (replica_ == nullptr) return done(Failed{FailureKind::not_leader, "node is not the leader"});
    if (std::holds_alternative<control::ConfirmLead>(action.task)) return confirm(std::move(done));
    if (const auto* ask = std::get_if<control::CommitPayload>(&action.task))
        return commit(ask->block, std::move(done));
    const auto* ask = std::get_if<control::TransferLead>(&action.task);
    CONDUCTOR_CHECK(ask != nullptr);  // the rest is the node's lane
    transfer(*ask, std::move(done));
}

void GroupPort::confirm(Done done) {
    replica_->confirm([done = std::move(done)](Result<replica::Standing, replica::AskError> standing) {
        if (!standing) return done(failed(standing.error()));
        control::Confirmed confirmed;
        confirmed.term = standing->term;
        if (standing->head) confirmed.head = control::Head{standing->head->number, standing->head->hash};
        confirmed.ring_from = standing->ring_from;
        done(confirmed);
    });
}

void GroupPort::commit(const peers::Head& block, Done done) {
    auto envelope = shelf_.take(block);
    if (!envelope) return done(Failed{FailureKind::other, "the payload that was fetched is gone"});
    replica_->commit(std::move(*envelope), [done = std::move(done)](Result<void, control::CommitError> stored) {
        if (stored) return done(control::Done{});
        done(Failed{FailureKind::other, stored.error().text});
    });
}

void GroupPort::transfer(const control::TransferLead& ask, Done done) {
    replica_->transfer(ask.target, [done = std::move(done)](Result<void, replica::AskError> handed) {
        if (handed) return done(control::Done{});
        done(failed(handed.error()));
    });
}

// A strategy that has nothing to say, or fails, leaves the choice to consensus (plugin-abi §7.9).
void GroupPort::rank(const control::RankTargets& ask, Duration limit, Done done) {
    auto request = strategy_ != nullptr ? request_of(ask) : plugin::TransferRequest{};
    const bool member =
        std::ranges::find(request.members, self_, &plugin::TransferMember::id) != request.members.end();
    if (!member) return done(control::Ranked{});
    auto words = strategy_->id() == round_robin_id ? std::optional{voters_of(request)} : std::nullopt;
    strategy_->rank(std::move(request), limit,
                    [done = std::move(done),
                     words = std::move(words)](Result<std::vector<ServerId>, plugin::CallError> order) {
                        if (!order) return done(failure_of(order.error()));
                        control::Ranked ranked{std::move(*order)};
                        if (words) ranked.round_robin = round_robin(ranked.targets, *words);
                        done(std::move(ranked));
                    });
}

plugin::TransferRequest GroupPort::request_of(const control::RankTargets& ask) const {
    plugin::TransferRequest request;
    request.cause = static_cast<plugin::Cause>(ask.cause);
    request.own = self_;
    if (replica_ == nullptr) return request;
    if (const auto& head = replica_->head().head()) request.head = head->number;
    const auto view = peers_();
    for (const auto& server : replica_->membership().servers) {
        plugin::TransferMember member;
        member.id = server.id;
        member.address = server.address;
        member.voter = server.suffrage == consensus::Suffrage::voter;
        if (const auto* row = view.find(server.id)) {
            const auto says = [](peers::Says word) { return static_cast<plugin::Says>(word); };
            member.health = health_of(row->status.health);
            member.paused = says(row->status.paused);
            member.overridden = says(row->status.overridden);
            member.ready = says(row->status.ready);
            if (row->status.head) member.head = row->status.head->number;
            member.heard_age = row->age;
        }
        member.failure_age = failure_age(ask, server.id);
        request.members.push_back(std::move(member));
    }
    return request;
}
static_assert(static_cast<int>(peers::Says::no) == CONDUCTOR_NO);
static_assert(static_cast<int>(peers::Says::yes) == CONDUCTOR_YES);
static_assert(static_cast<int>(control::Cause::policy) == CONDUCTOR_CAUSE_POLICY);

}  // namespace conductor::daemon
