// A configuration: decoding stays within bounds, and what decodes survives encoding.
#include "core/transport/wire_entry.hpp"
#include "tests/fuzz/bounds.hpp"

using namespace conductor;
using namespace conductor::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteSpan octets{data, size};
    {
        const fuzz::Bounds bounds{size};
        const auto configuration = decode_configuration(octets);
        if (!configuration) return 0;
    }
    const auto configuration = decode_configuration(octets);
    const auto once = encode_configuration(*configuration);
    const auto again = decode_configuration(once.span());
    fuzz::require(again.has_value(), "own configuration does not decode");
    fuzz::require(*again == *configuration, "a configuration changes on its way");
    fuzz::require(encode_configuration(*again) == once, "own configuration changes when encoded again");
    return 0;
}
