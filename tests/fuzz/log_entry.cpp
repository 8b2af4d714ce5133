// One entry as it lies in the store: decoding stays within bounds, and what decodes encodes to octets that
// decode to the same entry, with the same stamp.
#include "core/transport/wire_entry.hpp"
#include "tests/fuzz/bounds.hpp"

using namespace conductor;
using namespace conductor::wire;

namespace {

Bytes encoded(const consensus::Entry& entry) {
    const auto pieces = encode_entry(entry);
    std::vector<std::uint8_t> all;
    for (const auto& piece : {pieces.head, pieces.data, pieces.tail})
        all.insert(all.end(), piece.span().begin(), piece.span().end());
    return Bytes::adopt(std::move(all));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes octets{nullptr, ByteSpan{data, size}};
    {
        const fuzz::Bounds bounds{size};
        const auto entry = decode_entry(octets);
        if (!entry) return 0;
    }
    const auto entry = decode_entry(octets);
    const auto once = encoded(*entry);
    const auto again = decode_entry(once);
    fuzz::require(again.has_value(), "own entry does not decode");
    fuzz::require(*again == *entry, "an entry changes on its way through the store");
    fuzz::require((again->configuration == nullptr) == (entry->configuration == nullptr), "configuration lost");
    if (entry->configuration != nullptr)
        fuzz::require(*again->configuration == *entry->configuration, "configuration changed");
    fuzz::require(encoded(*again) == once, "own entry changes when encoded again");
    return 0;
}
