#include "core/base/json_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/check.hpp"

namespace conductor {

JsonBuffer::JsonBuffer(std::string_view text) {
    append(text);
}

void JsonBuffer::reserve(std::size_t octets) {
    if (octets <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<char[]>(octets + slack);
    if (size_ > 0) std::memcpy(larger.get(), memory_.get(), size_);
    memory_ = std::move(larger);
    capacity_ = octets;
    end_text();
}

std::span<char> JsonBuffer::free_space() noexcept {
    if (!memory_) return {};
    return {memory_.get() + size_, capacity_ - size_};
}

void JsonBuffer::grew(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= capacity_ - size_);
    size_ += octets;
    if (memory_) end_text();
}

void JsonBuffer::append(std::string_view text) {
    if (text.empty()) return;
    if (text.size() > capacity_ - size_) reserve(std::max(size_ + text.size(), 2 * capacity_));
    std::memcpy(memory_.get() + size_, text.data(), text.size());
    grew(text.size());
}

void JsonBuffer::clear() noexcept {
    size_ = 0;
    if (memory_) end_text();
}

std::string_view JsonBuffer::text() const noexcept {
    return memory_ ? std::string_view{memory_.get(), size_} : std::string_view{};
}

// The scanners may look at the slack, so it must hold something definite: no read of ours may depend on
// what an earlier, longer text left there.
void JsonBuffer::end_text() noexcept {
    std::memset(memory_.get() + size_, 0, slack);
}

}  // namespace conductor
