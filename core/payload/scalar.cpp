#include "core/payload/scalar.hpp"

#include <algorithm>

#include "core/payload/hex_kernel.hpp"

namespace conductor::payload {
namespace {

using std::to_string;

// The digits behind `0x`. `empty`: the string has no characters at all, which some grammars take for zero.
struct Digits {
    std::string_view text;
    bool empty{false};
};

Result<Digits, Complaint> digits_of(const json::RawValue& value, const Place& place) {
    if (value.kind != json::Kind::string) return cannot_unmarshal("non-string", place);
    const auto text = value.raw.substr(1, value.raw.size() - 2);
    if (text.empty()) return Digits{{}, true};
    if (text.size() < 2 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
        return cannot_unmarshal("hex string without 0x prefix", place);
    }
    return Digits{text.substr(2), false};
}

Result<void, Complaint> decode(std::string_view digits, const Place& place, std::uint8_t* out) {
    if (!decode_hex(digits.data(), digits.size(), out)) return cannot_unmarshal("invalid hex string", place);
    return {};
}

}  // namespace

Complaint cannot_unmarshal(std::string_view what, const Place& place) {
    std::string text = "json: cannot unmarshal ";
    text += what;
    if (place.key.empty()) {
        text += " into Go value";
    } else {
        text += place.parent.empty() ? " into Go struct field ExecutionPayloadEnvelope."
                                     : " into Go struct field ExecutionPayload.";
        text += place.parent;
        text += place.key;
    }
    text += " of type ";
    text += place.type;
    return {text};
}

Result<void, Complaint> read_fixed(const json::RawValue& value, const Place& place,
                                   std::span<std::uint8_t> out) {
    const auto digits = digits_of(value, place);
    if (!digits) return digits.error();
    if (digits->text.size() % 2 != 0) return cannot_unmarshal("hex string of odd length", place);
    if (digits->text.size() != 2 * out.size()) {
        return Complaint{"hex string has length " + to_string(digits->text.size()) + ", want " +
                         to_string(2 * out.size()) + " for " + std::string{place.type}};
    }
    return decode(digits->text, place, out.data());
}

Result<void, Complaint> read_data(const json::RawValue& value, const Place& place,
                                  std::vector<std::uint8_t>& out) {
    const auto digits = digits_of(value, place);
    if (!digits) return digits.error();
    if (digits->text.size() % 2 != 0) return cannot_unmarshal("hex string of odd length", place);
    const auto before = out.size();
    out.resize(before + digits->text.size() / 2);
    return decode(digits->text, place, out.data() + before);
}

Result<void, Complaint> read_quantity(const json::RawValue& value, const Place& place,
                                      std::span<std::uint8_t> out) {
    const auto digits = digits_of(value, place);
    if (!digits) return digits.error();
    std::ranges::fill(out, std::uint8_t{0});
    if (digits->empty) return {};

    auto text = digits->text;
    if (text.empty()) return cannot_unmarshal("hex string \"0x\"", place);
    if (text.size() > 1 && text[0] == '0')
        return cannot_unmarshal("hex number with leading zero digits", place);
    if (text.size() > 2 * out.size()) {
        return cannot_unmarshal("hex number > " + to_string(8 * out.size()) + " bits", place);
    }
    for (auto& octet : out) {
        if (text.empty()) break;
        const auto take = std::min<std::size_t>(2, text.size());
        const char pair[2]{take == 2 ? text[text.size() - 2] : '0', text.back()};
        if (!decode_hex(pair, 2, &octet)) return cannot_unmarshal("invalid hex string", place);
        text.remove_suffix(take);
    }
    return {};
}

}  // namespace conductor::payload
