#include "core/storage/crc32c.hpp"

#include <nmmintrin.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace conductor::storage {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> byte_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        auto value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
        table[i] = value;
    }
    return table;
}();

// Three streams are checked side by side, because the instruction takes three cycles and one can start in
// each. To join them, the first two are moved on over the octets that followed: feeding N zero octets is a
// linear map of the 32 bits, tabulated per octet of the checksum.
struct Shift {
    std::array<std::array<std::uint32_t, 256>, 4> part{};
    [[nodiscard]] constexpr std::uint32_t operator()(std::uint32_t crc) const noexcept {
        return part[0][crc & 0xffU] ^ part[1][(crc >> 8U) & 0xffU] ^ part[2][(crc >> 16U) & 0xffU] ^
               part[3][crc >> 24U];
    }
};

using Matrix = std::array<std::uint32_t, 32>;  // column i: where bit i goes

constexpr std::uint32_t times(const Matrix& map, std::uint32_t vector) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; vector != 0; vector >>= 1U, ++i)
        if ((vector & 1U) != 0) sum ^= map[i];
    return sum;
}

constexpr Shift shift_by(std::size_t octets_power_of_two) {
    Matrix map{};
    map[0] = polynomial;  // one zero bit
    for (std::size_t i = 1; i < 32; ++i) map[i] = 1U << (i - 1);
    for (std::size_t bits = 1; bits < octets_power_of_two * 8; bits *= 2) {
        Matrix square{};
        for (std::size_t i = 0; i < 32; ++i) square[i] = times(map, map[i]);
        map = square;
    }
    Shift shift;
    for (std::size_t place = 0; place < 4; ++place)
        for (std::uint32_t octet = 0; octet < 256; ++octet)
            shift.part[place][octet] = times(map, octet << (8U * place));
    return shift;
}

constexpr std::size_t long_stride = 4096;
constexpr std::size_t short_stride = 256;
constexpr Shift shift_long = shift_by(long_stride);
constexpr Shift shift_short = shift_by(short_stride);

std::uint64_t word_at(const std::uint8_t* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

template <std::size_t Stride>
__attribute__((target("sse4.2"))) std::uint64_t three_streams(const std::uint8_t*& at, std::size_t& left,
                                                              std::uint64_t crc, const Shift& shift) noexcept {
    while (left >= 3 * Stride) {
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t i = 0; i < Stride; i += 8) {
            crc = _mm_crc32_u64(crc, word_at(at + i));
            second = _mm_crc32_u64(second, word_at(at + Stride + i));
            third = _mm_crc32_u64(third, word_at(at + 2 * Stride + i));
        }
        const auto joined = shift(static_cast<std::uint32_t>(crc)) ^ static_cast<std::uint32_t>(second);
        crc = shift(joined) ^ static_cast<std::uint32_t>(third);
        at += 3 * Stride;
        left -= 3 * Stride;
    }
    return crc;
}

}  // namespace

__attribute__((target("sse4.2"))) std::uint32_t crc32c(ByteSpan octets, std::uint32_t before) noexcept {
    const auto* at = octets.data();
    auto left = octets.size();
    std::uint64_t crc = ~before;

    crc = three_streams<long_stride>(at, left, crc, shift_long);
    crc = three_streams<short_stride>(at, left, crc, shift_short);
    for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, word_at(at));
    auto low = static_cast<std::uint32_t>(crc);
    for (; left > 0; ++at, --left) low = _mm_crc32_u8(low, *at);
    return ~low;
}

std::uint32_t crc32c_portable(ByteSpan octets, std::uint32_t before) noexcept {
    auto crc = ~before;
    for (const auto octet : octets) crc = (crc >> 8U) ^ byte_table[(crc ^ octet) & 0xffU];
    return ~crc;
}

}  // namespace conductor::storage
