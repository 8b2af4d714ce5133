// The memory that request bodies are read into: buffers that keep their pages between requests, because page
// faults cost more than transcoding, and one budget for all of them. Any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/bytes.hpp"
#include "core/base/json_buffer.hpp"

namespace conductor::rpc {

struct BodyPoolLimits {
    std::size_t total_octets{std::size_t{1} << 30U};  ///< of all bodies being read or answered
    std::size_t kept_buffers{8};                      ///< at rest
    std::size_t kept_octets{std::size_t{32} << 20U};  ///< a larger buffer is freed rather than kept
};

class BodyPool;

/// One body. Gives its memory back when it dies.
class Body {
public:
    Body(Body&&) noexcept;
    Body& operator=(Body&&) = delete;
    ~Body();

    [[nodiscard]] JsonBuffer& buffer() noexcept { return *buffer_; }
    /// Room for `octets` in all; false, and nothing changes, where the pool's budget does not allow it.
    [[nodiscard]] bool reserve(std::size_t octets);
    /// The octets as something that may live as long as anyone wants it: the buffer itself, or a copy where
    /// the buffer is much larger than what it holds. The body is empty afterwards.
    [[nodiscard]] Bytes into_bytes();

private:
    friend class BodyPool;
    struct Shared;
    Body(std::shared_ptr<Shared> shared, std::unique_ptr<JsonBuffer> buffer) noexcept;

    std::shared_ptr<Shared> shared_;
    std::unique_ptr<JsonBuffer> buffer_;
};

class BodyPool {
public:
    explicit BodyPool(BodyPoolLimits limits);
    [[nodiscard]] Body take();
    /// Octets that bodies in use hold now.
    [[nodiscard]] std::size_t octets_in_use() const;

private:
    std::shared_ptr<Body::Shared> shared_;  // bodies and Bytes made of them may outlive the pool
};

}  // namespace conductor::rpc
