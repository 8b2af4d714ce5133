#include "core/payload/hex_kernel.hpp"

#include <array>
#include <atomic>

#include "core/payload/hex_kernel_builds.hpp"

namespace conductor::payload {
namespace {

// 0xff where the character is no digit: its high bits survive the collection in `wrong` below.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::uint8_t i = 0; i < 10; ++i) values['0' + std::size_t{i}] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        values['a' + std::size_t{i}] = static_cast<std::uint8_t>(10 + i);
        values['A' + std::size_t{i}] = static_cast<std::uint8_t>(10 + i);
    }
    return values;
}();

}  // namespace

namespace hex_builds {

bool decode_portable(const char* text, std::size_t digits, std::uint8_t* out) noexcept {
    unsigned wrong = 0;
    for (std::size_t i = 0; i + 1 < digits; i += 2) {
        const unsigned high = digit_values[static_cast<unsigned char>(text[i])];
        const unsigned low = digit_values[static_cast<unsigned char>(text[i + 1])];
        wrong |= high | low;
        *out++ = static_cast<std::uint8_t>(high << 4U | (low & 15U));
    }
    return wrong < 16;
}

}  // namespace hex_builds

HexKernel best_hex_kernel() noexcept {
    static const HexKernel best = __builtin_cpu_supports("avx2")    ? HexKernel::avx2
                                  : __builtin_cpu_supports("ssse3") ? HexKernel::ssse3
                                                                    : HexKernel::portable;
    return best;
}

bool decode_hex_with(HexKernel kernel, const char* text, std::size_t digits, std::uint8_t* out) noexcept {
    switch (kernel) {
        case HexKernel::portable:
            break;
        case HexKernel::ssse3:
            return hex_builds::decode_ssse3(text, digits, out);
        case HexKernel::avx2:
            return hex_builds::decode_avx2(text, digits, out);
    }
    return hex_builds::decode_portable(text, digits, out);
}

namespace {
std::atomic<HexKernel> in_use{best_hex_kernel()};
}

void use_hex_kernel(HexKernel kernel) noexcept {
    in_use.store(kernel, std::memory_order_relaxed);
}

bool decode_hex(const char* text, std::size_t digits, std::uint8_t* out) noexcept {
    return decode_hex_with(in_use.load(std::memory_order_relaxed), text, digits, out);
}

}  // namespace conductor::payload
