#include "tests/unit/replica/memory_store.hpp"

#include <chrono>

namespace conductor::test {

using namespace std::chrono_literals;

class MemoryDisk::Store final : public storage::LogStore {
public:
    explicit Store(MemoryDisk& disk) : disk_{disk} {
        const std::lock_guard lock{disk_.mutex_};
        ++disk_.open_stores_;
        state_.hard_state = disk_.hard_;
        state_.snapshot = disk_.snapshot_;
        state_.snapshot_has_payload = !disk_.snapshot_payload_.empty();
        for (const auto& [index, entry] : disk_.entries_)
            state_.entries.push_back({entry.position, entry.type, entry.data.size(), entry.configuration});
    }

    ~Store() override {
        const std::lock_guard lock{disk_.mutex_};
        --disk_.open_stores_;
        disk_.changed_.notify_all();
    }

    const consensus::StoredState& recovered() const override { return state_; }
    Result<Bytes, storage::StoreError> snapshot_payload() override { return disk_.snapshot_payload_; }

    Result<void, storage::StoreError> write(std::span<const storage::StoreWrite> batch) override {
        if (auto passed = disk_.pass(); !passed) return passed.error();
        const std::lock_guard lock{disk_.mutex_};
        ++disk_.batches_;
        for (const auto& one : batch) {
            if (one.hard_state) disk_.hard_ = *one.hard_state;
            if (one.snapshot) {
                disk_.snapshot_ = one.snapshot;
                disk_.snapshot_payload_ = one.snapshot_payload;
                disk_.entries_.erase(disk_.entries_.begin(),
                                     disk_.entries_.lower_bound(one.snapshot->first_kept));
            }
            if (one.discard_log) disk_.entries_.clear();
            if (one.truncate)
                disk_.entries_.erase(disk_.entries_.lower_bound(*one.truncate), disk_.entries_.end());
            for (const auto& encoded : one.entries) {
                std::vector<std::uint8_t> octets;
                for (const auto* piece : {&encoded.head, &encoded.data, &encoded.tail})
                    octets.insert(octets.end(), piece->span().begin(), piece->span().end());
                auto entry = *wire::decode_entry(Bytes::adopt(std::move(octets)));
                disk_.rotten_.erase(entry.position.index);
                disk_.entries_[entry.position.index] = std::move(entry);
            }
        }
        return {};
    }

    Result<consensus::Entry, storage::StoreError> read(LogIndex index) override {
        const std::lock_guard lock{disk_.mutex_};
        ++disk_.bodies_read_;
        if (disk_.rotten_.count(index) != 0)
            return storage::StoreError{storage::StoreErrc::corrupt_record, "memory", "the entry has rotted"};
        return disk_.entries_.at(index);
    }
    Result<Bytes, storage::StoreError> read_data_prefix(LogIndex index, std::size_t octets) override {
        const std::lock_guard lock{disk_.mutex_};
        const auto& data = disk_.entries_.at(index).data;
        return data.slice(0, std::min(octets, data.size()));
    }
    Result<void, storage::StoreError> idle() override { return {}; }
    Result<void, storage::StoreError> probe() override { return disk_.pass(); }
    storage::StoreFigures figures() const override { return {}; }

private:
    MemoryDisk& disk_;
    consensus::StoredState state_;
};

std::unique_ptr<storage::LogStore> MemoryDisk::open() {
    return std::make_unique<Store>(*this);
}

// A thread that was left behind in here must leave before the disk goes, or a failed test never ends.
MemoryDisk::~MemoryDisk() {
    resume();
    (void)closes();
}

void MemoryDisk::hang() {
    const std::lock_guard lock{mutex_};
    hanging_ = true;
}

void MemoryDisk::resume() {
    {
        const std::lock_guard lock{mutex_};
        hanging_ = false;
    }
    changed_.notify_all();
}

void MemoryDisk::fail_next(storage::StoreErrc code) {
    const std::lock_guard lock{mutex_};
    failure_ = code;
}

bool MemoryDisk::hangs() const {
    const std::lock_guard lock{mutex_};
    return waiting_;
}

Result<void, storage::StoreError> MemoryDisk::pass() {
    std::unique_lock lock{mutex_};
    waiting_ = hanging_;
    changed_.wait(lock, [&] { return !hanging_; });
    waiting_ = false;
    if (const auto failure = std::exchange(failure_, std::nullopt))
        return storage::StoreError{*failure, "memory", "the disk was told to fail"};
    return {};
}

bool MemoryDisk::closes() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 10s, [&] { return open_stores_ == 0; });
}
std::size_t MemoryDisk::batches() const {
    const std::lock_guard lock{mutex_};
    return batches_;
}
std::size_t MemoryDisk::bodies_read() const {
    const std::lock_guard lock{mutex_};
    return bodies_read_;
}
std::size_t MemoryDisk::entries() const {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}
void MemoryDisk::rot(LogIndex index) {
    const std::lock_guard lock{mutex_};
    rotten_.insert(index);
}
void MemoryDisk::overwrite(LogIndex index, Bytes data) {
    const std::lock_guard lock{mutex_};
    entries_.at(index).data = std::move(data);
}

}  // namespace conductor::test
