#include "core/transport/receive_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/check.hpp"

namespace conductor::transport {

namespace {

constexpr std::size_t first_capacity = 16 << 10;

}  // namespace

std::size_t ReceiveBuffer::growth() const noexcept {
    if (size_ < capacity_) return 0;
    return capacity_ == 0 ? first_capacity : capacity_;
}

void ReceiveBuffer::reallocate(std::size_t capacity) {
    // Not make_shared: that would write zeros over every octet first.
    std::shared_ptr<std::uint8_t[]> memory{new std::uint8_t[capacity]};
    if (size_ != 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = capacity;
}

std::span<std::uint8_t> ReceiveBuffer::room() {
    if (const auto more = growth(); more != 0) reallocate(capacity_ + more);
    return {memory_.get() + size_, capacity_ - size_};
}

void ReceiveBuffer::grew(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= capacity_ - size_);
    size_ += octets;
}

Bytes ReceiveBuffer::take(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= size_);
    if (octets < capacity_ / 2) {
        auto message = Bytes::copy_of(span().first(octets));
        drop(octets);
        return message;
    }
    const auto handed_over = std::move(memory_);
    const auto left = size_ - octets;
    size_ = 0;
    capacity_ = 0;
    memory_ = nullptr;
    if (left != 0) {
        reallocate(std::max(first_capacity, left));
        std::memcpy(memory_.get(), handed_over.get() + octets, left);
        size_ = left;
    }
    return {handed_over, ByteSpan{handed_over.get(), octets}};
}

void ReceiveBuffer::drop(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= size_);
    size_ -= octets;
    if (size_ != 0) std::memmove(memory_.get(), memory_.get() + octets, size_);
}

}  // namespace conductor::transport
