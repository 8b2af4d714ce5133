#include "core/replica/replica.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/base/check.hpp"
#include "core/consensus/describe.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::replica {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t not_leading = INT64_MIN;

const char* const shut_down = "raft is already shutdown";

control::CommitError refused(std::string text) {
    return {std::move(text), false, false};
}
control::CommitError lost() {
    return {shut_down, false, true};
}
control::CommitError lead_lost() {
    return {"leadership lost while committing log", false, true};
}

}  // namespace

Replica::Replica(boost::asio::io_context& core, Options options, std::unique_ptr<storage::LogStore> store,
                 Links& links, Events events)
    : core_{core},
      options_{std::move(options)},
      links_{links},
      events_{std::move(events)},
      cache_{options_.cache_octets},
      outbox_{{core, cache_, disk_, links},
              {[this](const ServerId& to, consensus::Exchange exchange, const std::string& why) {
                   unanswered({to, exchange, why});
               },
               [this](LogIndex index, const storage::StoreError& error) { report_unreadable(index, error); },
               [this](const storage::StoreError& error) { fall_silent(error); }}},
      protocol_timer_{core},
      disk_timer_{core},
      seal_timer_{core},
      disk_{core, std::move(store), [this](Duration took) { events_.stored(took); }} {}

Replica::~Replica() = default;

void Replica::stop(std::chrono::milliseconds limit) {
    if (life_ == Life::stopped) return;
    life_ = Life::stopped;
    ready_.store(false);
    leading_until_ns_.store(not_leading);
    protocol_timer_.cancel();
    disk_timer_.cancel();
    seal_timer_.cancel();

    waiters_.fail_all(lost());
    for (auto& [ask, done] : std::exchange(asked_, {})) done(lost());
    bootstraps_.clear();
    fail_operations();
    outbox_.clear();
    // A disk that hangs is left behind with its thread: nothing that depends on it was ever said.
    if (!disk_.stop(limit)) disk_.abandon();
}

void Replica::fall_silent(const storage::StoreError& error) {
    if (life_ != Life::running) return;
    life_ = Life::dead;
    mute_.store(true);
    leading_until_ns_.store(not_leading);
    promises_.clear();
    outbox_.clear();
    protocol_timer_.cancel();
    disk_timer_.cancel();
    seal_timer_.cancel();
    waiters_.fail_all(lost());
    for (auto& [ask, done] : std::exchange(asked_, {})) done(lost());
    fail_operations();
    events_.store_failed(error);
}

void Replica::report_unreadable(LogIndex index, const storage::StoreError& error) {
    if (life_ != Life::running) return;
    events_.unreadable(index, error);
    step(consensus::Unreadable{index});
}

// ---- the protocol ---------------------------------------------------------------------------------------

void Replica::bootstrap(consensus::Configuration configuration,
                        std::function<void(std::optional<consensus::Refusal>)> done) {
    CONDUCTOR_CHECK(life_ == Life::running);
    const consensus::Ask ask{++last_ask_};
    bootstraps_.emplace(ask, std::move(done));
    step(consensus::Bootstrap{ask, std::move(configuration)});
}

void Replica::step(const consensus::Input& input) {
    if (life_ != Life::running) return;
    perform(raft_->step(conductor::now(), input));
    if (life_ != Life::running) return;
    publish();
    answer_reads();
    arm_timer();
}

void Replica::receive(consensus::Received received) {
    const auto* append = std::get_if<consensus::AppendRequest>(&received.message);
    const auto* snapshot = std::get_if<consensus::SnapshotRequest>(&received.message);
    const bool asks = append != nullptr || snapshot != nullptr ||
                      std::holds_alternative<consensus::VoteRequest>(received.message) ||
                      std::holds_alternative<consensus::TimeoutNowRequest>(received.message);
    if (life_ != Life::running) {
        if (asks) links_.hang_up(received.exchange);
        return;
    }
    if (snapshot != nullptr) {
        // Go makes a snapshot durable first and finds out at every later start (raft-wire 5.11).
        payload::UnsafeHead head;
        if (const auto restored = head.restore(snapshot->payload); !restored) {
            const auto name = std::to_string(snapshot->last.term.value()) + "-" +
                              std::to_string(snapshot->last.index.value());
            consensus::ErrorReply refusal{"failed to restore snapshot " + name + ": " + restored.error().text};
            return links_.post({received.from.id, received.exchange, std::move(refusal)}, {});
        }
    }
    step(received);
}

void Replica::unanswered(const consensus::Unanswered& lost) {
    step(lost);
}

std::optional<Followed> Replica::followed() const {
    if (life_ != Life::running || raft_->role() != consensus::Role::follower) return std::nullopt;
    const auto contacts = raft_->contacts();
    if (contacts.empty()) return std::nullopt;
    return Followed{contacts.front().id, raft_->term(), contacts.front().at};
}

void Replica::leader_gone(const ServerId& leader) {
    const auto now = followed();
    if (now && now->leader == leader) step(consensus::LeaderGone{});
}

std::optional<consensus::VoteHold> Replica::vote_hold() const {
    if (raft_ == nullptr) return std::nullopt;
    return raft_->vote_hold();
}

void Replica::set_vote_hold(consensus::VoteHold hold) {
    step(consensus::VoteHoldChanged{hold});
}

