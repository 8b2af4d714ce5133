// Hexadecimal digits to octets at memory speed. One function, three builds of it: the best that the processor
// has is chosen once; the portable one is the oracle of the tests. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conductor::payload {

/// Decodes `digits` characters (an even number, either case) to digits/2 octets at `out`. Reads and writes
/// nothing outside the two ranges, which must not overlap. False: some character is no digit, and what lies
/// at `out` means nothing.
[[nodiscard]] bool decode_hex(const char* text, std::size_t digits, std::uint8_t* out) noexcept;

enum class HexKernel : std::uint8_t { portable, ssse3, avx2 };
/// For tests and benchmarks. Whoever asks for a kernel makes sure that this processor has it.
[[nodiscard]] bool decode_hex_with(HexKernel kernel, const char* text, std::size_t digits,
                                   std::uint8_t* out) noexcept;
[[nodiscard]] HexKernel best_hex_kernel() noexcept;
/// What decode_hex() uses from now on, on every thread; best_hex_kernel() unless a benchmark says otherwise.
void use_hex_kernel(HexKernel kernel) noexcept;

}  // namespace conductor::payload
