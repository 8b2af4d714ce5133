#include "core/storage/format.hpp"

#include <cstring>

#include "core/base/check.hpp"
#include "core/storage/crc32c.hpp"
#include "core/storage/little_endian.hpp"

namespace conductor::storage {

void put_preamble(ByteSpace at, const FileMagic& magic) {
    CONDUCTOR_CHECK(at.size() >= preamble_octets);
    std::memcpy(at.data(), magic.data(), magic.size());
    put(at.data() + 8, format_version);
    put(at.data() + 12, crc32c(at.first(12)));
}

Preamble look_at_preamble(ByteSpan octets, const FileMagic& magic) {
    if (octets.size() < preamble_octets) return Preamble::bad;
    if (std::memcmp(octets.data(), magic.data(), magic.size()) != 0) return Preamble::bad;
    if (get<std::uint32_t>(octets.data() + 12) != crc32c(octets.first(12))) return Preamble::bad;
    const auto version = get<std::uint32_t>(octets.data() + 8);
    if (version > format_version) return Preamble::newer;
    return version == format_version ? Preamble::ours : Preamble::bad;
}

}  // namespace conductor::storage
