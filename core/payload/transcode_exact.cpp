// The exact way from JSON to SSZ: Go's decoder, crash by crash, on raw tokens. Its order of complaints is the
// specification (payload.md §1.4, §1.5, §4.3): a wrong scalar ends the decoding at once, a wrong container is
// remembered and decoding goes on; then the encoder's complaints; and only what Go would have replicated is
// held against our stricter rules (§9).
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/hex.hpp"
#include "core/base/json_scan.hpp"
#include "core/payload/draft.hpp"
#include "core/payload/scalar.hpp"
#include "core/payload/transcode.hpp"
#include "core/payload/withdrawal_list.hpp"

namespace conductor::payload {
namespace {

constexpr std::size_t depth_around = 2;  // the request object and the params array

constexpr Place payload_place{"", "executionPayload", "eth.ExecutionPayload"};

CommitRefusal refuse_argument(const std::string& why) {
    return {-32602, "invalid argument 0: " + why};
}
CommitRefusal refuse_encoding(std::string_view why) {
    return {-32000, "failed to marshal payload envelope: " + std::string{why}};
}

/// The payload in memory. The lists have no place in the draft until the version is known.
struct Payload {
    Draft draft;
    std::vector<std::uint8_t> bodies;
    std::vector<std::uint32_t> ends;  // of each transaction in `bodies`
    WithdrawalList withdrawals;
    std::bitset<key::count> given;  // key seen, with whatever value
};

class Decoder {
public:
    // Afterwards root() and payload() are what Go's decoder would have left in memory.
    Result<void, Complaint> decode(const json::RawValue& envelope) {
        if (envelope.kind == json::Kind::null) return {};
        if (envelope.kind != json::Kind::object) {
            return cannot_unmarshal(json::kind_name(envelope.kind), {"", "", "eth.ExecutionPayloadEnvelope"});
        }
        json::MemberCursor members{envelope};
        while (const auto member = members.next()) {
            auto done = envelope_member(*member);
            if (!done) return done;
        }
        if (first_soft_) return *std::exchange(first_soft_, std::nullopt);
        return {};
    }

    std::optional<Payload>& payload() { return payload_; }
    std::optional<std::array<std::uint8_t, 32>>& root() { return root_; }

private:
    Result<void, Complaint> envelope_member(const json::Member& member) {
        if (json::key_matches(member.key, root_key.name)) {
            root_.reset();
            if (member.value.kind == json::Kind::null) return {};
            return read_fixed(member.value, {"", root_key.name, root_key.type}, root_.emplace());
        }
        if (!json::key_matches(member.key, payload_place.key)) return {};

        if (member.value.kind == json::Kind::null) {
            payload_.reset();
        } else if (member.value.kind != json::Kind::object) {
            remember(cannot_unmarshal(json::kind_name(member.value.kind), payload_place));
        } else {  // a second object merges into the first
            if (!payload_) payload_.emplace();
            return payload_object(member.value, *payload_);
        }
        return {};
    }

    Result<void, Complaint> payload_object(const json::RawValue& object, Payload& payload) {
        json::MemberCursor members{object};
        while (const auto member = members.next()) {
            const auto found = std::ranges::find_if(payload_keys, [&](const Key& candidate) {
                return json::key_matches(member->key, candidate.name);
            });
            if (found == payload_keys.end()) continue;
            auto done = field(static_cast<std::size_t>(found - payload_keys.begin()), member->value, payload);
            if (!done) return done;
        }
        return {};
    }

    Result<void, Complaint> field(std::size_t index, const json::RawValue& value, Payload& payload) {
        const Key& which = payload_keys[index];
        const Place place{"executionPayload.", which.name, which.type};
        payload.given.set(index);
        switch (which.form) {
            case Form::extra_data:
                return extra_data(value, place, payload.draft);
            case Form::transactions:
                return transactions(value, place, payload);
            case Form::withdrawals:
                return withdrawals(value, place, payload);
            case Form::data:
            case Form::quantity:
                break;
        }
        const bool pointer = index > key::withdrawals;
        payload.draft.present.set(index, !(pointer && value.kind == json::Kind::null));
        if (!payload.draft.present[index]) return {};
        const auto out = payload.draft.at(which);
        return which.form == Form::data ? read_fixed(value, place, out) : read_quantity(value, place, out);
    }

    // Measured as a token before anything else is looked at, but only if it is a string.
    static Result<void, Complaint> extra_data(const json::RawValue& value, const Place& place, Draft& draft) {
        constexpr std::size_t longest_token = 2 * layout::max_extra_data + 4;
        if (value.kind == json::Kind::string && value.raw.size() > longest_token) {
            return Complaint{"input too long, expected at most 32 hex-encoded, 0x-prefixed, bytes: " +
                             hex(as_octets(value.raw))};
        }
        std::vector<std::uint8_t> octets;
        auto done = read_data(value, place, octets);
        if (!done) return done;
        std::ranges::copy(octets, draft.extra.begin());
        draft.extra_size = octets.size();
        return {};
    }

