// Where the octets of one connection arrive. Grows with what came, never with what was announced, and hands a
// large message over without copying it: the message keeps the memory, the buffer goes on with new one.
// One owner at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/bytes.hpp"

namespace conductor::transport {

class ReceiveBuffer {
public:
    /// Room for at least one octet; twice as much as before whenever it is full.
    [[nodiscard]] std::span<std::uint8_t> room();
    /// Octets that room() would add to capacity().
    [[nodiscard]] std::size_t growth() const noexcept;
    void grew(std::size_t octets);

    [[nodiscard]] ByteSpan span() const noexcept { return {memory_.get(), size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    /// The first `octets`, which leave the buffer. Small ones are copied, so that a short entry that lives long
    /// does not hold a large buffer.
    [[nodiscard]] Bytes take(std::size_t octets);
    void drop(std::size_t octets);

private:
    void reallocate(std::size_t capacity);

    std::shared_ptr<std::uint8_t[]> memory_;
    std::size_t size_{0};
    std::size_t capacity_{0};
};

}  // namespace conductor::transport
