#include <immintrin.h>

#include "core/payload/hex_kernel_builds.hpp"

namespace conductor::payload::hex_builds {
namespace {

// Sixteen characters to eight octets in the low half of each 16-bit lane; `right` keeps a zero lane for every
// character that is no digit. A character c is a digit if c − '0' ≤ 9 or (c | 0x20) − 'a' ≤ 5, unsigned.
__attribute__((target("ssse3"))) inline __m128i decode_16(const char* text, __m128i& right) noexcept {
    const auto c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const auto number = _mm_sub_epi8(c, _mm_set1_epi8('0'));
    const auto letter = _mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const auto is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
    const auto is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    right = _mm_and_si128(right, _mm_or_si128(is_number, is_letter));
    const auto value = _mm_or_si128(_mm_and_si128(is_number, number),
                                    _mm_andnot_si128(is_number, _mm_add_epi8(letter, _mm_set1_epi8(10))));
    return _mm_maddubs_epi16(value, _mm_set1_epi16(0x0110));  // first of a pair × 16 + second × 1
}

__attribute__((target("ssse3"))) inline void decode_32(const char* text, std::uint8_t* out,
                                                       __m128i& right) noexcept {
    const auto low = decode_16(text, right);
    const auto high = decode_16(text + 16, right);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(low, high));
}

}  // namespace

// A tail shorter than a step is done by one more step over the last 32 digits: some octets are written
// twice, with the same value.
__attribute__((target("ssse3"))) bool decode_ssse3(const char* text, std::size_t digits,
                                                   std::uint8_t* out) noexcept {
    if (digits < 32) return decode_portable(text, digits, out);
    auto right = _mm_set1_epi8(-1);
    std::size_t done = 0;
    for (; done + 32 <= digits; done += 32) decode_32(text + done, out + done / 2, right);
    if (done < digits) decode_32(text + digits - 32, out + digits / 2 - 16, right);
    return _mm_movemask_epi8(right) == 0xffff;
}

}  // namespace conductor::payload::hex_builds
