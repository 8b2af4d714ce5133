// Pieces that entries and messages share. For core/transport/wire*.cpp alone. Pure.
#pragma once

#include "core/base/bytes.hpp"
#include "core/consensus/types.hpp"
#include "core/transport/msgpack.hpp"

namespace conductor::wire {

/// nil where data() is null, otherwise a raw string, an empty one too.
void write_octets(msgpack::Writer& writer, const Bytes& octets);
/// A legacy voter list: in entries of types 2 and 3 and in snapshots of version 0.
[[nodiscard]] Result<consensus::Configuration, Complaint> decode_peers(const Bytes& encoded);
/// One entry out of a longer message; a failure is the reader's.
[[nodiscard]] consensus::Entry read_entry(msgpack::Reader& reader);

}  // namespace conductor::wire
