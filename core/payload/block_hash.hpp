// The hash that a payload ought to claim (payload.md §6), for `commit.check-hash`. Costs milliseconds for a
// megabyte: run it beside replication. Pure; any thread.
#pragma once

#include "core/base/ordinal.hpp"
#include "core/base/result.hpp"
#include "core/payload/envelope.hpp"

namespace conductor::payload {

/// keccak256(RLP(header)), the header rebuilt from the payload.
///   errors  an empty transaction, which no trie can hold (Go leaves it out without a word, so the block
///           passes as another one); a number of 2^63 or more, of which Go computes nonsense
[[nodiscard]] Result<BlockHash, Complaint> block_hash(const Envelope& envelope);

/// Whether the payload claims its true hash; if not, in the words of op-node.
[[nodiscard]] Result<void, Complaint> check_block_hash(const Envelope& envelope);

}  // namespace conductor::payload