bool Replica::is_blank() const {
    return raft_->term() == Term{} && raft_->last() == consensus::Position{} && !raft_->snapshot();
}

// From top to bottom, without waiting for the disk: production stops before any I/O, what promises nothing
// leaves before the write begins, and nobody acts as leader before everything else is under way. The write is
// staged first, because what leaves for the followers are the entries that it brings.
void Replica::perform(consensus::Output out) {
    if (out.stepped_down) {
        leading_until_ns_.store(not_leading);
        pending_octets_ = 0;
        // What is committed is answered when it is applied: a leader that removes itself loses the lead by the
        // very step that commits its removal.
        // What cannot be read is not applied soon, and whoever waits is not kept waiting for it.
        const auto soon = missed_ ? applied_ : std::max(commit_, out.commit.value_or(commit_));
        waiters_.fail_above(soon, lead_lost());
        if (missed_) fail_confirmed({consensus::Refusal::leadership_lost, lead_lost().text});
        events_.stepped_down(*out.stepped_down);
    }
    if (out.leader) events_.leader_changed(out.leader->leader);
    if (members_ != raft_->latest_configuration()) {
        members_ = raft_->latest_configuration();
        links_.set_members(members_);
    }
    const auto ticket = out.write ? out.write->ticket : WriteTicket{};
    const bool mends = out.write && !out.write->put_back.empty();
    std::optional<storage::StoreWrite> staged;
    if (out.write) staged = stage(std::move(*out.write));
    for (const auto& member : out.reconnect) {
        outbox_.forget(member);
        links_.reopen_bulk(member);
    }
    for (auto& envelope : out.send_now) outbox_.post(std::move(envelope));
    for (const auto exchange : out.hang_up) links_.hang_up(exchange);

    answer_asks(out);
    for (auto& promise : out.send_when_durable) promises_.push_back(std::move(promise));
    if (staged) write(std::move(*staged), ticket);
    tell(out);
    if (out.commit) commit_ = std::max(commit_, *out.commit);
    if (out.commit || mends) apply_committed();
    if (out.elected) events_.elected(out.elected->term);
}

void Replica::tell(const consensus::Output& out) {
    for (const auto& member : out.forgetful) events_.forgetful(member);
    for (const auto& refused : out.votes_refused) events_.vote_refused(refused);
}

void Replica::answer_asks(const consensus::Output& out) {
    for (const auto& accepted : out.accepted) {
        if (auto asked = asked_.extract(accepted.ask))
            waiters_.add(accepted.position, std::move(asked.mapped()));
        if (auto asked = bootstraps_.extract(accepted.ask)) asked.mapped()(std::nullopt);
    }
    for (const auto& refusal : out.refused) {
        if (auto asked = asked_.extract(refusal.ask)) asked.mapped()(refused(consensus::client_text(refusal)));
        if (auto asked = bootstraps_.extract(refusal.ask)) asked.mapped()(refusal.why);
    }
    answer_operations(out);
}

// ---- time and views -------------------------------------------------------------------------------------

// Most steps put the deadline off by a little. The timer then stays as it is, fires early, and finds out:
// moving it would cost a system call or two for every heartbeat.
void Replica::arm_timer() {
    const auto now = conductor::now();
    // A timer far in the future would overflow the clock's arithmetic.
    const auto deadline = std::min(raft_->next_deadline(), now + 1h);
    if (armed_for_ && *armed_for_ <= deadline) return;
    armed_for_ = deadline;
    protocol_timer_.expires_after(std::max(deadline - now, Duration::zero()));
    protocol_timer_.async_wait([this](const auto& error) {
        if (error) return;
        armed_for_.reset();
        if (conductor::now() < raft_->next_deadline()) return arm_timer();
        step(consensus::Tick{});
    });
}

void Replica::publish() {
    leading_until_ns_.store(stalled_ ? not_leading : raft_->leading_until().time_since_epoch().count());

    const auto leader = raft_->leader();
    const auto version = raft_->latest_configuration_index();
    bool other_members = false;
    {
        const std::lock_guard lock{published_mutex_};
        if (published_.leader.id != leader.id || published_.leader.address != leader.address)
            published_.leader = leader;
        if (published_.membership.version != version || published_.membership.servers != members_.servers ||
            !published_.membership.known) {
            published_.membership = {members_.servers, version, version != LogIndex{}};
            other_members = published_.membership.known;
        }
    }
    if (other_members) events_.members_changed();
    damaged_.store(raft_->unreadable().has_value());
    const auto hold = raft_->vote_hold();
    if (vote_hold_.exchange(hold) != hold) events_.vote_hold_changed(hold);
}

bool Replica::leads() const {
    return conductor::now().time_since_epoch().count() < leading_until_ns_.load();
}

control::LeaderView Replica::leader() const {
    const std::lock_guard lock{published_mutex_};
    return {published_.leader.id, published_.leader.address};
}

control::MembershipView Replica::membership() const {
    const std::lock_guard lock{published_mutex_};
    return published_.membership;
}

std::string Replica::not_ready() const {
    if (mute_.load()) return "store is mute";
    if (damaged_.load()) return "log is damaged";
    if (vote_hold_.load() == consensus::VoteHold::held) return "vote is held";
    return ready_.load() ? std::string{} : std::string{"starting"};
}

}  // namespace conductor::replica
