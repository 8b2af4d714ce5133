// The root of the Merkle Patricia trie over a list, as block headers name it: keys are RLP(index), values the
// items (payload.md §6). Pure; stack depth at most one frame for each of the key's eight nibbles.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/bytes.hpp"
#include "core/payload/keccak.hpp"

namespace conductor::payload {

/// `item(i)` for i below `count`, which is at most 2^24; no item may be empty, since a trie cannot hold it.
[[nodiscard]] Digest list_root(std::size_t count, const std::function<ByteSpan(std::size_t)>& item);

}  // namespace conductor::payload
