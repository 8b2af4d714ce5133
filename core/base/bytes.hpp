// Octets that several owners share and nobody changes: one encoded payload goes to the disk and to every
// follower without a copy. Copying a Bytes copies a pointer. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace conductor {

using ByteSpan = std::span<const std::uint8_t>;

class Bytes {
public:
    Bytes() noexcept = default;
    /// `view` stays valid for as long as `owner` lives; the last Bytes to go releases it.
    Bytes(std::shared_ptr<const void> owner, ByteSpan view) noexcept : owner_{std::move(owner)}, view_{view} {}

    [[nodiscard]] static Bytes copy_of(ByteSpan octets);
    [[nodiscard]] static Bytes copy_of(std::string_view text);
    [[nodiscard]] static Bytes adopt(std::vector<std::uint8_t> octets);

    [[nodiscard]] const std::uint8_t* data() const noexcept { return view_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
    [[nodiscard]] bool empty() const noexcept { return view_.empty(); }
    [[nodiscard]] ByteSpan span() const noexcept { return view_; }
    /// A part of the same octets, under the same owner. `offset + count` must not exceed size().
    [[nodiscard]] Bytes slice(std::size_t offset, std::size_t count) const;

    /// Equal octets, whoever owns them.
    friend bool operator==(const Bytes& a, const Bytes& b) noexcept;

private:
    std::shared_ptr<const void> owner_;
    ByteSpan view_;
};

/// Octets seen as text, and text as octets; nothing is copied.
[[nodiscard]] inline std::string_view as_text(ByteSpan octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}
[[nodiscard]] inline ByteSpan as_octets(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace conductor
