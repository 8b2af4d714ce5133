// Where the last accepted payloads stand in the log: what the start ladder and the rule against siblings
// (conductor.md P-51) look up without touching a payload. Follows the log: grows with it, is cut with it, and
// starts anew from a snapshot. Pure; core thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/base/ordinal.hpp"
#include "core/payload/envelope.hpp"

namespace conductor::payload {

struct PayloadPosition {
    BlockNumber number;
    BlockHash hash;
    BlockHash parent;
    LogIndex index;  ///< of its entry, or the last one that a snapshot covers
    friend bool operator==(const PayloadPosition&, const PayloadPosition&) = default;
};
[[nodiscard]] PayloadPosition position_of(const Envelope& envelope, LogIndex index);

class PositionRing {
public:
    static constexpr std::size_t usual_capacity = 64;
    /// Remembers at most `capacity` positions, at least one.
    explicit PositionRing(std::size_t capacity = usual_capacity);

    /// `position.index` must be above that of newest(): a log only grows at its end.
    void push(const PayloadPosition& position);
    /// The log was cut: entries from `first_gone` on do not exist any more.
    void truncate_from(LogIndex first_gone);
    /// A snapshot was restored; nothing: one without a head.
    void restart(std::optional<PayloadPosition> only);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::optional<PayloadPosition> newest() const;
    /// Of several, the newest.
    [[nodiscard]] std::optional<PayloadPosition> by_hash(const BlockHash& hash) const;
    [[nodiscard]] std::optional<PayloadPosition> by_number(BlockNumber number) const;

private:
    /// `age` 0 is the newest.
    [[nodiscard]] const PayloadPosition& at(std::size_t age) const;
    template <class Wanted>
    [[nodiscard]] std::optional<PayloadPosition> find(Wanted wanted) const;

    std::vector<PayloadPosition> slots_;
    std::size_t next_{0};  ///< slot of the next push
    std::size_t size_{0};
};

}  // namespace conductor::payload
