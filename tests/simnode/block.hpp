// Blocks small but true: V4 envelopes whose claimed hash is what the header hashes to, the first transaction a
// deposit. Equal requests give equal blocks, in every process. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/payload/envelope.hpp"

namespace conductor::simnode {

using payload::Envelope;

/// What a block is made of, beside its parent.
struct BlockRequest {
    std::uint64_t seed{0};         ///< of the chain
    std::uint64_t salt{0};         ///< tells siblings apart
    std::uint64_t timestamp_s{0};  ///< unix seconds
    std::size_t padding{0};        ///< octets of transaction data beside the deposit
};

[[nodiscard]] Envelope make_genesis(std::uint64_t seed, std::uint64_t timestamp_s);
[[nodiscard]] Envelope make_block(const Envelope& parent, const BlockRequest& request);

/// The block of layer 1 that an L2 block descends from: every twelfth is another one.
struct L1Origin {
    std::uint64_t number{0};
    std::uint64_t sequence_number{0};
};
[[nodiscard]] L1Origin origin_of(std::uint64_t number) noexcept;
[[nodiscard]] BlockHash l1_hash(std::uint64_t seed, std::uint64_t l1_number);

/// The block as op-geth answers it.
enum class Detail : std::uint8_t { hashes, transactions };
enum class Truth : std::uint8_t { whole, false_state };  ///< false_state: a state root of no block
[[nodiscard]] std::string block_json(const Envelope& block, Detail detail, Truth truth = Truth::whole);

}  // namespace conductor::simnode
