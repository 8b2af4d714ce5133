#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/transport/msgpack.hpp"
#include "tests/unit/transport/recordings.hpp"

using namespace conductor;
using namespace conductor::wire::msgpack;
using conductor::test::good;
using conductor::test::octets_of;

namespace {

template <class Write>
std::string written(Write write) {
    Writer writer;
    write(writer);
    return hex(writer.take().span());
}
std::string as_unsigned(std::uint64_t value) {
    return written([&](Writer& w) { w.unsigned_number(value); });
}
std::string as_signed(std::int64_t value) {
    return written([&](Writer& w) { w.signed_number(value); });
}

}  // namespace

TEST_CASE("unsigned numbers take the shortest unsigned form", "[wire][C-19]") {
    CHECK(as_unsigned(0) == "00");
    CHECK(as_unsigned(127) == "7f");
    CHECK(as_unsigned(128) == "cc80");
    CHECK(as_unsigned(200) == "ccc8");
    CHECK(as_unsigned(256) == "cd0100");
    CHECK(as_unsigned(65536) == "ce00010000");
    CHECK(as_unsigned(1ULL << 32U) == "cf0000000100000000");
    CHECK(as_unsigned(~0ULL) == "cfffffffffffffffff");
}

TEST_CASE("signed numbers beyond a fixint keep the signed family, positive ones too", "[wire][C-19]") {
    CHECK(as_signed(127) == "7f");
    CHECK(as_signed(128) == "d10080");
    CHECK(as_signed(200) == "d100c8");
    CHECK(as_signed(65535) == "d20000ffff");
    CHECK(as_signed(1LL << 31U) == "d30000000080000000");
    CHECK(as_signed(-32) == "e0");
    CHECK(as_signed(-33) == "d0df");
    CHECK(as_signed(-129) == "d1ff7f");
}

TEST_CASE("strings and arrays never take a form younger than the old specification", "[wire][C-22][C-23]") {
    CHECK(written([](Writer& w) { w.raw(std::string(31, 'x')); }).substr(0, 2) == "bf");
    CHECK(written([](Writer& w) { w.raw(std::string(33, 'x')); }).substr(0, 6) == "da0021");
    CHECK(written([](Writer& w) { w.raw(std::string(65536, 'x')); }).substr(0, 10) == "db00010000");
    CHECK(written([](Writer& w) { w.array(15); }) == "9f");
    CHECK(written([](Writer& w) { w.array(16); }) == "dc0010");
    CHECK(written([](Writer& w) { w.array(65536); }) == "dd00010000");
}

TEST_CASE("what is written reads back as the same number") {
    for (const std::int64_t value :
         {0LL, 1LL, -1LL, 127LL, 128LL, -32LL, -33LL, -128LL, -129LL, 32767LL, 32768LL, -32769LL,
          (1LL << 31) - 1, 1LL << 31, -(1LL << 31) - 1, (1LL << 62)}) {
        Reader reader{octets_of(as_signed(value))};
        CHECK(reader.signed_number() == value);
        CHECK((reader.ok() && reader.at_end()));
    }
}

TEST_CASE("an object's end is found at every way of cutting it, and never beyond it") {
    const auto object = octets_of(
        "83a16193010203a162c403aabbcca163d6ff00000000"
        "ff");
    for (std::size_t cut = 0; cut + 1 < object.size(); ++cut) {
        Extent extent;
        CHECK_FALSE(good(extent.find(object.span().first(cut))).has_value());
        CHECK(good(extent.find(object.span())) == object.size() - 1);
    }
}

TEST_CASE("an object nested 1024 deep ends, one deeper is refused") {
    std::vector<std::uint8_t> nested(1024, 0x91);
    nested.push_back(0x00);
    Extent fits;
    CHECK(good(fits.find(nested)) == 1025U);
    nested.insert(nested.begin(), 0x91);
    Extent deeper;
    CHECK(deeper.find(nested).error().text == "nested deeper than 1024");
}

TEST_CASE("a declared length costs no memory and is not believed") {
    for (const auto* declared : {"dbffffffff", "ddffffffff", "dfffffffff", "c6ffffffff"}) {
        Extent extent;
        CHECK_FALSE(good(extent.find(octets_of(declared).span())).has_value());
        Reader reader{octets_of(declared)};
        static_cast<void>(reader.octets());
        CHECK_FALSE(reader.ok());
    }
}

TEST_CASE("a field of the wrong kind is refused with what was found") {
    const auto refusal = [](const char* octets, auto read) {
        Reader reader{octets_of(octets)};
        static_cast<void>((reader.*read)());
        return reader.failure().text;
    };
    CHECK(refusal("ff", &Reader::unsigned_number) == "negative number where an unsigned one is expected");
    CHECK(refusal("ca00000000", &Reader::unsigned_number) == "expected an unsigned number, found a float");
    CHECK(refusal("cfffffffffffffffff", &Reader::signed_number) == "number too large for a signed one");
    CHECK(refusal("02", &Reader::boolean) == "expected a boolean");
    CHECK(refusal("01", &Reader::octets) == "expected a string, found a number");
    CHECK(refusal("92cd010000", &Reader::octets) == "number above 255 among octets");
    CHECK(refusal("a3aabb", &Reader::octets) == "length reaches beyond the message");
    CHECK(refusal("", &Reader::octets) == "message ends where a string should be");
    CHECK(refusal("c1", &Reader::object) == "octet c1 is no msgpack");
}

TEST_CASE("octets come as any string, any bin, an array of small numbers, or nil", "[wire][C-15]") {
    for (const auto* form : {"a2aabb", "d902aabb", "da0002aabb", "db00000002aabb", "c402aabb", "c50002aabb",
                             "c600000002aabb", "92ccaaccbb", "dc0002cc aaccbb"}) {
        std::string digits{form};
        std::erase(digits, ' ');
        Reader reader{octets_of(digits)};
        CHECK(hex(reader.octets().span()) == "aabb");
        CHECK(reader.ok());
    }
    Reader nil{octets_of("c0")};
    CHECK(nil.octets().data() == nullptr);
    Reader empty{octets_of("a0")};
    CHECK(empty.octets().data() != nullptr);
}
