#include "core/storage/snapshot_body.hpp"

#include <vector>

#include "core/storage/little_endian.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t fixed_octets = 20;  // configuration index, first kept, flags
constexpr std::uint32_t discard_flag = 1;

}  // namespace

Bytes encode_snapshot_head(const consensus::SnapshotMark& mark, bool discard_log) {
    const auto configuration = wire::encode_configuration(mark.configuration);
    std::vector<std::uint8_t> out(fixed_octets);
    put(out.data(), mark.configuration_index.value());
    put(out.data() + 8, mark.first_kept.value());
    put(out.data() + 16, discard_log ? discard_flag : 0U);
    out.insert(out.end(), configuration.span().begin(), configuration.span().end());
    return Bytes::adopt(std::move(out));
}

std::optional<SnapshotBody> decode_snapshot_head(ByteSpan head, consensus::Position last) {
    if (head.size() < fixed_octets) return std::nullopt;
    auto configuration = wire::decode_configuration(head.subspan(fixed_octets));
    if (!configuration) return std::nullopt;

    SnapshotBody body;
    body.mark.last = last;
    body.mark.configuration = std::move(*configuration);
    body.mark.configuration_index = LogIndex{get<std::uint64_t>(head.data())};
    body.mark.first_kept = LogIndex{get<std::uint64_t>(head.data() + 8)};
    body.discard_log = (get<std::uint32_t>(head.data() + 16) & discard_flag) != 0;
    return body;
}

}  // namespace conductor::storage
