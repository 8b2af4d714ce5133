// Identities. Numbers, names and hashes that mean different things have different types, so that a term
// can never stand where an index is asked for. Pure; for everyone.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>

namespace conductor {

/// An integer with an identity: values of different tags neither compare nor convert.
template <class Tag>
class Ordinal {
public:
    constexpr Ordinal() noexcept = default;
    constexpr explicit Ordinal(std::uint64_t value) noexcept : value_{value} {}
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr Ordinal next() const noexcept { return Ordinal{value_ + 1}; }
    friend constexpr auto operator<=>(Ordinal, Ordinal) noexcept = default;

private:
    std::uint64_t value_{0};
};

using Term = Ordinal<struct TermTag>;          ///< 0: before the first election
using LogIndex = Ordinal<struct IndexTag>;     ///< 1-based; 0: nothing yet
using WriteTicket = Ordinal<struct WriteTag>;  ///< one write; they complete in this order
using BlockNumber = Ordinal<struct BlockTag>;  ///< height of a block

/// The name of a member, byte-equal to `Server.ID` in the replicated configuration. Empty: nobody.
class ServerId {
public:
    ServerId() = default;
    explicit ServerId(std::string text) : text_{std::move(text)} {}
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    friend auto operator<=>(const ServerId&, const ServerId&) = default;

private:
    std::string text_;
};

/// A 32-byte block hash, bytes in printed order.
struct BlockHash {
    std::array<std::uint8_t, 32> bytes{};
    friend auto operator<=>(const BlockHash&, const BlockHash&) = default;
};

/// `0x` and 64 lower-case digits.
[[nodiscard]] std::string to_hex(const BlockHash& hash);

template <class Tag>
std::ostream& operator<<(std::ostream& out, Ordinal<Tag> value) {
    return out << value.value();
}
std::ostream& operator<<(std::ostream& out, const ServerId& id);
std::ostream& operator<<(std::ostream& out, const BlockHash& hash);

}  // namespace conductor

template <class Tag>
struct std::hash<conductor::Ordinal<Tag>> {
    std::size_t operator()(conductor::Ordinal<Tag> value) const noexcept {
        return std::hash<std::uint64_t>{}(value.value());
    }
};
template <>
struct std::hash<conductor::ServerId> {
    std::size_t operator()(const conductor::ServerId& id) const noexcept {
        return std::hash<std::string>{}(id.text());
    }
};
