// The scalar grammars of payload.md §1.4: what Go's hex types accept of a JSON token, and what they say when
// they do not. They see the text between the quotes as it came: an escape is just no digit. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_scan.hpp"
#include "core/base/result.hpp"

namespace conductor::payload {

/// Where a value stands and what Go calls its type. Views: made for every value, spelled out for the wrong one.
struct Place {
    std::string_view parent;  ///< `executionPayload.` and the like, or empty
    std::string_view key;     ///< empty: the whole argument
    std::string_view type;
};

/// `json: cannot unmarshal {what} into Go struct field … of type …`
[[nodiscard]] Complaint cannot_unmarshal(std::string_view what, const Place& place);

/// DATA of exactly out.size() octets.
[[nodiscard]] Result<void, Complaint> read_fixed(const json::RawValue& value, const Place& place,
                                                 std::span<std::uint8_t> out);
/// DATA of any length, appended to `out`.
[[nodiscard]] Result<void, Complaint> read_data(const json::RawValue& value, const Place& place,
                                                std::vector<std::uint8_t>& out);
/// QUANTITY of up to 8 × out.size() bits, written little-endian.
[[nodiscard]] Result<void, Complaint> read_quantity(const json::RawValue& value, const Place& place,
                                                    std::span<std::uint8_t> out);

}  // namespace conductor::payload
