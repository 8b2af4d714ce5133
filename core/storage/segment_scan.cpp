#include "core/storage/segment_scan.hpp"

#include <algorithm>

#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"
#include "core/storage/segment_file.hpp"

namespace conductor::storage {

namespace {

struct Candidate {
    std::uint64_t offset{0};
    RecordHeader header;
};

class Scanner {
public:
    Scanner(ByteSpan octets, const SegmentName& name, SegmentRole role)
        : octets_{octets}, id_{name.id}, role_{role} {
        scan_.header_good = is_segment_header(octets, name);
        scan_.end = block_octets;
    }

    SegmentScan run() {
        while (at_ < octets_.size()) {
            if (accept() || skip_padding()) continue;
            if (!step_over_damage()) break;
        }
        std::uint64_t end_of_records = block_octets;
        if (!scan_.records.empty()) {
            const auto& last = scan_.records.back();
            end_of_records = last.offset + record_octets(last.header.body_octets);
        }
        scan_.end = std::max(scan_.end, aligned(end_of_records, block_octets));
        if (role_ == SegmentRole::tail && candidates_)
            for (const auto& candidate : *candidates_)
                if (candidate.offset >= end_of_records) scan_.leftovers.push_back(candidate.offset);
        return std::move(scan_);
    }

private:
    [[nodiscard]] std::optional<RecordHeader> header_at(std::uint64_t offset) const {
        if (offset + record_header_octets > octets_.size()) return std::nullopt;
        return decode_header(octets_.subspan(offset, record_header_octets), id_);
    }

    [[nodiscard]] bool follows(const RecordHeader& header) const {
        return scan_.records.empty() || header.sequence == scan_.records.back().header.sequence + 1;
    }

    [[nodiscard]] std::optional<ByteSpan> body_of(std::uint64_t offset, const RecordHeader& header) const {
        if (offset + record_octets(header.body_octets) > octets_.size()) return std::nullopt;
        return octets_.subspan(offset + record_header_octets, header.body_octets);
    }

    bool accept() {
        const auto header = header_at(at_);
        if (!header || !follows(*header)) return false;
        const auto body = body_of(at_, *header);
        if (!body || crc32c(*body) != header->body_crc) return false;
        take(at_, *header, *body, true);
        return true;
    }

    void take(std::uint64_t offset, const RecordHeader& header, ByteSpan body, bool good) {
        LocatedRecord record{header, offset, good, std::nullopt};
        if (header.kind == RecordKind::snapshot) record.snapshot = snapshot_of(header, body);
        scan_.records.push_back(std::move(record));
        at_ = offset + record_octets(header.body_octets);
    }

    // Between the end of a batch and the block where the next one starts lie zeros.
    bool skip_padding() {
        const auto next = aligned(at_, block_octets);
        if (next == at_) return false;
        const auto rest = octets_.subspan(at_, std::min<std::uint64_t>(next, octets_.size()) - at_);
        if (std::ranges::any_of(rest, [](auto octet) { return octet != 0; })) return false;
        at_ = next;
        return true;
    }

    // Returns false where the segment ends.
    bool step_over_damage() {
        if (!candidates_) collect_candidates();
        const Candidate* next = nullptr;
        const Candidate* witness = nullptr;  // the one that calls most octets durable
        for (const auto& candidate : *candidates_) {
            if (candidate.offset < at_ || !comes_later(candidate.header)) continue;
            if (next == nullptr) next = &candidate;
            if (witness == nullptr || witness->header.durable_octets < candidate.header.durable_octets)
                witness = &candidate;
        }
        if (next == nullptr) return false;
        const auto durable = witness->header.durable_octets;
        if (role_ == SegmentRole::tail && durable <= at_) return false;

        const auto body = body_of(next->offset, next->header);
        const auto good = body && crc32c(*body) == next->header.body_crc;
        const auto begins_batch = next->header.durable_octets == next->offset;
        if (role_ == SegmentRole::tail && next->offset >= durable && !(good && begins_batch)) {
            // Corruption up to the last flush, and behind it a torn batch, which does not count.
            scan_.lost_up_to = witness->header.durable;
            scan_.end = durable;
            return false;
        }
        // A header that is whole over a body that is not: its place in the log is known, the entry is not.
        take(next->offset, next->header, body ? *body : ByteSpan{}, good);
        return true;
    }

    [[nodiscard]] bool comes_later(const RecordHeader& header) const {
        return scan_.records.empty() || header.sequence > scan_.records.back().header.sequence;
    }

    // Every header of this segment behind here, whether or not it stands where one is expected.
    void collect_candidates() {
        candidates_.emplace();
        for (auto offset = at_; offset + record_header_octets <= octets_.size(); offset += record_alignment) {
            if (get<std::uint32_t>(octets_.data() + offset) != record_magic) continue;
            if (const auto header = header_at(offset)) candidates_->push_back({offset, *header});
        }
    }

    ByteSpan octets_;
    SegmentId id_;
    SegmentRole role_;
    std::uint64_t at_{block_octets};
    std::optional<std::vector<Candidate>> candidates_;
    SegmentScan scan_;
};

}  // namespace

SegmentScan scan_segment(ByteSpan octets, const SegmentName& name, SegmentRole role) {
    return Scanner{octets, name, role}.run();
}

std::optional<SnapshotBody> snapshot_of(const RecordHeader& header, ByteSpan body) {
    if (header.kind != RecordKind::snapshot || body.size() != header.body_octets) return std::nullopt;
    // The mark stands in front of the payload: mostly the prefix alone proves it, and a payload that cannot be
    // read does not cost the mark.
    const auto prefix = body.first(std::min<std::size_t>(body.size(), prefix_octets));
    const auto proved = header.data_at <= prefix.size() && crc32c(prefix) == header.prefix_crc;
    if (!proved && crc32c(body) != header.body_crc) return std::nullopt;
    return decode_snapshot_head(body.first(header.data_at), header.position);
}

}  // namespace conductor::storage
