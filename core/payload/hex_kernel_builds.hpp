// The builds behind hex_kernel.hpp; nobody else includes this. Each lies in a file of its own, because only
// its functions may use instructions that the processor might lack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conductor::payload::hex_builds {

bool decode_portable(const char* text, std::size_t digits, std::uint8_t* out) noexcept;
bool decode_ssse3(const char* text, std::size_t digits, std::uint8_t* out) noexcept;
bool decode_avx2(const char* text, std::size_t digits, std::uint8_t* out) noexcept;

}  // namespace conductor::payload::hex_builds
