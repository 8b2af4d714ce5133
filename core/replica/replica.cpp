#include "core/replica/replica.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/base/check.hpp"
#include "core/consensus/describe.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::replica {
namespace {

using namespace std::chrono_literals;

constexpr auto disk_watch_period = 50ms;
constexpr auto probe_limit = 100ms;  // a synced probe must take less before a stall is over (P-52)
constexpr auto probe_pause = 500ms;
constexpr auto quiet_before_seal = 1s;  // reliability.md §1.3 rule 2

constexpr std::int64_t not_leading = INT64_MIN;

const char* const shut_down = "raft is already shutdown";

control::CommitError refused(std::string text) {
    return {std::move(text), false, false};
}
control::CommitError lost() {
    return {shut_down, false, true};
}

}  // namespace

Replica::Replica(boost::asio::io_context& core, Options options, std::unique_ptr<storage::LogStore> store,
                 Links& links, Events events)
    : core_{core},
      options_{std::move(options)},
      links_{links},
      events_{std::move(events)},
      cache_{options_.cache_octets},
      protocol_timer_{core},
      disk_timer_{core},
      seal_timer_{core},
      disk_{core, std::move(store)} {}

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
    // A disk that hangs is left behind with its thread: nothing that depends on it was ever said.
    if (!disk_.stop(limit)) disk_.abandon();
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

// From top to bottom, without waiting for the disk: production stops before any I/O, what promises nothing
// leaves before the write begins, and nobody acts as leader before everything else is under way.
void Replica::perform(consensus::Output out) {
    if (out.stepped_down) {
        leading_until_ns_.store(not_leading);
        pending_octets_ = 0;
        waiters_.fail_all({"leadership lost while committing log", false, true});
        events_.stepped_down(*out.stepped_down);
    }
    if (out.leader) events_.leader_changed(out.leader->leader);
    for (auto& envelope : out.send_now) links_.post(std::move(envelope));
    for (const auto exchange : out.hang_up) links_.hang_up(exchange);

    answer_asks(out);
    for (auto& promise : out.send_when_durable) promises_.push_back(std::move(promise));
    if (out.write) write(std::move(*out.write));
    if (out.commit) {
        commit_ = std::max(commit_, *out.commit);
        apply_committed();
    }
    if (out.elected) events_.elected(out.elected->term);
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

// ---- the disk -------------------------------------------------------------------------------------------

void Replica::write(consensus::Write what) {
    storage::StoreWrite stored;
    stored.hard_state = std::move(what.hard_state);
    stored.discard_log = what.discard_log;
    stored.truncate = what.truncate;
    if (what.snapshot) {
        // An own snapshot covers exactly what is applied, so the head is its payload.
        if (what.snapshot_payload) {
            stored.snapshot_payload = *what.snapshot_payload;
        } else {
            stored.snapshot_payload = head_.snapshot();
        }
        ledger_.forget_below(what.snapshot->first_kept);
        stored.snapshot = std::move(what.snapshot);
    }
    if (what.discard_log) {
        cache_.clear();
        ledger_.clear();
        ring_.restart(std::nullopt);
    }
    if (what.truncate) {
        cache_.truncate(*what.truncate);
        ledger_.truncate(*what.truncate);
        ring_.truncate_from(*what.truncate);
    }
    const auto stamp = wire::stamp_of(std::chrono::system_clock::now());
    for (auto& entry : what.entries) {
        if (entry.appended_at == consensus::Stamp{} && entry.position.term == raft_->term() &&
            entry.position.index > LogIndex{1} && raft_->role() == consensus::Role::leader)
            entry.appended_at = stamp;
        auto encoded = wire::encode_entry(entry);
        ledger_.put(facts_of(entry.position, entry.type, entry.data.span()));
        cache_.put(encoded);
        stored.entries.push_back(std::move(encoded));
    }

    seal_timer_.cancel();
    disk_.write(std::move(stored),
                [this, ticket = what.ticket](const auto& result) { written(ticket, result); });
    watch_disk();
}

// A write that failed may have happened: never retry, never answer again, exit soon.
void Replica::written(WriteTicket ticket, const Result<void, storage::StoreError>& result) {
    if (life_ != Life::running) return;
    if (!result) return fall_silent(result.error());

    while (!promises_.empty() && promises_.front().kept_by <= ticket) {
        links_.post(std::move(promises_.front().reply));
        promises_.pop_front();
    }
    step(consensus::Persisted{ticket});
    seal_when_quiet();
}

// While a call is at work the disk is looked at from time to time: a write that hangs ends leadership, and a
// probe that comes back quickly restores eligibility.
void Replica::watch_disk() {
    if (stalled_) return;
    disk_timer_.expires_after(disk_watch_period);
    disk_timer_.async_wait([this](const auto& error) {
        if (error || life_ != Life::running || stalled_ || disk_.idle()) return;
        if (disk_.busy_for() < options_.stall_timeout) return watch_disk();
        stalled_ = true;
        mute_.store(true);
        ++figures_.stalls;
        events_.stalled(true);
        step(consensus::StoreChanged{consensus::StoreCondition::stalled});
        probe_disk();
    });
}

void Replica::probe_disk() {
    disk_.run([this](storage::LogStore& store) {
        const auto began = conductor::now();
        const auto probed = store.probe();
        const auto took = conductor::now() - began;
        boost::asio::post(core_, [this, probed, took] {
            if (life_ != Life::running) return;
            if (!probed) return fall_silent(probed.error());
            if (took < probe_limit && disk_.idle()) {
                stalled_ = false;
                mute_.store(false);
                events_.stalled(false);
                return step(consensus::StoreChanged{consensus::StoreCondition::well});
            }
            disk_timer_.expires_after(probe_pause);
            disk_timer_.async_wait([this](const auto& error) {
                if (!error && life_ == Life::running) probe_disk();
            });
        });
    });
}

void Replica::seal_when_quiet() {
    seal_timer_.expires_after(quiet_before_seal);
    seal_timer_.async_wait([this](const auto& error) {
        if (error || life_ != Life::running) return;
        disk_.run([this](storage::LogStore& store) {
            const auto sealed = store.idle();
            if (sealed) return;
            boost::asio::post(core_, [this, sealed] { fall_silent(sealed.error()); });
        });
    });
}

void Replica::fall_silent(const storage::StoreError& error) {
    if (life_ != Life::running) return;
    life_ = Life::dead;
    mute_.store(true);
    leading_until_ns_.store(not_leading);
    promises_.clear();
    protocol_timer_.cancel();
    disk_timer_.cancel();
    seal_timer_.cancel();
    waiters_.fail_all(lost());
    for (auto& [ask, done] : std::exchange(asked_, {})) done(lost());
    fail_operations();
    events_.store_failed(error);
}

// ---- time and views -------------------------------------------------------------------------------------

void Replica::arm_timer() {
    const auto wait = std::max(raft_->next_deadline() - conductor::now(), Duration::zero());
    // A timer far in the future would overflow the clock's arithmetic.
    protocol_timer_.expires_after(std::min<Duration>(wait, 1h));
    protocol_timer_.async_wait([this](const auto& error) {
        if (!error) step(consensus::Tick{});
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
        if (published_.membership.version != version || !published_.membership.known) {
            published_.membership = {raft_->latest_configuration().servers, version, version != LogIndex{}};
            other_members = published_.membership.known;
        }
    }
    if (other_members) events_.members_changed();
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
    return ready_.load() ? std::string{} : std::string{"starting"};
}

}  // namespace conductor::replica
