#include "core/payload/rlp.hpp"

#include <algorithm>

namespace conductor::payload::rlp {

Prefix prefix(std::uint8_t small, std::uint64_t body) noexcept {
    Prefix out;
    if (body < 56) {
        out.octets[out.size++] = static_cast<std::uint8_t>(small + body);
        return out;
    }
    std::uint8_t length_size = 0;
    for (auto rest = body; rest != 0; rest >>= 8U) ++length_size;
    out.octets[out.size++] = static_cast<std::uint8_t>(small + 55U + length_size);
    for (unsigned i = length_size; i > 0; --i) {
        out.octets[out.size++] = static_cast<std::uint8_t>(body >> 8U * (i - 1) & 0xffU);
    }
    return out;
}

Prefix string_prefix(ByteSpan text) noexcept {
    if (text.size() == 1 && text[0] < 0x80) return {};
    return prefix(0x80, text.size());
}

void append(Octets& out, ByteSpan octets) {
    out.insert(out.end(), octets.begin(), octets.end());
}

void append_string(Octets& out, ByteSpan text) {
    append(out, string_prefix(text).span());
    append(out, text);
}

void append_integer(Octets& out, std::uint64_t value) {
    std::array<std::uint8_t, 8> little_endian{};
    for (auto& octet : little_endian) {
        octet = static_cast<std::uint8_t>(value & 0xffU);
        value >>= 8U;
    }
    append_integer_le(out, little_endian);
}

void append_integer_le(Octets& out, ByteSpan little_endian) {
    while (!little_endian.empty() && little_endian.back() == 0) {
        little_endian = little_endian.first(little_endian.size() - 1);
    }
    Octets big_endian(little_endian.rbegin(), little_endian.rend());
    append_string(out, big_endian);
}

Octets list(ByteSpan body) {
    Octets out;
    append(out, prefix(0xc0, body.size()).span());
    append(out, body);
    return out;
}

}  // namespace conductor::payload::rlp
