#include <immintrin.h>

#include "core/payload/hex_kernel_builds.hpp"

namespace conductor::payload::hex_builds {
namespace {

// As decode_16 in hex_kernel_ssse3.cpp, twice as wide.
__attribute__((target("avx2"))) inline __m256i decode_32(const char* text, __m256i& right) noexcept {
    const auto c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    const auto number = _mm256_sub_epi8(c, _mm256_set1_epi8('0'));
    const auto letter = _mm256_sub_epi8(_mm256_or_si256(c, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
    const auto is_number = _mm256_cmpeq_epi8(_mm256_min_epu8(number, _mm256_set1_epi8(9)), number);
    const auto is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
    right = _mm256_and_si256(right, _mm256_or_si256(is_number, is_letter));
    const auto value = _mm256_blendv_epi8(_mm256_add_epi8(letter, _mm256_set1_epi8(10)), number, is_number);
    return _mm256_maddubs_epi16(value, _mm256_set1_epi16(0x0110));
}

// Packing works within each half of the register, so the quarters come out as 0 2 1 3.
__attribute__((target("avx2"))) inline void decode_64(const char* text, std::uint8_t* out,
                                                      __m256i& right) noexcept {
    const auto low = decode_32(text, right);
    const auto high = decode_32(text + 32, right);
    const auto octets = _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), octets);
}

}  // namespace

__attribute__((target("avx2"))) bool decode_avx2(const char* text, std::size_t digits,
                                                 std::uint8_t* out) noexcept {
    if (digits < 64) return decode_ssse3(text, digits, out);
    auto right = _mm256_set1_epi8(-1);
    std::size_t done = 0;
    for (; done + 64 <= digits; done += 64) decode_64(text + done, out + done / 2, right);
    if (done < digits) decode_64(text + digits - 64, out + digits / 2 - 32, right);
    return _mm256_movemask_epi8(right) == -1;
}

}  // namespace conductor::payload::hex_builds
