#include "core/payload/withdrawal_list.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "core/payload/scalar.hpp"

namespace conductor::payload {
namespace {

struct WithdrawalKey {
    std::string_view name;
    std::size_t offset;
    std::size_t size;
};
constexpr std::array<WithdrawalKey, 4> keys{
    {{"index", 0, 8}, {"validatorIndex", 8, 8}, {"address", 16, 20}, {"amount", 36, 8}}};

constexpr std::string_view members_of = "executionPayload.withdrawals.";

}  // namespace

Result<void, Complaint> WithdrawalList::read(const json::RawValue& array) {
    if (size_ == 0) clear();  // an empty list keeps no memory behind it
    size_ = 0;
    null_beyond_ = false;
    json::ElementCursor elements{array};
    while (const auto element = elements.next()) {
        Slot beyond;
        Slot& slot = size_ < kept ? slots_[size_] : beyond;
        ++size_;
        if (element->kind == json::Kind::null) {
            slot = {};
            null_beyond_ = null_beyond_ || size_ > kept;
            continue;
        }
        auto done = read_members(*element, slot);
        if (!done) return done;
    }
    if (size_ == 0) clear();
    return {};
}

// Go decodes the object by itself and then takes over the members it has: within the object the last of two
// wins, and if that is null the member counts as left out.
Result<void, Complaint> WithdrawalList::read_members(const json::RawValue& object, Slot& slot) {
    if (object.kind != json::Kind::object) {
        return cannot_unmarshal(json::kind_name(object.kind),
                                {"executionPayload.", "withdrawals", "types.Withdrawal"});
    }
    if (slot.null) slot = {.null = false, .octets = {}};
    auto octets = slot.octets;
    json::MemberCursor members{object};
    while (const auto member = members.next()) {
        for (const auto& key : keys) {
            if (!json::key_matches(member->key, key.name)) continue;
            const auto out = std::span{octets}.subspan(key.offset, key.size);
            if (member->value.kind == json::Kind::null) {
                std::ranges::copy(std::span{slot.octets}.subspan(key.offset, key.size), out.begin());
                continue;
            }
            const bool address = key.size == 20;
            const Place place{members_of, key.name, address ? "common.Address" : "hexutil.Uint64"};
            auto done =
                address ? read_fixed(member->value, place, out) : read_quantity(member->value, place, out);
            if (!done) return done;
        }
    }
    slot.octets = octets;
    return {};
}

bool WithdrawalList::has_null() const noexcept {
    const auto used = std::span{slots_}.first(std::min(size_, kept));
    return null_beyond_ || std::ranges::any_of(used, [](const Slot& slot) { return slot.null; });
}

std::vector<std::uint8_t> WithdrawalList::encoded() const {
    std::vector<std::uint8_t> out;
    for (const auto& slot : std::span{slots_}.first(std::min(size_, kept))) {
        out.insert(out.end(), slot.octets.begin(), slot.octets.end());
    }
    if (size_ > kept) out.resize(out.size() + layout::withdrawal_size);
    return out;
}

std::string WithdrawalList::true_count(std::string fault) const {
    constexpr std::string_view told = "too many withdrawals: 17 > 16";
    if (size_ > kept && fault.ends_with(told)) {
        fault.replace(fault.size() - 7, 2, std::to_string(size_));
    }
    return fault;
}

}  // namespace conductor::payload
