#include <catch2/catch.hpp>
#include <random>

#include "core/storage/crc32c.hpp"

using namespace conductor;
using storage::crc32c;
using storage::crc32c_portable;

TEST_CASE("CRC-32C gives the values of RFC 3720", "[storage][crc]") {
    CHECK(crc32c(as_octets("123456789")) == 0xe3069283);
    CHECK(crc32c(std::vector<std::uint8_t>(32, 0x00)) == 0x8a9136aa);
    CHECK(crc32c(std::vector<std::uint8_t>(32, 0xff)) == 0x62a8ab43);
    CHECK(crc32c({}) == 0);
}

TEST_CASE("the instruction and the definition agree at every length, place and beginning", "[storage][crc]") {
    std::mt19937 draw{1};
    std::vector<std::uint8_t> octets(40'000);
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(draw());

    for (std::size_t length = 0; length < 1700; ++length) {
        const auto part = ByteSpan{octets}.subspan(length % 9, length);
        REQUIRE(crc32c(part, 77) == crc32c_portable(part, 77));
    }
    for (const std::size_t length : {12'287UL, 12'288UL, 12'289UL, 25'000UL, 39'999UL})
        REQUIRE(crc32c(ByteSpan{octets}.subspan(1, length)) ==
                crc32c_portable(ByteSpan{octets}.subspan(1, length)));
}

TEST_CASE("a checksum goes on over pieces as over the whole", "[storage][crc]") {
    const std::vector<std::uint8_t> octets(10'000, 0xa5);
    const ByteSpan all{octets};
    for (const std::size_t cut : {0UL, 1UL, 767UL, 768UL, 4096UL, 9'999UL})
        CHECK(crc32c(all.subspan(cut), crc32c(all.first(cut))) == crc32c(all));
}
