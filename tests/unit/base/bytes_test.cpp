#include <catch2/catch.hpp>

#include "core/base/bytes.hpp"
#include "core/base/hex.hpp"
#include "core/base/json_buffer.hpp"
#include "core/base/ordinal.hpp"

using namespace conductor;

TEST_CASE("a slice outlives the octets it was cut from", "[base][bytes]") {
    Bytes tail;
    {
        const auto whole = Bytes::copy_of("abcdef");
        tail = whole.slice(4, 2);
    }
    CHECK(as_text(tail.span()) == "ef");
}

TEST_CASE("octets are equal by content, whoever owns them", "[base][bytes]") {
    CHECK(Bytes::copy_of("ab") == Bytes::copy_of("xab").slice(1, 2));
    CHECK_FALSE(Bytes::copy_of("ab") == Bytes::copy_of("ac"));
    CHECK(Bytes{} == Bytes::copy_of(""));
}

TEST_CASE("hex reads back what it wrote, and nothing else", "[base][hex]") {
    const std::vector<std::uint8_t> octets{0x00, 0x7f, 0x80, 0xff};
    CHECK(hex_with_prefix(octets) == "0x007f80ff");
    CHECK(from_hex("0x007F80ff") == octets);
    CHECK(from_hex("007f80ff") == octets);
    CHECK_FALSE(from_hex("0x0").has_value());
    CHECK_FALSE(from_hex("zz").has_value());
    CHECK(from_hex("")->empty());
}

TEST_CASE("numbers of different meaning are different types", "[base][ordinal]") {
    static_assert(!std::is_convertible_v<Term, LogIndex>);
    static_assert(!std::is_convertible_v<std::uint64_t, Term>);
    CHECK(Term{1}.next() == Term{2});
    CHECK(Term{1} < Term{2});
}

TEST_CASE("text in a JsonBuffer always ends in a zero octet with slack behind it", "[base][json_buffer]") {
    JsonBuffer buffer;
    CHECK(buffer.data()[0] == '\0');

    buffer.append(std::string(1000, 'x'));
    buffer.clear();
    buffer.append("abc");

    CHECK(buffer.text() == "abc");
    for (std::size_t i = 3; i < 3 + JsonBuffer::slack; ++i) CHECK(buffer.data()[i] == '\0');
    CHECK(buffer.capacity() >= 1000);
}

TEST_CASE("a JsonBuffer keeps its text while it grows", "[base][json_buffer]") {
    JsonBuffer buffer{"head"};
    buffer.reserve(1 << 16);
    CHECK(buffer.text() == "head");

    auto room = buffer.free_space();
    REQUIRE(room.size() >= 4);
    std::copy_n("tail", 4, room.data());
    buffer.grew(4);
    CHECK(buffer.text() == "headtail");
}
