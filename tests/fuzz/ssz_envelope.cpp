// Octets that decode survive the way through JSON, are what an entry and a snapshot make the head, and can be
// hashed; octets that do not have a complaint.
#include <algorithm>

#include "core/base/check.hpp"
#include "core/payload/block_hash.hpp"
#include "core/payload/layout.hpp"
#include "core/payload/transcode.hpp"
#include "core/payload/unsafe_head.hpp"

using namespace conductor;
using namespace conductor::payload;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ssz = Bytes::copy_of(ByteSpan{data, size});
    UnsafeHead head;
    const auto verdict = head.apply(ssz);
    // The prefix could also be half of a beacon root; as an entry it means a reset.
    if (is_reset_entry(ssz.span())) {
        CONDUCTOR_CHECK(verdict.accepted() == (verdict.effect == Effect::reset));
        CONDUCTOR_CHECK(verdict.accepted() == head.head().has_value());
        return 0;
    }
    const auto envelope = envelope_from_ssz(ssz);
    if (!envelope) {
        CONDUCTOR_CHECK(!envelope.error().text.empty());
        CONDUCTOR_CHECK(!envelope.error().precise.empty());
        CONDUCTOR_CHECK(verdict.error == (size == 0 ? "log data is nil or empty" : envelope.error().text));
        return 0;
    }
    CONDUCTOR_CHECK(verdict.effect == Effect::moved);
    CONDUCTOR_CHECK(head.snapshot() == ssz);
    CONDUCTOR_CHECK(head.apply(reset_entry(*envelope)).effect == Effect::reset);
    CONDUCTOR_CHECK(head.restore(ssz));
    (void)oddities_of(*envelope, &*head.head());
    (void)block_hash(*envelope);

    const auto fields = fields_of(*envelope);
    const bool root_dropped = std::ranges::equal(fields.withdrawals_root, layout::empty_trie_root);
    const auto again = envelope_from_json(envelope_to_json(*envelope), {.strict = false});
    CONDUCTOR_CHECK(again);
    CONDUCTOR_CHECK(root_dropped || again->ssz == ssz);
    return 0;
}
