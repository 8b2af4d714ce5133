// msgpack as Go's codec speaks it with hashicorp/raft (raft-wire 2): the old raw family in what is written,
// every form in what is read. Reading allocates nothing for a declared length, and nesting ends at 1024.
// Pure; one owner at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace conductor::wire::msgpack {

inline constexpr std::size_t max_depth = 1024;

class Writer {
public:
    void map(std::size_t pairs);
    void array(std::size_t elements);
    void nil() { put(0xc0); }
    void boolean(bool value) { put(value ? 0xc3 : 0xc2); }
    void unsigned_number(std::uint64_t value);
    /// Beyond a fixint Go writes signed fields in the signed family, positive ones too.
    void signed_number(std::int64_t value);
    void raw(ByteSpan octets);
    void raw(std::string_view text) { raw(as_octets(text)); }
    /// The beginning of raw(); the octets themselves follow from elsewhere.
    void raw_header(std::size_t octets);
    /// An object that is encoded already.
    void verbatim(ByteSpan object) { octets_.insert(octets_.end(), object.begin(), object.end()); }

    [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
    [[nodiscard]] Bytes take() { return Bytes::adopt(std::exchange(octets_, {})); }

private:
    void put(std::uint8_t octet) { octets_.push_back(octet); }
    void put_number(std::uint8_t marker, std::uint64_t value, std::size_t octets);

    std::vector<std::uint8_t> octets_;
};

/// What the first octets of an object say.
enum class Kind : std::uint8_t { nil, boolean, number, real, raw, ext, array, map, invalid };
struct Head {
    Kind kind{Kind::invalid};
    bool negative{false};  ///< number: `value` is two's complement
    bool text{false};      ///< raw: of the string family, not bin
    std::int8_t ext_type{0};
    std::uint64_t value{0};  ///< boolean, number; octets of raw, ext and real; elements; pairs
    std::size_t size{0};     ///< of the head itself
};
/// Nothing while the head is incomplete.
[[nodiscard]] std::optional<Head> read_head(ByteSpan octets);

/// Finds the end of one object in octets that arrive piece by piece; looks at every head once, skips over
/// every string, and holds a few octets per level of nesting.
class Extent {
public:
    /// `received` begins with the object and is never shorter than in the call before. Nothing: more is
    /// needed. Otherwise the object's length.
    [[nodiscard]] Result<std::optional<std::size_t>, Complaint> find(ByteSpan received);
    /// How much of the object has been looked at or skipped; may lie beyond what was received.
    [[nodiscard]] std::uint64_t passed() const noexcept { return at_; }

private:
    std::uint64_t at_{0};
    std::vector<std::uint64_t> open_;  ///< objects still missing, per level
    bool begun_{false};
};

/// Reads objects one after the other. The first failure sticks: what is read after it is zero, and loops end.
/// What is built from the octets may take three times their number: small objects that would cost more are
/// nobody's honest message.
class Reader {
public:
    explicit Reader(Bytes source) noexcept : source_{std::move(source)}, budget_{spare + 3 * source_.size()} {}

    [[nodiscard]] bool ok() const noexcept { return !failure_; }
    [[nodiscard]] Complaint failure() const { return failure_.value_or(Complaint{}); }
    void fail(std::string why);
    /// Announces memory about to be taken; fails when there is none left, so ask ok() before taking it.
    void charge(std::size_t octets);
    [[nodiscard]] bool at_end() const noexcept { return at_ == source_.size(); }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    /// nil is zero, false, or empty everywhere, as in Go.
    [[nodiscard]] std::uint64_t unsigned_number();
    [[nodiscard]] std::int64_t signed_number();
    [[nodiscard]] bool boolean();
    /// A slice of the source without a copy, except for an array of small numbers, which Go takes for octets.
    /// nil has a null data(), an empty string has not.
    [[nodiscard]] Bytes octets();
    [[nodiscard]] std::string text() { return std::string{as_text(octets().span())}; }
    /// Elements that follow; 0 for nil, which also sets `nil`.
    [[nodiscard]] std::size_t array(bool* nil = nullptr);
    /// One whole object as it lies there.
    [[nodiscard]] Bytes object();
    void skip() { static_cast<void>(object()); }
    [[nodiscard]] std::optional<Head> peek() const;

    /// A struct. `on_field(key)` reads the value and returns true, or returns false to have it skipped.
    template <class OnField>
    void fields(OnField on_field) {
        const auto pairs = map();
        for (std::uint64_t i = 0; i < pairs && ok(); ++i) {
            const auto name = key();
            if (ok() && !on_field(name)) skip();
        }
    }

private:
    static constexpr std::size_t spare = 64 << 10;

    [[nodiscard]] std::uint64_t map();
    [[nodiscard]] std::string_view key();
    [[nodiscard]] Head head(std::string_view expected);
    [[nodiscard]] bool wants_octets(std::uint64_t count);

    Bytes source_;
    std::size_t at_{0};
    std::size_t budget_;
    std::optional<Complaint> failure_;
};

}  // namespace conductor::wire::msgpack
