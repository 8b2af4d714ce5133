#include "core/payload/ssz_pool.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace conductor::payload {

// Held by the pool and by every lent buffer, so that the last of them to go frees it.
struct SszPool::Shelf {
    explicit Shelf(Limits allowed) : limits{allowed} { idle.reserve(limits.idle_buffers); }

    Buffer take(std::size_t octets) {
        const std::scoped_lock lock{mutex};
        auto best = idle.end();
        for (auto it = idle.begin(); it != idle.end(); ++it) {
            if (it->capacity >= octets && (best == idle.end() || it->capacity < best->capacity)) best = it;
        }
        if (best == idle.end()) return {};
        auto buffer = std::move(*best);
        idle.erase(best);
        held -= buffer.capacity;
        return buffer;
    }

    // What is not kept is freed here, outside the lock.
    void put(Buffer buffer) {
        const std::scoped_lock lock{mutex};
        if (idle.size() >= limits.idle_buffers || buffer.capacity > limits.idle_octets - held) return;
        held += buffer.capacity;
        idle.push_back(std::move(buffer));
    }

    const Limits limits;
    mutable std::mutex mutex;
    std::vector<Buffer> idle;
    std::size_t held{0};
};

SszPool::SszPool() : SszPool(Limits{}) {}
SszPool::SszPool(Limits limits) : shelf_{std::make_shared<Shelf>(limits)} {}

std::shared_ptr<SszPool::Buffer> SszPool::take(std::size_t octets) {
    auto buffer = shelf_->take(octets);
    if (!buffer.octets) {
        // Whole mebibytes, so that blocks of similar size share buffers.
        constexpr std::size_t grain = 1U << 20U;
        buffer.capacity = (octets + grain - 1) / grain * grain;
        buffer.octets = std::make_unique_for_overwrite<std::uint8_t[]>(buffer.capacity);
    }
    const auto give_back = [shelf = shelf_](Buffer* lent) {
        shelf->put(std::move(*lent));
        delete lent;
    };
    return {new Buffer{std::move(buffer)}, give_back};
}

std::size_t SszPool::idle_buffers() const {
    const std::scoped_lock lock{shelf_->mutex};
    return shelf_->idle.size();
}

std::size_t SszPool::idle_octets() const {
    const std::scoped_lock lock{shelf_->mutex};
    return shelf_->held;
}

}  // namespace conductor::payload
