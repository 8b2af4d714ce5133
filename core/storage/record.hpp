// One record of a segment (docs/formats/segment.md): a header of 88 octets that proves itself, and a body that
// the header proves. What is believed about the log is decided in log_view; here are only octets. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/consensus/types.hpp"

namespace conductor::storage {

enum class RecordKind : std::uint8_t {
    entry = 1,       ///< position, type; body: the entry as on the wire
    snapshot = 2,    ///< position of the last entry covered; body: snapshot_body
    truncation = 3,  ///< position.index and all above are void
    seal = 4,        ///< says only what every record says: what came before it was durable
};

/// Segment ids are never reused, so that the octets of a recycled file's former life prove nothing.
using SegmentId = Ordinal<struct SegmentTag>;

struct RecordHeader {
    RecordKind kind{};
    consensus::EntryType type{};  ///< of an entry
    std::uint16_t data_at{0};     ///< where in the body the entry's data, or the snapshot's payload, starts
    SegmentId segment;
    std::uint64_t sequence{0};  ///< of all records of this store, one after the other without a gap
    consensus::Position position;
    consensus::Position previous;     ///< the last of the log, as of just before this record
    LogIndex durable;                 ///< the last of the log, as of the flush before this record's batch
    std::uint64_t durable_octets{0};  ///< of this segment, as of that flush; a multiple of 8
    std::uint32_t body_octets{0};
    std::uint32_t data_octets{0};
    std::uint32_t prefix_crc{0};  ///< of the body's first prefix_octets, or all of it
    std::uint32_t body_crc{0};
    friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

inline constexpr std::size_t record_header_octets = 88;
inline constexpr std::uint32_t record_magic = 0x43455243;  ///< "CREC", the first four octets
/// Enough of an entry's body for a payload's number, hash and parent to be read, and proved, without the rest.
inline constexpr std::size_t prefix_octets = 1024;
inline constexpr std::size_t record_alignment = 8;
/// Longer bodies are our own mistake: what travels is bounded far below.
inline constexpr std::uint64_t max_body_octets = 1ULL << 31U;

using RecordHeaderOctets = std::array<std::uint8_t, record_header_octets>;

[[nodiscard]] RecordHeaderOctets encode(const RecordHeader& header);
/// nullopt: these octets are no header of `segment`, or not as they were written.
[[nodiscard]] std::optional<RecordHeader> decode_header(ByteSpan octets, SegmentId segment);

[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t octets, std::uint64_t to) noexcept {
    return (octets + to - 1) / to * to;
}
/// Header, body and padding.
[[nodiscard]] constexpr std::uint64_t record_octets(std::uint64_t body_octets) noexcept {
    return record_header_octets + aligned(body_octets, record_alignment);
}

}  // namespace conductor::storage
