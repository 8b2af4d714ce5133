#include "core/storage/segment_file.hpp"

#include "core/base/check.hpp"
#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"

namespace conductor::storage {

namespace {

constexpr FileMagic segment_magic{'C', 'N', 'D', 'S', 'E', 'G', 'M', '\n'};
constexpr std::size_t preamble_crc_at = 32;
constexpr std::array<std::uint8_t, block_octets> block_zeros{};

}  // namespace

HeaderBlock encode_segment_header(const SegmentName& name) {
    HeaderBlock block{};
    put_preamble(block, segment_magic);
    put(block.data() + 16, name.id.value());
    put(block.data() + 24, name.first.value());
    put(block.data() + preamble_crc_at, crc32c(ByteSpan{block}.first(preamble_crc_at)));
    return block;
}

bool is_segment_header(ByteSpan octets, const SegmentName& name) {
    if (octets.size() < preamble_crc_at + 4 || segment_preamble(octets) != Preamble::ours) return false;
    return get<std::uint64_t>(octets.data() + 16) == name.id.value() &&
           get<std::uint64_t>(octets.data() + 24) == name.first.value() &&
           get<std::uint32_t>(octets.data() + preamble_crc_at) == crc32c(octets.first(preamble_crc_at));
}

Preamble segment_preamble(ByteSpan octets) {
    return look_at_preamble(octets, segment_magic);
}

FileResult<std::uint64_t> SegmentFile::append(std::vector<ByteSpan> records) {
    std::uint64_t octets = 0;
    for (const auto piece : records) octets += piece.size();
    const auto padded = aligned(octets, block_octets);
    // Whole blocks: the page behind the batch need not be read to be completed.
    if (padded > octets) records.push_back(ByteSpan{block_zeros}.first(padded - octets));

    auto offset = place_.end;
    auto written = padded;
    HeaderBlock header;  // outlives the write
    if (place_.header_due) {
        CONDUCTOR_CHECK(place_.end == block_octets);
        header = encode_segment_header(name_);
        records.insert(records.begin(), ByteSpan{header});
        offset = 0;
        written += block_octets;
    }
    if (const auto done = write_all(*file_, offset, records); !done) return done.error();
    if (const auto done = file_->sync(); !done) return done.error();
    place_.header_due = false;
    place_.end += padded;
    return written;
}

FileResult<void> SegmentFile::touch() {
    const auto header = encode_segment_header(name_);
    if (const auto done = write_all(*file_, 0, ByteSpan{header}); !done) return done.error();
    if (const auto done = file_->sync(); !done) return done.error();
    place_.header_due = false;
    return {};
}

}  // namespace conductor::storage
