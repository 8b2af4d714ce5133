// What goes to the disk and what comes back: a write is staged in memory before anything leaves, handed to the
// disk thread behind what left, and answered by the promises it keeps. Here, too, a disk that hangs is noticed.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/replica/replica.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::replica {
namespace {

using namespace std::chrono_literals;

constexpr auto disk_watch_period = 50ms;
constexpr auto probe_limit = 100ms;  // a synced probe must take less before a stall is over (P-52)
constexpr auto probe_pause = 500ms;
constexpr auto quiet_before_seal = 1s;  // reliability.md §1.3 rule 2

}  // namespace

storage::StoreWrite Replica::stage(consensus::Write what) {
    storage::StoreWrite stored;
    stored.hard_state = std::move(what.hard_state);
    stored.discard_log = what.discard_log;
    stored.truncate = what.truncate;
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
    if (what.snapshot) {
        if (what.snapshot_payload) take_over(*what.snapshot, *what.snapshot_payload);
        // An own snapshot covers exactly what is applied, so the head is its payload, as it is of a received
        // one.
        stored.snapshot_payload = head_.snapshot();
        ledger_.forget_below(what.snapshot->first_kept);
        stored.snapshot = std::move(what.snapshot);
    }
    for (const auto& entry : what.put_back) {
        auto encoded = wire::encode_entry(entry);
        ledger_.put_back(facts_of(entry.position, entry.type, entry.data.span()));
        cache_.put_back(encoded);
        stored.entries.push_back(std::move(encoded));
        if (missed_ == entry.position.index) missed_.reset();
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
    return stored;
}

void Replica::write(storage::StoreWrite what, WriteTicket ticket) {
    seal_timer_.cancel();
    if (what.snapshot) outbox_.snapshot_written(what.snapshot->last);
    disk_.write(std::move(what), [this, ticket](const auto& result) { written(ticket, result); });
    watch_disk();
}

// A write that failed may have happened: never retry, never answer again, exit soon.
void Replica::written(WriteTicket ticket, const Result<void, storage::StoreError>& result) {
    if (life_ != Life::running) return;
    if (!result) return fall_silent(result.error());

    // An answer that needs a term alone may stand behind one that needs a later write.
    std::erase_if(promises_, [&](consensus::Promise& promise) {
        if (promise.kept_by > ticket) return false;
        links_.post(std::move(promise.reply), {});
        return true;
    });
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

}  // namespace conductor::replica
