// The replicated state: at most one payload, the newest unsafe block (payload.md §4.5, §5; raft-wire 6). Every
// member must reach the same verdict on the same octets, Go members included, so the rule is Go's: a payload
// becomes the head iff there is none or its number is greater. Hashes play no part. Pure; core thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/payload/envelope.hpp"

namespace conductor::payload {

/// What an entry did to the head.
enum class Effect : std::uint8_t {
    moved,      ///< it is the head now
    not_newer,  ///< accepted and ignored, as Go does: its number is not above the head's
    reset,      ///< a reset entry: it is the head now, whatever its number
    refused,    ///< no payload; the state is what it was
};

struct Verdict {
    Effect effect{Effect::refused};
    std::string error;            ///< Go's words, for the committing client; empty unless refused
    std::string precise;          ///< what is really wrong with it, for the log
    bool parent_mismatch{false};  ///< the next number, but on another parent than the head: to be counted
    [[nodiscard]] bool accepted() const noexcept { return effect != Effect::refused; }
};

/// What stands in front of the SSZ of a reset entry. Only ours understand it.
constexpr std::string_view reset_prefix = "conductord reset";
static_assert(reset_prefix.size() == 16);

[[nodiscard]] bool is_reset_entry(ByteSpan data) noexcept;
[[nodiscard]] Bytes reset_entry(const Envelope& envelope);

/// What the data of a command entry holds, behind the prefix of a reset entry if it is one.
[[nodiscard]] Result<Envelope, SszError> payload_of_entry(Bytes data);

class UnsafeHead {
public:
    /// Applies one committed command. Total: whatever it holds, there is a verdict.
    [[nodiscard]] Verdict apply(Bytes data);
    /// Replaces the head by that of a snapshot, unconditionally; no octets mean no head.
    ///   errors  undecodable: the head is what it was
    [[nodiscard]] Result<void, SszError> restore(Bytes snapshot);

    [[nodiscard]] const std::optional<Envelope>& head() const noexcept { return head_; }
    /// The octets of a snapshot of this state: those that were accepted, or none.
    [[nodiscard]] Bytes snapshot() const { return head_ ? head_->ssz : Bytes{}; }

private:
    std::optional<Envelope> head_;
};

}  // namespace conductor::payload
