// A member and its disk: what is written while a flush is at work is one batch for the next; a flush that hangs
// ends leadership, one that fails ends the process.
#include <algorithm>

#include "node.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration stall_timeout = 2s;
constexpr Duration probe_limit = 100ms;
constexpr Duration probe_pause = 500ms;

}  // namespace

void Node::flush() {
    if (at_work_ != 0 || writes_.empty()) return;
    at_work_ = writes_.size();
    work_began_ = world_.schedule.now();
    auto takes = world_.random.between(50us, std::max<Duration>(disk_weather.flush, 51us));
    if (disk_weather.stall) takes = *disk_weather.stall;
    disk_weather.stall.reset();
    const auto name = ++flush_;
    world_.schedule.after(takes, [this, life = life_, name] {
        if (name == flush_) flushed(life, at_work_);
    });
    if (takes > stall_timeout)
        world_.schedule.after(stall_timeout, [this, life = life_, name] {
            if (name == flush_ && at_work_ != 0) watch_disk(life);
        });
}

void Node::flushed(std::uint64_t life, std::size_t batch) {
    if (life != life_ || batch == 0) return;
    if (!awake()) {
        world_.schedule.at(frozen_until_, [this, life, name = flush_] {
            if (name == flush_) flushed(life, at_work_);
        });
        return;
    }
    if (disk_weather.error || disk_weather.full) {  // it may have happened; nothing is said any more (5.15)
        disk_weather.error = false;
        crash(world_.random.next() % 4 == 0, false, true);
        return on_failed_disk(who_, world_.random.between(100ms, 5s));
    }
    std::vector<DiskWrite> done(std::make_move_iterator(writes_.begin()),
                                std::make_move_iterator(writes_.begin() + static_cast<std::ptrdiff_t>(batch)));
    writes_.erase(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(batch));
    at_work_ = 0;
    disk_->write(done);
    keep_what_is_flushed();
    for (const auto& one : done) {
        const auto ticket = one.what.ticket;
        std::deque<consensus::Promise> kept;
        for (auto& promise : promises_) {
            if (promise.kept_by <= ticket) {
                reply(std::move(promise.reply));
            } else {
                kept.push_back(std::move(promise));
            }
        }
        promises_ = std::move(kept);
        step(consensus::Persisted{ticket});
        if (life != life_) return;
    }
    flush();
}

void Node::watch_disk(std::uint64_t life) {
    if (life != life_ || stalled_) return;
    if (!awake()) {
        world_.schedule.at(frozen_until_, [this, life] {
            if (at_work_ != 0 && world_.schedule.now() - work_began_ >= stall_timeout) watch_disk(life);
        });
        return;
    }
    stalled_ = true;
    step(consensus::StoreChanged{consensus::StoreCondition::stalled});
    probe_disk(life);
}

void Node::probe_disk(std::uint64_t life) {
    if (life != life_ || !stalled_) return;
    const bool well = at_work_ == 0 && disk_weather.flush <= probe_limit;
    if (!well || !awake()) {
        world_.schedule.after(probe_pause, [this, life] { probe_disk(life); });
        return;
    }
    stalled_ = false;
    step(consensus::StoreChanged{consensus::StoreCondition::well});
}

void Node::wipe() {
    disk_->wipe();
    kept_ = {};
    rotten_.clear();
}

// Between two flushes: what no later record calls durable cannot be told from a torn write.
bool Node::crash_and_rot(consensus::Random& draw) {
    if (!running() || at_work_ != 0 || !writes_.empty()) return false;
    disk_->settle();
    crash(false, false);
    return disk_->rot(draw);
}

void Node::end_stall() {
    disk_weather = {};
    if (at_work_ != 0) flushed(life_, at_work_);
}

}  // namespace conductor::sim
