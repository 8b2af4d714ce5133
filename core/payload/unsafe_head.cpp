#include "core/payload/unsafe_head.hpp"

#include <utility>
#include <vector>

namespace conductor::payload {

bool is_reset_entry(ByteSpan data) noexcept {
    return as_text(data).starts_with(reset_prefix);
}

Bytes reset_entry(const Envelope& envelope) {
    const auto prefix = as_octets(reset_prefix);
    const auto ssz = envelope.ssz.span();
    std::vector<std::uint8_t> data;
    data.reserve(prefix.size() + ssz.size());
    data.insert(data.end(), prefix.begin(), prefix.end());
    data.insert(data.end(), ssz.begin(), ssz.end());
    return Bytes::adopt(std::move(data));
}

Result<Envelope, SszError> payload_of_entry(Bytes data) {
    if (data.empty()) return SszError{"log data is nil or empty", "log data is nil or empty"};
    if (!is_reset_entry(data.span())) return envelope_from_ssz(std::move(data));
    return envelope_from_ssz(data.slice(reset_prefix.size(), data.size() - reset_prefix.size()));
}

Verdict UnsafeHead::apply(Bytes data) {
    const bool reset = is_reset_entry(data.span());
    auto envelope = payload_of_entry(std::move(data));
    Verdict verdict;
    if (!envelope) {
        verdict.error = std::move(envelope.error().text);
        verdict.precise = std::move(envelope.error().precise);
        return verdict;
    }
    if (reset) {
        verdict.effect = Effect::reset;
    } else if (head_ && envelope->number <= head_->number) {
        verdict.effect = Effect::not_newer;
        return verdict;
    } else {
        verdict.effect = Effect::moved;
        verdict.parent_mismatch =
            head_ && envelope->number == head_->number.next() && envelope->parent != head_->hash;
    }
    head_ = *std::move(envelope);
    return verdict;
}

Result<void, SszError> UnsafeHead::restore(Bytes snapshot) {
    if (snapshot.empty()) {
        head_.reset();
        return {};
    }
    auto envelope = envelope_from_ssz(std::move(snapshot));
    if (!envelope) return envelope.error();
    head_ = *std::move(envelope);
    return {};
}

}  // namespace conductor::payload
