// Between the JSON of the commit call and the SSZ that is replicated (payload.md §1, §2, §7). Two ways in: one
// pass over the whole HTTP body at memory speed for what machines send, which knows only yes; and an exact
// one, which gives Go's answer to any text. Where both say yes they say the same. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_buffer.hpp"
#include "core/base/result.hpp"
#include "core/payload/envelope.hpp"
#include "core/payload/ssz_pool.hpp"

namespace conductor::payload {

/// `commit.strict`. Off: missing keys are Go's zero values, and a withdrawalsRoot of the empty trie is dropped.
struct Strictness {
    bool strict{true};
};

/// A refusal as the JSON-RPC answer carries it.
struct CommitRefusal {
    int code{0};
    std::string message;  ///< complete, `invalid argument 0: ` included where it belongs
    friend bool operator==(const CommitRefusal&, const CommitRefusal&) = default;
};

/// What the call without an argument, or with null for it, is answered (Go's handler crashes).
[[nodiscard]] CommitRefusal missing_payload_refusal();

/// The envelope that `param`, the one positional argument as it stands in the body, describes.
///   errors  −32602, −32700, −32603 and −32000 with Go's texts, or ours where payload.md §9 refuses more
///   bounds  constant stack; memory below 2 × the text, the message of an overlong extraData aside
[[nodiscard]] Result<Envelope, CommitRefusal> envelope_from_json(std::string_view param, Strictness = {});

/// What of the above is said before the content is looked at: `param` is no JSON, or not of the envelope's
/// types.
[[nodiscard]] std::optional<CommitRefusal> decoding_refusal(std::string_view param);

struct CommitCall {
    std::string_view id;  ///< the raw token (a string with its quotes, or a number), inside the body
    Envelope envelope;
};

/// Recognises exactly one call of `conductor_commitUnsafePayload` with one regular envelope, in any order of
/// members. Nothing: take the exact way; the body is octet for octet what it was.
[[nodiscard]] std::optional<CommitCall> fast_commit_call(JsonBuffer& body, SszPool& pool);

/// The JSON that Go prints for the envelope (§1.7).
[[nodiscard]] std::string envelope_to_json(const Envelope& envelope);

}  // namespace conductor::payload
