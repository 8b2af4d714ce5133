// The input is a request body, and also an envelope text by itself. The fast way says only what the exact one
// says and leaves the body alone; strictness only refuses more; what was accepted survives the way through
// JSON.
#include <string>

#include "core/base/check.hpp"
#include "core/base/json_scan.hpp"
#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

// The last `params` of the call, if it has exactly one element.
std::optional<json::RawValue> only_argument(std::string_view body) {
    const auto call = json::first_value(body);
    if (!call || call->kind != json::Kind::object) return std::nullopt;
    std::optional<json::RawValue> argument;
    json::MemberCursor members{*call};
    while (const auto member = members.next()) {
        if (!json::key_matches(member->key, "params")) continue;
        argument.reset();
        if (member->value.kind != json::Kind::array) continue;
        json::ElementCursor elements{member->value};
        argument = elements.next();
        if (elements.next()) argument.reset();
    }
    return argument;
}

std::optional<Envelope> check_exact(std::string_view text) {
    const auto strict = envelope_from_json(text);
    const auto loose = envelope_from_json(text, {.strict = false});
    if (!strict) {
        CONDUCTOR_CHECK(strict.error().code != 0);
        CONDUCTOR_CHECK(!strict.error().message.empty());
    }
    if (!loose) {
        CONDUCTOR_CHECK(!strict);
        return std::nullopt;
    }
    if (strict) CONDUCTOR_CHECK(strict->ssz == loose->ssz);
    const auto again = envelope_from_json(envelope_to_json(*loose));
    CONDUCTOR_CHECK(again);
    CONDUCTOR_CHECK(again->ssz == loose->ssz);
    (void)block_hash(*loose);
    if (!strict) return std::nullopt;
    return *strict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static SszPool pool;
    const std::string text{data, data + size};
    (void)check_exact(text);

    JsonBuffer body{text};
    const auto fast = fast_commit_call(body, pool);
    CONDUCTOR_CHECK(body.text() == text);
    const auto argument = only_argument(text);
    const auto exact = argument ? check_exact(argument->raw) : std::nullopt;
    if (fast) {
        CONDUCTOR_CHECK(exact);
        CONDUCTOR_CHECK(exact->ssz == fast->envelope.ssz);
    }
    return 0;
}
