// A consensus node with its execution engine, as a conductor sees it: it has a chain, takes blocks that
// continue it, and produces when it was told to. It outlives the conductor beside it.
#pragma once

#include <map>
#include <optional>

#include "checker.hpp"
#include "core/base/bytes.hpp"
#include "core/control/action.hpp"

namespace conductor::sim {

class Sequencer {
public:
    struct Known {
        Checker::Block block;
        Bytes octets;
    };

    /// Whatever order blocks come in, the chain grows as far as they connect.
    void take(const Known& known, Instant now) {
        blocks_.emplace(known.block.hash, known);
        children_.emplace(known.block.parent, known.block.hash);
        for (auto child = children_.find(head.hash); child != children_.end();
             child = children_.find(head.hash)) {
            head = {blocks_.at(child->second).block.number, child->second};
            chain_[head.number] = head.hash;
            moved_at = now;
        }
    }
    /// The chain to this block, which it knows, takes the place of another branch: L1 decides in the end.
    void derive(const BlockHash& newest, Instant now) {
        const auto* known = find(newest);
        if (known == nullptr || at(known->block.number) == peers::Head{known->block.number, newest}) return;
        chain_.clear();
        head = {known->block.number, newest};
        for (; known != nullptr; known = find(known->block.parent))
            chain_[known->block.number] = known->block.hash;
        moved_at = now;
    }
    template <class Use>
    void for_each(const Use& use) const {
        for (const auto& [hash, known] : blocks_) use(known);
    }
    [[nodiscard]] const Known* find(const BlockHash& hash) const {
        const auto found = blocks_.find(hash);
        return found == blocks_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::optional<peers::Head> at(BlockNumber number) const {
        if (number == BlockNumber{}) return genesis();
        const auto found = chain_.find(number);
        if (found == chain_.end()) return std::nullopt;
        return peers::Head{number, found->second};
    }

    /// Block 0, which all share.
    [[nodiscard]] static peers::Head genesis() {
        peers::Head first;
        first.hash.bytes.fill(0x60);
        return first;
    }
    peers::Head head{genesis()};
    bool active{false};
    bool up{true};
    bool sick{false};
    bool deaf{false};  ///< no block comes to it but by its own conductor
    Duration slow{};   ///< an answer takes up to this long
    Instant moved_at{};

private:
    std::map<BlockHash, Known> blocks_;
    std::map<BlockHash, BlockHash> children_;  ///< the first one seen of each
    std::map<BlockNumber, BlockHash> chain_;
};

}  // namespace conductor::sim
