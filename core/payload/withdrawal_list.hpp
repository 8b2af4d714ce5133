// The withdrawals of a payload as Go's decoder holds them in memory (payload.md §1.3, §1.5): a list given twice
// merges by position, through whatever array came in between. OP chains send `[]`; the rest is exactness, and
// a bound: no list, however long, costs more memory than seventeen elements. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json_scan.hpp"
#include "core/base/result.hpp"
#include "core/payload/layout.hpp"

namespace conductor::payload {

class WithdrawalList {
public:
    /// Takes the elements of `array`, an array token. Errors: Go's text for the first wrong element.
    [[nodiscard]] Result<void, Complaint> read(const json::RawValue& array);
    void clear() noexcept { *this = {}; }

    /// Whether an element is null, over which Go's encoder crashes.
    [[nodiscard]] bool has_null() const noexcept;
    /// The SSZ form of the list; of a list too long to decode, as much as makes it too long.
    [[nodiscard]] std::vector<std::uint8_t> encoded() const;
    /// `fault`, the complaint about the encoded list, with the number of elements that there really were.
    [[nodiscard]] std::string true_count(std::string fault) const;

private:
    // Elements from the seventeenth on are checked and counted; what they say can never matter.
    static constexpr std::size_t kept = layout::max_withdrawals;
    struct Slot {
        bool null{true};
        std::array<std::uint8_t, layout::withdrawal_size> octets{};
    };

    static Result<void, Complaint> read_members(const json::RawValue& object, Slot& slot);

    std::array<Slot, kept> slots_{};  ///< the memory that Go uses again, also beyond size_
    std::size_t size_{0};
    bool null_beyond_{false};
};

}  // namespace conductor::payload
