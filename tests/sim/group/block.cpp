#include "block.hpp"

#include <algorithm>
#include <vector>

#include "core/consensus/random.hpp"
#include "core/payload/layout.hpp"

namespace conductor::sim {

namespace layout = payload::layout;

std::uint64_t digest(ByteSpan octets) noexcept {
    std::uint64_t sum = 0xcbf29ce484222325ULL ^ octets.size();
    std::size_t at = 0;
    for (; at + 8 <= octets.size(); at += 8) {
        sum = (sum ^ layout::u64_at(octets.data() + at)) * 0x100000001b3ULL;
        sum ^= sum >> 29U;
    }
    for (; at < octets.size(); ++at) sum = (sum ^ octets[at]) * 0x100000001b3ULL;
    return sum;
}

Bytes make_block(BlockNumber number, const BlockHash& parent, std::uint64_t salt) {
    const std::uint32_t fixed = layout::fixed_part[3];
    std::vector<std::uint8_t> ssz(layout::root_size + fixed);
    std::ranges::copy(parent.bytes, ssz.begin() + layout::parent_hash);
    layout::put_u64(&ssz[layout::block_number], number.value());
    layout::put_u64(&ssz[layout::timestamp], number.value());
    layout::put_u64(&ssz[layout::gas_used], salt);
    layout::put_u32(&ssz[layout::extra_data_offset], fixed);
    layout::put_u32(&ssz[layout::transactions_offset], fixed);
    layout::put_u32(&ssz[layout::withdrawals_offset], fixed);
    consensus::Random hash{digest(ssz)};
    for (std::size_t i = 0; i < 32; i += 8) layout::put_u64(&ssz[layout::block_hash + i], hash.next());
    return Bytes::adopt(std::move(ssz));
}

}  // namespace conductor::sim
