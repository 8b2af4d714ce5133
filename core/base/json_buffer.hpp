// The only way into RapidJSON. Text with one zero octet and 64 octets of readable slack behind it, because
// the SSE4.2 scanner reads 16 octets past the end and the AVX2 hex kernel 32. Keeps its memory between
// uses: page faults cost more than the transcoding. One owner at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace conductor {

class JsonBuffer {
public:
    static constexpr std::size_t slack = 64;

    JsonBuffer() = default;
    /// Holds a copy of `text`.
    explicit JsonBuffer(std::string_view text);

    /// Room for `octets` of text; what was held before is kept.
    void reserve(std::size_t octets);
    /// Where the next octets of text go; write at most `capacity() - size()` there, then call grew().
    [[nodiscard]] std::span<char> free_space() noexcept;
    /// `octets` more of free_space() are text now.
    void grew(std::size_t octets);
    void append(std::string_view text);
    void clear() noexcept;

    /// The text, ended by a zero octet and the slack. Mutable, because in-situ parsing wants it so.
    [[nodiscard]] char* data() noexcept { return memory_ ? memory_.get() : empty_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::string_view text() const noexcept;

private:
    void end_text() noexcept;

    std::unique_ptr<char[]> memory_;
    std::size_t size_{0};
    std::size_t capacity_{0};
    char empty_[slack]{};
};

}  // namespace conductor
