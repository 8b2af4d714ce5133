#include "core/storage/record.hpp"

#include "core/base/check.hpp"
#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t header_crc_at = 84;

bool known(std::uint8_t kind) noexcept {
    return kind >= static_cast<std::uint8_t>(RecordKind::entry) &&
           kind <= static_cast<std::uint8_t>(RecordKind::seal);
}

}  // namespace

RecordHeaderOctets encode(const RecordHeader& header) {
    CONDUCTOR_CHECK(header.durable_octets % record_alignment == 0);
    CONDUCTOR_CHECK(header.durable_octets / record_alignment <= UINT32_MAX);
    RecordHeaderOctets out{};
    auto* const at = out.data();
    put(at, record_magic);
    put(at + 4, static_cast<std::uint8_t>(header.kind));
    put(at + 5, static_cast<std::uint8_t>(header.type));
    put(at + 6, header.data_at);
    put(at + 8, header.segment.value());
    put(at + 16, header.sequence);
    put(at + 24, header.position.index.value());
    put(at + 32, header.position.term.value());
    put(at + 40, header.previous.index.value());
    put(at + 48, header.previous.term.value());
    put(at + 56, header.durable.value());
    put(at + 64, static_cast<std::uint32_t>(header.durable_octets / record_alignment));
    put(at + 68, header.body_octets);
    put(at + 72, header.data_octets);
    put(at + 76, header.prefix_crc);
    put(at + 80, header.body_crc);
    put(at + header_crc_at, crc32c({out.data(), header_crc_at}));
    return out;
}

std::optional<RecordHeader> decode_header(ByteSpan octets, SegmentId segment) {
    if (octets.size() < record_header_octets) return std::nullopt;
    const auto* const at = octets.data();
    if (get<std::uint32_t>(at) != record_magic || !known(at[4])) return std::nullopt;
    if (get<std::uint64_t>(at + 8) != segment.value()) return std::nullopt;
    if (get<std::uint32_t>(at + header_crc_at) != crc32c(octets.first(header_crc_at))) return std::nullopt;

    RecordHeader header;
    header.kind = static_cast<RecordKind>(at[4]);
    header.type = static_cast<consensus::EntryType>(at[5]);
    header.data_at = get<std::uint16_t>(at + 6);
    header.segment = segment;
    header.sequence = get<std::uint64_t>(at + 16);
    header.position = {Term{get<std::uint64_t>(at + 32)}, LogIndex{get<std::uint64_t>(at + 24)}};
    header.previous = {Term{get<std::uint64_t>(at + 48)}, LogIndex{get<std::uint64_t>(at + 40)}};
    header.durable = LogIndex{get<std::uint64_t>(at + 56)};
    header.durable_octets = std::uint64_t{get<std::uint32_t>(at + 64)} * record_alignment;
    header.body_octets = get<std::uint32_t>(at + 68);
    header.data_octets = get<std::uint32_t>(at + 72);
    header.prefix_crc = get<std::uint32_t>(at + 76);
    header.body_crc = get<std::uint32_t>(at + 80);
    if (std::uint64_t{header.data_at} + header.data_octets > header.body_octets) return std::nullopt;
    return header;
}

}  // namespace conductor::storage
