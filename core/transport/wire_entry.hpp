// Log entries and configurations as hashicorp/raft encodes them (raft-wire 2, 4): the half of the wire that
// the store shares, because entries lie on disk exactly as they travel. Go's msgpack profile byte for byte in
// what is written, tolerant in what is read. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/consensus/types.hpp"

namespace conductor::wire {

/// One entry, encoded once: the msgpack map in three pieces, so that a payload of megabytes is shared by the
/// disk and all followers and never copied. The concatenation is the encoding.
struct EncodedEntry {
    consensus::EntryFacts facts;
    Bytes head;  ///< map, AppendedAt, key and length of Data
    Bytes data;  ///< the body itself; empty where Data is nil
    Bytes tail;  ///< Extensions, Index, Term, Type
    [[nodiscard]] std::size_t size() const noexcept { return head.size() + data.size() + tail.size(); }
};

/// Data is nil (c0) for types that carry none; a configuration entry without octets is encoded here.
[[nodiscard]] EncodedEntry encode_entry(const consensus::Entry& entry);

/// One whole entry and nothing behind it.
///   errors  what Go's decoder refuses (raft-wire 2.2), an unknown type, an undecodable configuration
[[nodiscard]] Result<consensus::Entry, Complaint> decode_entry(Bytes encoded);

[[nodiscard]] Bytes encode_configuration(const consensus::Configuration& configuration);
[[nodiscard]] Result<consensus::Configuration, Complaint> decode_configuration(ByteSpan encoded);

/// Go's legacy binary time, UTC, as a leader of ours stamps its entries (raft-wire 2.3).
[[nodiscard]] consensus::Stamp stamp_of(std::chrono::system_clock::time_point when);

}  // namespace conductor::wire
