// The blocks one node knows and which of them it stands on. Old blocks go once there are too many octets of
// them; genesis stays. Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "tests/simnode/block.hpp"

namespace conductor::simnode {

/// What became of a block that somebody handed in.
enum class Imported : std::uint8_t {
    new_head,  ///< its parent was the head; blocks that had waited for it followed
    known,     ///< held already
    old,       ///< not above the head, and not ours: op-node leaves such blocks alone
    queued,    ///< waits for its parent
    ignored,   ///< the node takes no gossip now
    full,      ///< would have to wait, but the queue is full
};

/// What is kept: at least `blocks`, and more while they have fewer than `octets`.
struct ChainLimits {
    std::size_t octets{std::size_t{192} << 20U};
    std::size_t blocks{64};
};

class Chain {
public:
    static constexpr std::size_t max_queued = 64;

    explicit Chain(const Envelope& genesis, ChainLimits limits = {});

    [[nodiscard]] const Envelope& head() const { return canonical_.rbegin()->second; }
    [[nodiscard]] const Envelope& genesis() const { return canonical_.begin()->second; }
    /// On the chain of the head; null where there is none, or no longer.
    [[nodiscard]] const Envelope* at(std::uint64_t number) const;
    /// Any block, on a dead branch too.
    [[nodiscard]] const Envelope* find(const BlockHash& hash) const;
    [[nodiscard]] std::size_t queued() const { return waiting_.size(); }
    /// `depth` below the head, or genesis.
    [[nodiscard]] const Envelope& below_head(std::uint64_t depth) const;

    /// The hash was checked by the caller.
    Imported import(const Envelope& block);
    /// Makes `block`, whose parent is held, the head, whatever stood there: a fork choice.
    void adopt(const Envelope& block);
    /// Steps back `depth` blocks, at most to genesis; the queue is forgotten.
    void rewind(std::uint64_t depth);

private:
    void append(const Envelope& block);
    void prune();

    ChainLimits limits_;
    std::map<std::uint64_t, Envelope> canonical_;
    std::map<BlockHash, Envelope> all_;
    std::multimap<BlockHash, Envelope> waiting_;  ///< by parent
    std::size_t octets_{0};
};

}  // namespace conductor::simnode
