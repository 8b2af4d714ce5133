// What the files under `segments/` are called. A segment's name alone says which records may stand in it and
// how far the log had come when it was begun, so that a damaged header costs nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/ordinal.hpp"
#include "core/storage/record.hpp"

namespace conductor::storage {

/// The id counts in its upper half, which gives the order; the lower half is drawn, so that nobody can put
/// octets into a payload that look like a record of the segment that will hold it.
[[nodiscard]] inline SegmentId next_segment_id(std::uint64_t ordinal, std::uint32_t drawn) noexcept {
    return SegmentId{(ordinal << 32U) | drawn};
}
[[nodiscard]] inline std::uint64_t ordinal_of(SegmentId id) noexcept {
    return id.value() >> 32U;
}

struct SegmentName {
    SegmentId id;
    LogIndex first;  ///< one behind the last of the log when the segment was begun
    friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
};

[[nodiscard]] std::string to_file_name(const SegmentName& name);
[[nodiscard]] std::optional<SegmentName> parse_segment_name(std::string_view file);
/// A spare keeps the id of its former life, so that ids stay used.
[[nodiscard]] std::string spare_file_name(SegmentId id);
[[nodiscard]] std::optional<SegmentId> parse_spare_name(std::string_view file);
[[nodiscard]] std::string unfinished_file_name(SegmentId id);  ///< a spare that is not full of zeros yet
[[nodiscard]] bool is_unfinished_name(std::string_view file);

}  // namespace conductor::storage
