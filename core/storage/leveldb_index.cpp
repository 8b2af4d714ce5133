#include "core/storage/leveldb_index.hpp"

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <algorithm>

#include "core/storage/crc32c.hpp"
#include "core/storage/errors.hpp"
#include "core/storage/leveldb_env.hpp"
#include "core/storage/little_endian.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t record_octets_in_table = record_header_octets + 9;  // offset, flags
constexpr std::size_t frame_octets = 8;                                   // count, checksum
constexpr std::uint8_t good_body = 1;
constexpr char table_key = 't';

// Big-endian, so that the order of keys is the order of segments.
std::string key_of(SegmentId segment) {
    std::string key(9, table_key);
    for (std::size_t i = 0; i < 8; ++i) key[1 + i] = static_cast<char>(segment.value() >> (56U - 8U * i));
    return key;
}

std::optional<SegmentId> segment_of(const leveldb::Slice& key) {
    if (key.size() != 9 || key[0] != table_key) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 1; i < 9; ++i) value = value << 8U | static_cast<std::uint8_t>(key[i]);
    return SegmentId{value};
}

}  // namespace

struct LeveldbIndex::Database {
    explicit Database(FileSystem& files) : env{files} {}
    // LevelDB waits in its destructor for work that only we can do.
    ~Database() { env.run_background(); }

    leveldb::Status open(const std::string& directory) {
        leveldb::Options options;
        options.env = &env;
        options.create_if_missing = true;
        options.compression = leveldb::kNoCompression;
        options.write_buffer_size = 4UL << 20U;
        leveldb::DB* opened = nullptr;
        auto status = leveldb::DB::Open(options, directory, &opened);
        db.reset(opened);
        env.run_background();
        return status;
    }

    [[nodiscard]] StoreError failure(const leveldb::Status& status, const std::string& directory) {
        if (const auto cause = env.take_failure()) return store_error(*cause);
        return {StoreErrc::io, directory, directory + ": the index failed: " + status.ToString()};
    }

    LeveldbEnv env;
    std::unique_ptr<leveldb::DB> db;
};

LeveldbIndex::LeveldbIndex(FileSystem& files, std::string directory)
    : files_{files}, directory_{std::move(directory)} {}

LeveldbIndex::~LeveldbIndex() = default;

Result<std::unique_ptr<LeveldbIndex>, StoreError> LeveldbIndex::open(FileSystem& files, std::string directory) {
    std::unique_ptr<LeveldbIndex> index{new LeveldbIndex{files, std::move(directory)}};
    if (const auto made = files.make_directory(index->directory_); !made) return store_error(made.error());
    index->database_ = std::make_unique<Database>(files);
    if (index->database_->open(index->directory_).ok()) return index;
    if (const auto begun = index->reset(); !begun) return begun.error();
    return index;
}

Result<void, StoreError> LeveldbIndex::reset() {
    database_.reset();
    const auto names = files_.list(directory_);
    if (!names) return store_error(names.error());
    for (const auto& name : *names)
        if (const auto gone = files_.unlink(directory_ + "/" + name); !gone) return store_error(gone.error());
    database_ = std::make_unique<Database>(files_);
    const auto status = database_->open(directory_);
    if (!status.ok()) return database_->failure(status, directory_);
    return {};
}

std::optional<SegmentTable> LeveldbIndex::find(SegmentId segment) {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    std::string octets;
    const auto status = database_->db->Get(options, key_of(segment), &octets);
    database_->env.run_background();
    if (!status.ok()) return std::nullopt;
    return decode_table(as_octets(octets), segment);
}

std::optional<SegmentId> LeveldbIndex::newest() const {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    const std::unique_ptr<leveldb::Iterator> at{database_->db->NewIterator(options)};
    for (at->SeekToLast(); at->Valid(); at->Prev()) {
        const auto segment = segment_of(at->key());
        const auto octets = at->value();
        if (segment && decode_table(as_octets(std::string_view{octets.data(), octets.size()}), *segment))
            return segment;
    }
    return std::nullopt;
}

Result<void, StoreError> LeveldbIndex::put(SegmentId segment, const SegmentTable& table) {
    leveldb::WriteOptions options;
    options.sync = true;
    const auto status = database_->db->Put(options, key_of(segment), encode_table(table));
    database_->env.run_background();
    if (!status.ok()) return database_->failure(status, directory_);
    return {};
}

Result<void, StoreError> LeveldbIndex::forget(const std::vector<SegmentId>& segments) {
    if (segments.empty()) return {};
    leveldb::WriteBatch batch;
    for (const auto segment : segments) batch.Delete(key_of(segment));
    const auto status = database_->db->Write({}, &batch);
    database_->env.run_background();
    if (!status.ok()) return database_->failure(status, directory_);
    return {};
}

Result<void, StoreError> LeveldbIndex::keep_only(const std::vector<SegmentId>& present) {
    std::vector<SegmentId> gone;
    {
        const std::unique_ptr<leveldb::Iterator> at{database_->db->NewIterator({})};
        for (at->SeekToFirst(); at->Valid(); at->Next())
            if (const auto segment = segment_of(at->key()); segment && !std::ranges::count(present, *segment))
                gone.push_back(*segment);
    }
    return forget(gone);
}

std::string encode_table(const SegmentTable& table) {
    std::string out(table.size() * record_octets_in_table + frame_octets, '\0');
    auto* at = reinterpret_cast<std::uint8_t*>(out.data());
    put(at, static_cast<std::uint32_t>(table.size()));
    at += 4;
    for (const auto& record : table) {
        std::ranges::copy(encode(record.header), at);
        put(at + record_header_octets, record.offset);
        at[record_header_octets + 8] = record.body_good ? good_body : std::uint8_t{0};
        at += record_octets_in_table;
    }
    put(at, crc32c(as_octets(out).first(out.size() - 4)));
    return out;
}

std::optional<SegmentTable> decode_table(ByteSpan octets, SegmentId segment) {
    if (octets.size() < frame_octets) return std::nullopt;
    const auto checked = octets.first(octets.size() - 4);
    if (get<std::uint32_t>(octets.data() + checked.size()) != crc32c(checked)) return std::nullopt;
    const std::size_t count = get<std::uint32_t>(octets.data());
    if (count * record_octets_in_table + frame_octets != octets.size()) return std::nullopt;

    SegmentTable table;
    table.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto place = octets.subspan(4 + i * record_octets_in_table, record_octets_in_table);
        const auto header = decode_header(place.first(record_header_octets), segment);
        if (!header) return std::nullopt;
        LocatedRecord record;
        record.header = *header;
        record.offset = get<std::uint64_t>(place.data() + record_header_octets);
        record.body_good = place[record_header_octets + 8] == good_body;
        table.push_back(std::move(record));
    }
    return table;
}

}  // namespace conductor::storage