    Result<void, Complaint> transactions(const json::RawValue& value, const Place& place, Payload& payload) {
        if (value.kind != json::Kind::array && value.kind != json::Kind::null) {
            remember(cannot_unmarshal(json::kind_name(value.kind), place));
            return {};
        }
        payload.bodies.clear();
        payload.ends.clear();
        if (value.kind == json::Kind::null) return {};

        payload.bodies.reserve(value.raw.size() / 2);
        json::ElementCursor elements{value};
        while (const auto element = elements.next()) {
            auto done = read_data(*element, {place.parent, place.key, "hexutil.Bytes"}, payload.bodies);
            if (!done) return done;
            payload.ends.push_back(static_cast<std::uint32_t>(payload.bodies.size()));
        }
        return {};
    }

    Result<void, Complaint> withdrawals(const json::RawValue& value, const Place& place, Payload& payload) {
        if (value.kind != json::Kind::array && value.kind != json::Kind::null) {
            remember(cannot_unmarshal(json::kind_name(value.kind), place));
            return {};
        }
        payload.draft.present.set(key::withdrawals, value.kind == json::Kind::array);
        if (value.kind == json::Kind::array) return payload.withdrawals.read(value);
        payload.withdrawals.clear();
        return {};
    }

    void remember(Complaint complaint) {
        if (!first_soft_) first_soft_ = std::move(complaint);
    }

    std::optional<std::array<std::uint8_t, 32>> root_;
    std::optional<Payload> payload_;
    std::optional<Complaint> first_soft_;
};

// What Go's encoder says, and where it crashes: of these the text is ours, unless Go's is asked for.
std::optional<CommitRefusal> encoder_refusal(const Payload& payload, Strictness strictness) {
    const auto& present = payload.draft.present;
    const auto version = payload.draft.version();
    const auto crash = strictness.strict ? refuse_argument("missing required field withdrawals")
                                         : CommitRefusal{-32603, "method handler crashed"};
    if (version >= 2 && !present[key::withdrawals]) return crash;
    if (version == 4 && !(present[key::blob_gas_used] && present[key::excess_blob_gas])) {
        return refuse_encoding("cannot encode ecotone payload without dencun header attributes");
    }
    if (version >= 2 && payload.withdrawals.has_null()) return crash;
    return std::nullopt;
}

// payload.md §9 rows 5 and 10: what no conforming node sends.
std::optional<CommitRefusal> strict_refusal(const Payload& payload) {
    for (std::size_t i = 0; i < key::withdrawals_root; ++i) {
        const bool missing = i < key::withdrawals ? !payload.given[i] : !payload.draft.present[i];
        if (missing) return refuse_argument("missing required field " + std::string{payload_keys[i].name});
    }
    if (payload.draft.present[key::withdrawals_root] && payload.draft.withdrawals_root_is_empty_trie()) {
        return refuse_argument("withdrawalsRoot is the root of an empty trie");
    }
    return std::nullopt;
}

Bytes encode(Payload& payload) {
    auto& draft = payload.draft;
    draft.set_offsets(payload.ends.size(), payload.bodies.size());
    const auto fixed = draft.fixed_size();
    const auto withdrawals = payload.withdrawals.encoded();

    std::vector<std::uint8_t> ssz;
    ssz.reserve(fixed + draft.extra_size + 4 * payload.ends.size() + payload.bodies.size() +
                withdrawals.size());
    const auto append = [&ssz](ByteSpan octets) { ssz.insert(ssz.end(), octets.begin(), octets.end()); };
    append(ByteSpan{draft.fixed}.first(fixed));
    append(ByteSpan{draft.extra}.first(draft.extra_size));
    auto offset = static_cast<std::uint32_t>(4 * payload.ends.size());
    const auto table = offset;
    for (const auto end : payload.ends) {
        std::array<std::uint8_t, 4> octets{};
        layout::put_u32(octets.data(), offset);
        append(octets);
        offset = table + end;
    }
    append(payload.bodies);
    append(withdrawals);
    return Bytes::adopt(std::move(ssz));
}

std::optional<CommitRefusal> read(Decoder& decoder, std::string_view param) {
    const auto value = json::first_value(param, json::max_depth - depth_around);
    if (!value) return CommitRefusal{-32700, "parse error"};
    auto decoded = decoder.decode(*value);
    if (!decoded) return refuse_argument(decoded.error().text);
    return std::nullopt;
}

}  // namespace

std::optional<CommitRefusal> decoding_refusal(std::string_view param) {
    Decoder decoder;
    return read(decoder, param);
}

CommitRefusal missing_payload_refusal() {
    return refuse_argument("missing executionPayload");
}

Result<Envelope, CommitRefusal> envelope_from_json(std::string_view param, Strictness strictness) {
    Decoder decoder;
    if (auto refusal = read(decoder, param)) return *std::move(refusal);
    auto& payload = decoder.payload();
    if (!payload) return missing_payload_refusal();
    if (!decoder.root()) return refuse_encoding("execution payload envelope is missing data");
    std::ranges::copy(*decoder.root(), payload->draft.fixed.begin());

    if (auto refusal = encoder_refusal(*payload, strictness)) return *std::move(refusal);
    if (strictness.strict) {
        if (auto refusal = strict_refusal(*payload)) return *std::move(refusal);
    }

    // Go replicates first and lets every follower find out (payload.md §3.4); here its verdict comes before.
    auto envelope = envelope_from_ssz(encode(*payload));
    if (!envelope) return refuse_argument(payload->withdrawals.true_count(envelope.error().text));
    return *std::move(envelope);
}

}  // namespace conductor::payload
