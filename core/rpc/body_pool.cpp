#include "core/rpc/body_pool.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace conductor::rpc {

// Connections run on several threads and share the budget, hence the mutex; it is held for pointer moves.
struct Body::Shared {
    explicit Shared(BodyPoolLimits given) : limits{given} {}

    const BodyPoolLimits limits;
    std::mutex mutex;
    std::size_t in_use{0};
    std::vector<std::unique_ptr<JsonBuffer>> at_rest;

    void give_back(std::unique_ptr<JsonBuffer> buffer, bool charged) {
        const std::lock_guard lock{mutex};
        if (charged) in_use -= buffer->capacity();
        if (buffer->capacity() == 0 || buffer->capacity() > limits.kept_octets) return;
        if (at_rest.size() < limits.kept_buffers) at_rest.push_back(std::move(buffer));
    }
};

Body::Body(std::shared_ptr<Shared> shared, std::unique_ptr<JsonBuffer> buffer) noexcept
    : shared_{std::move(shared)}, buffer_{std::move(buffer)} {}

Body::Body(Body&&) noexcept = default;

Body::~Body() {
    if (buffer_) shared_->give_back(std::move(buffer_), true);
}

bool Body::reserve(std::size_t octets) {
    const auto had = buffer_->capacity();
    if (octets <= had) return true;
    {
        const std::lock_guard lock{shared_->mutex};
        if (shared_->in_use + (octets - had) > shared_->limits.total_octets) return false;
        shared_->in_use += octets - had;
    }
    buffer_->reserve(octets);
    return true;
}

Bytes Body::into_bytes() {
    if (buffer_->size() < buffer_->capacity() / 2) {
        auto copy = Bytes::copy_of(buffer_->text());
        buffer_->clear();
        return copy;
    }
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->in_use -= buffer_->capacity();
    }
    auto back = [shared = shared_](JsonBuffer* used) {
        shared->give_back(std::unique_ptr<JsonBuffer>{used}, false);
    };
    std::shared_ptr<JsonBuffer> owner{std::exchange(buffer_, std::make_unique<JsonBuffer>()).release(), back};
    const auto view = as_octets(owner->text());
    return {std::move(owner), view};
}

BodyPool::BodyPool(BodyPoolLimits limits) : shared_{std::make_shared<Body::Shared>(limits)} {}

Body BodyPool::take() {
    const std::lock_guard lock{shared_->mutex};
    if (shared_->at_rest.empty()) return {shared_, std::make_unique<JsonBuffer>()};
    auto buffer = std::move(shared_->at_rest.back());
    shared_->at_rest.pop_back();
    buffer->clear();
    shared_->in_use += buffer->capacity();
    return {shared_, std::move(buffer)};
}

std::size_t BodyPool::octets_in_use() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->in_use;
}

}  // namespace conductor::rpc
