#include "core/storage/batch.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/storage/crc32c.hpp"

namespace conductor::storage {

namespace {

constexpr std::array<std::uint8_t, record_alignment> padding_zeros{};

struct Checksums {
    std::uint32_t prefix{0};
    std::uint32_t body{0};
};

// Both in one pass: the prefix is where the body's checksum passes prefix_octets.
Checksums checksums_of(const std::vector<ByteSpan>& body) {
    Checksums sums;
    std::size_t done = 0;
    for (const auto piece : body) {
        const auto front = std::min(piece.size(), prefix_octets - std::min(done, prefix_octets));
        sums.body = crc32c(piece.first(front), sums.body);
        if (front > 0) sums.prefix = sums.body;
        sums.body = crc32c(piece.subspan(front), sums.body);
        done += piece.size();
    }
    return sums;
}

std::uint16_t small(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= UINT16_MAX);
    return static_cast<std::uint16_t>(octets);
}

}  // namespace

Draft draft_entry(const wire::EncodedEntry& entry) {
    Draft draft;
    draft.kind = RecordKind::entry;
    draft.position = entry.facts.position;
    draft.type = entry.facts.type;
    draft.data_at = small(entry.head.size());
    draft.data_octets = static_cast<std::uint32_t>(entry.data.size());
    draft.body = {entry.head.span(), entry.data.span(), entry.tail.span()};
    return draft;
}

Draft draft_snapshot(const consensus::SnapshotMark& mark, bool discard_log, ByteSpan head, ByteSpan payload) {
    Draft draft;
    draft.kind = RecordKind::snapshot;
    draft.position = mark.last;
    draft.data_at = small(head.size());
    draft.data_octets = static_cast<std::uint32_t>(payload.size());
    draft.body = {head, payload};
    draft.snapshot = SnapshotBody{mark, discard_log};
    return draft;
}

Draft draft_truncation(LogIndex from) {
    Draft draft;
    draft.kind = RecordKind::truncation;
    draft.position.index = from;
    return draft;
}

Draft draft_seal() {
    Draft draft;
    draft.kind = RecordKind::seal;
    return draft;
}

std::uint64_t body_octets(const Draft& draft) {
    std::uint64_t octets = 0;
    for (const auto piece : draft.body) octets += piece.size();
    return octets;
}

LocatedRecord Batch::add(const Draft& draft, const LogView& log) {
    const auto body = body_octets(draft);
    CONDUCTOR_CHECK(body <= max_body_octets);
    const auto sums = checksums_of(draft.body);

    RecordHeader header;
    header.kind = draft.kind;
    header.type = draft.type;
    header.data_at = draft.data_at;
    header.segment = segment_;
    header.sequence = log.next_sequence();
    header.position = draft.position;
    header.previous = log.last();
    header.durable = durable_;
    header.durable_octets = start_;
    header.body_octets = static_cast<std::uint32_t>(body);
    header.data_octets = draft.data_octets;
    header.prefix_crc = sums.prefix;
    header.body_crc = sums.body;

    LocatedRecord record{header, start_ + octets_, true, draft.snapshot};
    pieces_.emplace_back(headers_.emplace_back(encode(header)));
    for (const auto piece : draft.body)
        if (!piece.empty()) pieces_.push_back(piece);
    const auto padding = aligned(body, record_alignment) - body;
    if (padding > 0) pieces_.push_back(ByteSpan{padding_zeros}.first(padding));
    octets_ += record_octets(body);
    return record;
}

}  // namespace conductor::storage
