#include "core/storage/recovery.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "core/base/check.hpp"
#include "core/storage/errors.hpp"
#include "core/storage/record_reader.hpp"
#include "core/storage/segment_scan.hpp"

namespace conductor::storage {

namespace {

struct FreeAligned {
    void operator()(std::uint8_t* memory) const noexcept {
        ::operator delete[](memory, std::align_val_t{direct_alignment});
    }
};

struct Contents {
    std::unique_ptr<std::uint8_t[], FreeAligned> memory;
    std::size_t size{0};
    [[nodiscard]] ByteSpan span() const noexcept { return {memory.get(), size}; }
};

constexpr std::size_t direct_piece = 4UL << 20U;

FileResult<Contents> read_with(FileSystem& files, const std::string& path, OpenMode mode) {
    const auto file = files.open(path, mode);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    const auto space = aligned(*size, direct_alignment);
    Contents contents;
    contents.memory.reset(new (std::align_val_t{direct_alignment})
                              std::uint8_t[std::max<std::size_t>(space, 1)]);
    while (contents.size < *size) {
        const ByteSpace into{contents.memory.get() + contents.size,
                             std::min<std::size_t>(direct_piece, space - contents.size)};
        const auto got = (*file)->read(contents.size, into);
        if (!got) return got.error();
        if (*got == 0) break;
        contents.size += *got;
        // A piece that is short in the middle would leave the next one askew.
        if (mode == OpenMode::read_direct && *got % direct_alignment != 0) break;
    }
    contents.size = std::min<std::size_t>(contents.size, *size);
    return contents;
}

// Past the page cache where that is possible: what never reached the disk must not be believed.
FileResult<Contents> read_contents(FileSystem& files, const std::string& path) {
    auto contents = read_with(files, path, OpenMode::read_direct);
    if (!contents && contents.error().code == EINVAL) return read_with(files, path, OpenMode::read);
    return contents;
}

class Recovery {
public:
    Recovery(FileSystem& files, const std::string& directory, const Inventory& inventory, LeveldbIndex& index)
        : files_{files}, directory_{directory}, index_{index}, reader_{files, directory} {
        recovered_.segments = inventory.segments;
    }

    Result<Recovered, StoreError> run(std::uint64_t segment_octets) {
        if (recovered_.segments.empty()) return std::move(recovered_);
        auto tables = load(Source::index);
        if (tables && from_index_ > 0 && !one_sequence(*tables)) {
            // Tables that do not join are not these segments' tables, or a segment is gone: ask the segments.
            if (const auto begun = index_.reset(); !begun) return begun.error();
            tables = load(Source::segments);
        }
        if (!tables) return tables.error();
        if (auto replayed = replay(*tables); !replayed) return replayed.error();
        recovered_.tail_table = std::move(tables->back());
        if (auto settled = settle_tail(segment_octets); !settled) return settled.error();
        return std::move(recovered_);
    }

private:
    enum class Source : std::uint8_t { index, segments };
    using Tables = std::vector<SegmentTable>;

    [[nodiscard]] std::string path_of(const SegmentName& name) const {
        return directory_ + "/" + to_file_name(name);
    }

    Result<Tables, StoreError> load(Source source) {
        Tables tables;
        from_index_ = 0;
        const auto& segments = recovered_.segments;
        for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
            const auto& name = segments[i].name;
            if (source == Source::index) {
                if (auto table = index_.find(name.id); table && is_of(*table, name)) {
                    tables.push_back(std::move(*table));
                    ++from_index_;
                    continue;
                }
            }
            auto scan = scan_of(name, SegmentRole::sealed);
            if (!scan) return scan.error();
            if (const auto kept = index_.put(name.id, scan->records); !kept) return kept.error();
            tables.push_back(std::move(scan->records));
        }
        auto scan = scan_of(segments.back().name, SegmentRole::tail);
        if (!scan) return scan.error();
        tables.push_back(std::move(scan->records));
        tail_ = std::move(*scan);
        return tables;
    }

    // A table is believed if its last record is where it says.
    [[nodiscard]] bool is_of(const SegmentTable& table, const SegmentName& name) {
        if (table.empty()) return true;
        const auto header = reader_.read_header(name, table.back().offset);
        return header && *header == table.back().header;
    }

    [[nodiscard]] static bool one_sequence(const Tables& tables) {
        std::optional<std::uint64_t> next;
        for (const auto& table : tables)
            for (const auto& record : table) {
                if (next && record.header.sequence != *next) return false;
                next = record.header.sequence + 1;
            }
        return true;
    }

    Result<SegmentScan, StoreError> scan_of(const SegmentName& name, SegmentRole role) {
        const auto contents = read_contents(files_, path_of(name));
        if (!contents) return store_error(contents.error());
        ++recovered_.scanned;
        return scan_segment(contents->span(), name, role);
    }

