#include "core/storage/record_reader.hpp"

#include <algorithm>

#include "core/storage/crc32c.hpp"
#include "core/storage/errors.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t max_open = 8;

StoreError corrupt(const std::string& path, const RecordPlace& place, const char* what) {
    return {StoreErrc::corrupt_record, path,
            path + ": the record of index " + std::to_string(place.position.index.value()) + " at offset " +
                std::to_string(place.offset) + " is damaged: " + what};
}

}  // namespace

Result<File*, StoreError> RecordReader::open(const SegmentName& segment) {
    const auto found =
        std::ranges::find_if(open_, [&](const OpenSegment& held) { return held.id == segment.id; });
    if (found != open_.end()) {
        std::rotate(found, found + 1, open_.end());
        return open_.back().file.get();
    }
    auto file = files_.open(directory_ + "/" + to_file_name(segment), OpenMode::read);
    if (!file) return store_error(file.error());
    if (open_.size() >= max_open) open_.erase(open_.begin());
    open_.push_back({segment.id, std::move(*file)});
    return open_.back().file.get();
}

void RecordReader::forget(SegmentId segment) {
    std::erase_if(open_, [&](const OpenSegment& held) { return held.id == segment; });
}

Result<StoredRecord, StoreError> RecordReader::fetch(const RecordPlace& place, std::size_t body_octets) {
    const auto file = open(place.segment);
    if (!file) return file.error();
    const auto& path = (*file)->path();

    // Not a vector: its octets would be zeroed first, which at megabytes costs as much as a copy.
    const auto octets = record_header_octets + body_octets;
    const std::shared_ptr<std::uint8_t[]> memory{new std::uint8_t[octets]};
    const auto got = read_all(**file, place.offset, {memory.get(), octets});
    if (!got) return store_error(got.error());
    if (*got != octets) return corrupt(path, place, "the file ends before it");

    const auto header = decode_header({memory.get(), record_header_octets}, place.segment.id);
    if (!header) return corrupt(path, place, "its header does not prove itself");
    if (header->kind != place.kind || header->position != place.position ||
        header->body_octets != place.body_octets)
        return corrupt(path, place, "another record stands there");
    const ByteSpan body{memory.get() + record_header_octets, body_octets};
    return StoredRecord{*header, Bytes{memory, body}};
}

Result<StoredRecord, StoreError> RecordReader::read(const RecordPlace& place) {
    auto record = fetch(place, place.body_octets);
    if (!record) return record;
    if (crc32c(record->body.span()) != record->header.body_crc)
        return corrupt((*open(place.segment))->path(), place, "its body has another checksum");
    return record;
}

Result<StoredRecord, StoreError> RecordReader::read_prefix(const RecordPlace& place) {
    auto record = fetch(place, std::min<std::size_t>(place.body_octets, prefix_octets));
    if (!record) return record;
    if (crc32c(record->body.span()) != record->header.prefix_crc)
        return corrupt((*open(place.segment))->path(), place, "the front of its body has another checksum");
    return record;
}

Result<RecordHeader, StoreError> RecordReader::read_header(const SegmentName& segment, std::uint64_t offset) {
    const auto file = open(segment);
    if (!file) return file.error();
    RecordHeaderOctets octets{};
    const auto got = read_all(**file, offset, octets);
    if (!got) return store_error(got.error());
    const auto header = decode_header(ByteSpan{octets}.first(*got), segment.id);
    if (!header) return corrupt((*file)->path(), {segment, offset, {}, {}, 0}, "no header stands there");
    return *header;
}

}  // namespace conductor::storage
