#include "core/payload/draft.hpp"

#include <algorithm>

namespace conductor::payload {

bool Draft::withdrawals_root_is_empty_trie() const noexcept {
    return std::ranges::equal(std::span{fixed}.subspan(layout::withdrawals_root, 32), layout::empty_trie_root);
}

unsigned Draft::version() const noexcept {
    if (present[key::withdrawals_root] && !withdrawals_root_is_empty_trie()) return 4;
    if (present[key::blob_gas_used] && present[key::excess_blob_gas]) return 3;
    return present[key::withdrawals] ? 2 : 1;
}

std::size_t Draft::fixed_size() const noexcept {
    return layout::root_size + layout::fixed_part[version()];
}

void Draft::set_offsets(std::size_t count, std::size_t octets) noexcept {
    const auto part = layout::fixed_part[version()];
    const auto transactions = static_cast<std::uint32_t>(part + extra_size);
    layout::put_u32(fixed.data() + layout::extra_data_offset, part);
    layout::put_u32(fixed.data() + layout::transactions_offset, transactions);
    layout::put_u32(fixed.data() + layout::withdrawals_offset,
                    static_cast<std::uint32_t>(transactions + 4 * count + octets));
}

}  // namespace conductor::payload