    Result<void, StoreError> replay(Tables& tables) {
        auto& view = recovered_.view;
        view.begin_behind(last_before(recovered_.segments.front().name));
        for (std::size_t i = 0; i < tables.size(); ++i) {
            auto& segment = recovered_.segments[i];
            // The name says how far the log had come when the segment was begun.
            if (tables[i].empty()) view.reconcile(last_before(segment.name));
            for (auto& record : tables[i]) {
                if (record.header.kind == RecordKind::snapshot && !record.snapshot) complete(record, segment);
                if (record.header.kind == RecordKind::entry)
                    segment.max_index = std::max(segment.max_index, record.header.position.index);
                if (view.apply(record))
                    for (std::size_t j = 0; j <= i; ++j) recovered_.segments[j].max_index = LogIndex{};
            }
        }
        if (tail_.lost_up_to) view.reconcile(*tail_.lost_up_to);

        if (view.beyond_repair()) return gone("more entries than a log can hold");
        const auto& snapshot = view.snapshot();
        const auto reach = snapshot ? snapshot->mark.last.index : LogIndex{0};
        if (view.base().index > reach)
            return gone("the entries from " + std::to_string(reach.value() + 1) + " to " +
                        std::to_string(view.base().index.value()) + ", or the snapshot that covers them");
        return {};
    }

    [[nodiscard]] static LogIndex last_before(const SegmentName& name) {
        return LogIndex{std::max<std::uint64_t>(name.first.value(), 1) - 1};
    }

    // Tables hold no marks; a segment has few snapshots, and the front of their bodies is read from it.
    void complete(LocatedRecord& record, const SegmentState& segment) {
        const RecordPlace place{segment.name, record.offset, RecordKind::snapshot, record.header.position,
                                record.header.body_octets};
        auto stored = reader_.read_prefix(place);
        if (stored && record.header.data_at <= stored->body.size()) {
            record.snapshot =
                decode_snapshot_head(stored->body.span().first(record.header.data_at), record.header.position);
            return;
        }
        stored = reader_.read(place);
        if (stored) record.snapshot = snapshot_of(stored->header, stored->body.span());
    }

    [[nodiscard]] StoreError gone(const std::string& what) const {
        return {StoreErrc::corrupt_record, directory_,
                directory_ + ": " + what +
                    " cannot be read, so the log has no beginning; replace the member: remove it from the "
                    "cluster, wipe its directory, add it again"};
    }

    // Makes the tail fit to be appended to: what was cut can never come back, what counts is durable.
    Result<void, StoreError> settle_tail(std::uint64_t segment_octets) {
        auto& state = recovered_.segments.back();
        auto file = files_.open(path_of(state.name), OpenMode::update);
        if (!file) return store_error(file.error());
        static constexpr RecordHeaderOctets nothing{};
        for (const auto offset : tail_.leftovers)
            if (const auto put = write_all(**file, offset, ByteSpan{nothing}); !put)
                return store_error(put.error());
        if (const auto done = (*file)->sync(); !done) return store_error(done.error());

        SegmentFile::Place place;
        place.end = tail_.end;
        place.capacity = std::max(state.octets, segment_octets);
        place.header_due = !tail_.header_good;
        if (place.header_due && place.end != block_octets) {
            // A header that was damaged later; nothing depends on it but a newer program's care.
            SegmentFile damaged{state.name, std::move(*file), place};
            if (const auto done = damaged.touch(); !done) return store_error(done.error());
            place.header_due = false;
        }
        recovered_.tail = place;
        return {};
    }

    FileSystem& files_;
    const std::string& directory_;
    LeveldbIndex& index_;
    RecordReader reader_;
    Recovered recovered_;
    SegmentScan tail_;
    std::size_t from_index_{0};
};

}  // namespace

Result<Inventory, StoreError> look_around(FileSystem& files, const std::string& directory) {
    Inventory inventory;
    const auto names = files.list(directory);
    if (!names) {
        if (names.error().code == ENOENT) return inventory;
        return store_error(names.error());
    }
    const auto saw = [&](SegmentId id) {
        inventory.next_ordinal = std::max(inventory.next_ordinal, ordinal_of(id) + 1);
    };
    for (const auto& name : *names) {
        const auto path = directory + "/" + name;
        if (const auto spare = parse_spare_name(name)) {
            saw(*spare);
            inventory.spares.push_back(*spare);
        } else if (is_unfinished_name(name)) {
            inventory.unfinished.push_back(path);
        } else if (const auto segment = parse_segment_name(name)) {
            saw(segment->id);
            const auto file = files.open(path, OpenMode::read);
            if (!file) return store_error(file.error());
            std::array<std::uint8_t, preamble_octets> octets{};
            const auto got = read_all(**file, 0, octets);
            if (!got) return store_error(got.error());
            if (segment_preamble(ByteSpan{octets}.first(*got)) == Preamble::newer) return newer_format(path);
            const auto size = (*file)->size();
            if (!size) return store_error(size.error());
            inventory.segments.push_back({*segment, *size, LogIndex{}});
        }
    }
    std::ranges::sort(inventory.segments, {}, &SegmentState::name);
    return inventory;
}

Result<Recovered, StoreError> recover(FileSystem& files, const std::string& directory,
                                      const Inventory& inventory, LeveldbIndex& index,
                                      std::uint64_t segment_octets) {
    return Recovery{files, directory, inventory, index}.run(segment_octets);
}

}  // namespace conductor::storage
