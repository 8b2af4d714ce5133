#include <catch2/catch.hpp>

#include "core/storage/leveldb_index.hpp"
#include "core/storage/record.hpp"
#include "core/storage/segment_name.hpp"

using namespace conductor;
using namespace conductor::storage;

namespace {

RecordHeader some_header() {
    RecordHeader header;
    header.kind = RecordKind::entry;
    header.type = consensus::EntryType::configuration;
    header.data_at = 41;
    header.segment = SegmentId{(7ULL << 32U) | 99};
    header.sequence = 123;
    header.position = {Term{5}, LogIndex{42}};
    header.previous = {Term{4}, LogIndex{41}};
    header.durable = LogIndex{40};
    header.durable_octets = 8192;
    header.body_octets = 1000;
    header.data_octets = 900;
    header.prefix_crc = 0x11223344;
    header.body_crc = 0x55667788;
    return header;
}

}  // namespace

TEST_CASE("a record header is read as it was written", "[storage][record]") {
    const auto header = some_header();
    const auto octets = encode(header);
    const auto read = decode_header(octets, header.segment);
    REQUIRE(read.has_value());
    CHECK(*read == header);
}

TEST_CASE("no flipped bit in a record header passes", "[storage][record]") {
    const auto good = encode(some_header());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
        INFO("bit " << bit);
        REQUIRE_FALSE(decode_header(bad, some_header().segment).has_value());
    }
}

TEST_CASE("the header of another segment's record means nothing", "[storage][record]") {
    CHECK_FALSE(decode_header(encode(some_header()), SegmentId{8}).has_value());
    CHECK_FALSE(decode_header(ByteSpan{encode(some_header())}.first(40), some_header().segment).has_value());
}

TEST_CASE("a segment's name holds its id and first index", "[storage][segment]") {
    const SegmentName name{SegmentId{(3ULL << 32U) | 5}, LogIndex{1234}};
    CHECK(to_file_name(name) == "00000000012884901893-00000000000000001234.segment");
    CHECK(parse_segment_name(to_file_name(name)) == name);
    CHECK(parse_spare_name(spare_file_name(name.id)) == name.id);
    CHECK(is_unfinished_name(unfinished_file_name(name.id)));
    for (const auto* const other : {"lock", "1-2.segment", "00000000012884901893-0000000000000000123x.segment",
                                    "00000000012884901893.spare", ".segment"})
        CHECK_FALSE(parse_segment_name(other).has_value());
    CHECK_FALSE(parse_spare_name("1.spare").has_value());
}

TEST_CASE("a table is read as it was written, and not with a flipped bit", "[storage][index]") {
    SegmentTable table;
    for (std::uint64_t i = 0; i < 3; ++i) {
        LocatedRecord record;
        record.header = some_header();
        record.header.sequence += i;
        record.offset = 4096 * (i + 1);
        record.body_good = i != 1;
        table.push_back(record);
    }
    const auto octets = encode_table(table);
    const auto read = decode_table(as_octets(octets), some_header().segment);
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 3);
    CHECK((*read)[2].header == table[2].header);
    CHECK((*read)[2].offset == table[2].offset);
    CHECK_FALSE((*read)[1].body_good);

    for (std::size_t at = 0; at < octets.size(); ++at) {
        auto bad = octets;
        bad[at] = static_cast<char>(bad[at] ^ 4);
        REQUIRE_FALSE(decode_table(as_octets(bad), some_header().segment).has_value());
    }
    CHECK_FALSE(decode_table(as_octets(octets), SegmentId{1}).has_value());
}
