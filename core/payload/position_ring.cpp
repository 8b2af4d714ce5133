#include "core/payload/position_ring.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace conductor::payload {

PayloadPosition position_of(const Envelope& envelope, LogIndex index) {
    return {envelope.number, envelope.hash, envelope.parent, index};
}

PositionRing::PositionRing(std::size_t capacity) : slots_(capacity) {
    CONDUCTOR_CHECK(capacity > 0);
}

void PositionRing::push(const PayloadPosition& position) {
    CONDUCTOR_CHECK(size_ == 0 || at(0).index < position.index);
    slots_[next_] = position;
    next_ = (next_ + 1) % slots_.size();
    size_ = std::min(size_ + 1, slots_.size());
}

void PositionRing::truncate_from(LogIndex first_gone) {
    while (size_ > 0 && at(0).index >= first_gone) {
        next_ = (next_ + slots_.size() - 1) % slots_.size();
        --size_;
    }
}

void PositionRing::restart(std::optional<PayloadPosition> only) {
    size_ = 0;
    next_ = 0;
    if (only) push(*only);
}

const PayloadPosition& PositionRing::at(std::size_t age) const {
    CONDUCTOR_CHECK(age < size_);
    return slots_[(next_ + slots_.size() - 1 - age) % slots_.size()];
}

template <class Wanted>
std::optional<PayloadPosition> PositionRing::find(Wanted wanted) const {
    for (std::size_t age = 0; age < size_; ++age) {
        if (wanted(at(age))) return at(age);
    }
    return std::nullopt;
}

std::optional<PayloadPosition> PositionRing::newest() const {
    return find([](const PayloadPosition&) { return true; });
}
std::optional<PayloadPosition> PositionRing::by_hash(const BlockHash& hash) const {
    return find([&](const PayloadPosition& one) { return one.hash == hash; });
}
std::optional<PayloadPosition> PositionRing::by_number(BlockNumber number) const {
    return find([&](const PayloadPosition& one) { return one.number == number; });
}

}  // namespace conductor::payload
