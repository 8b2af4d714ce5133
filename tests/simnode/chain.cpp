#include "tests/simnode/chain.hpp"

#include <iterator>
#include <vector>

#include "core/base/check.hpp"

namespace conductor::simnode {

Chain::Chain(const Envelope& genesis, ChainLimits limits) : limits_{limits} {
    append(genesis);
}

const Envelope* Chain::at(std::uint64_t number) const {
    const auto found = canonical_.find(number);
    return found == canonical_.end() ? nullptr : &found->second;
}

const Envelope* Chain::find(const BlockHash& hash) const {
    const auto found = all_.find(hash);
    return found == all_.end() ? nullptr : &found->second;
}

const Envelope& Chain::below_head(std::uint64_t depth) const {
    const auto number = head().number.value();
    const auto* const block = number > depth ? at(number - depth) : nullptr;
    return block != nullptr ? *block : genesis();
}

Imported Chain::import(const Envelope& block) {
    const auto* const own = at(block.number.value());
    if (own != nullptr && own->hash == block.hash) return Imported::known;
    if (block.number <= head().number) return Imported::old;
    if (block.parent != head().hash) {
        const auto [first, last] = waiting_.equal_range(block.parent);
        for (auto it = first; it != last; ++it)
            if (it->second.hash == block.hash) return Imported::known;
        if (waiting_.size() >= max_queued) return Imported::full;
        waiting_.emplace(block.parent, block);
        return Imported::queued;
    }
    append(block);
    for (auto next = waiting_.find(block.hash); next != waiting_.end(); next = waiting_.find(head().hash)) {
        append(next->second);
        waiting_.erase(next);
    }
    std::erase_if(waiting_, [&](const auto& entry) { return entry.second.number <= head().number; });
    return Imported::new_head;
}

// A parent that is held but lies on a dead branch brings its whole branch back.
void Chain::adopt(const Envelope& block) {
    std::vector<Envelope> branch{block};
    while (true) {
        const auto& last = branch.back();
        const auto* const below = last.number.value() == 0 ? nullptr : at(last.number.value() - 1);
        if (below != nullptr && below->hash == last.parent) break;
        const auto* const parent = find(last.parent);
        CONDUCTOR_CHECK(parent != nullptr);
        branch.push_back(*parent);
    }
    canonical_.erase(canonical_.lower_bound(branch.back().number.value()), canonical_.end());
    for (auto it = branch.rbegin(); it != branch.rend(); ++it) append(*it);
}

void Chain::rewind(std::uint64_t depth) {
    waiting_.clear();
    for (; depth > 0 && canonical_.size() > 1; --depth) canonical_.erase(std::prev(canonical_.end()));
}

void Chain::append(const Envelope& block) {
    canonical_.insert_or_assign(block.number.value(), block);
    if (all_.emplace(block.hash, block).second) octets_ += block.ssz.size();
    prune();
}

void Chain::prune() {
    while (octets_ > limits_.octets && canonical_.size() > limits_.blocks) {
        const auto oldest = std::next(canonical_.begin());
        const auto number = oldest->second.number;
        canonical_.erase(oldest);
        std::erase_if(all_, [&](const auto& entry) {
            const bool gone = entry.second.number <= number && entry.second.number.value() > 0;
            if (gone) octets_ -= entry.second.ssz.size();
            return gone;
        });
    }
}

}  // namespace conductor::simnode
