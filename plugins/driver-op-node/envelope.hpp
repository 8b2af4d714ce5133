// A payload envelope made from what the execution layer tells of a block: the header's members under the
// envelope's names, and the raw transactions. Whether it is the block is for the reader to check, by its hash.
#pragma once

#include <conductor/cpp/host.hpp>

#include <string>
#include <vector>

/// `block` is an answer of eth_getBlockByNumber, `transactions` the raw ones in order, as `0x…`.
/// Throws REMOTE_ERROR where the block lacks a member that every block since Ecotone has.
std::string envelope_of(const conductor::Json& block, const std::vector<std::string>& transactions);
