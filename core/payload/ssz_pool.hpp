// Memory for encoded payloads that stays mapped between commits: the page faults of fresh memory cost more
// than the transcoding (payload.md §7.2). Bounded: what is idle beyond the limits goes back to the system.
// Any thread; the mutex guards a list of a few pointers, and octets may be released wherever their last owner
// goes. The pool may die before what it lent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace conductor::payload {

class SszPool {
public:
    struct Limits {
        std::size_t idle_buffers{4};
        std::size_t idle_octets{64U << 20U};
    };

    /// Mutable octets with one owner; shared ownership turns them into Bytes.
    struct Buffer {
        std::unique_ptr<std::uint8_t[]> octets;
        std::size_t capacity{0};
    };

    SszPool();
    explicit SszPool(Limits limits);

    /// At least `octets`, with whatever an earlier user left in them. Comes back by itself.
    [[nodiscard]] std::shared_ptr<Buffer> take(std::size_t octets);
    [[nodiscard]] std::size_t idle_buffers() const;
    [[nodiscard]] std::size_t idle_octets() const;

private:
    struct Shelf;
    std::shared_ptr<Shelf> shelf_;
};

}  // namespace conductor::payload
