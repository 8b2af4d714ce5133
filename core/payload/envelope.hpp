// The execution payload envelope in the one form the conductor keeps: its SSZ octets, exactly as accepted
// (payload.md §2.8), with the few facts that rules ask for read out of them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/ordinal.hpp"
#include "core/base/result.hpp"

namespace conductor::payload {

enum class Version : std::uint8_t { v3 = 3, v4 = 4 };  ///< Ecotone … Holocene; Isthmus and later

/// Octets that decode as V3 or V4. Made by envelope_from_ssz and the transcoder alone.
struct Envelope {
    Bytes ssz;
    Version version{Version::v3};
    BlockNumber number;
    BlockHash hash;  ///< as claimed; block_hash() computes the true one
    BlockHash parent;
    std::uint64_t timestamp_s{0};  ///< unix seconds
};

struct SszError {
    std::string text;     ///< what Go's two-step decode reports (payload.md §4.2): for clients
    std::string precise;  ///< what is really wrong (§4.1): for the log
};

/// Checks every offset (payload.md §4.1) and reads the facts; the octets are shared, not copied.
///   errors  SszError; empty input has the text of E0 with 0, as Restore says it
[[nodiscard]] Result<Envelope, SszError> envelope_from_ssz(Bytes ssz);

}  // namespace conductor::payload
