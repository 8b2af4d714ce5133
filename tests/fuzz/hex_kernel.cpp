// All kernels decode alike, refuse alike, and write nothing behind the end.
#include <algorithm>
#include <vector>

#include "core/base/check.hpp"
#include "core/payload/hex_kernel.hpp"

using namespace conductor::payload;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // What is no digit becomes one in most places, or nearly every input would only be refused.
    std::vector<char> text(data, data + size / 2 * 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (static_cast<unsigned char>(text[i]) % 16 != 0) text[i] = "0123456789abcdefABCDEF"[data[i] % 22U];
    }
    std::vector<std::uint8_t> expected(text.size() / 2);
    const bool right = decode_hex_with(HexKernel::portable, text.data(), text.size(), expected.data());
    for (const auto kernel : {HexKernel::ssse3, HexKernel::avx2}) {
        if (kernel > best_hex_kernel()) continue;
        std::vector<std::uint8_t> out(text.size() / 2);
        CONDUCTOR_CHECK(decode_hex_with(kernel, text.data(), text.size(), out.data()) == right);
        CONDUCTOR_CHECK(!right || out == expected);
    }
    return 0;
}
