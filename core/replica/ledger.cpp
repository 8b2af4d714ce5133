#include "core/replica/ledger.hpp"

#include <algorithm>

#include "core/payload/unsafe_head.hpp"

namespace conductor::replica {
namespace {

// Places inside an envelope (payload.md §2.2); the same in V3 and V4.
constexpr std::size_t parent_at = 32;
constexpr std::size_t number_at = 436;
constexpr std::size_t hash_at = 504;
constexpr std::size_t shortest = 536;

BlockHash hash_from(ByteSpan octets) {
    BlockHash hash;
    std::ranges::copy(octets.first(hash.bytes.size()), hash.bytes.begin());
    return hash;
}

BlockNumber number_from(ByteSpan octets) {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i > 0; --i) value = value << 8U | octets[i - 1];
    return BlockNumber{value};
}

}  // namespace

PayloadFacts facts_of(consensus::Position position, consensus::EntryType type, ByteSpan prefix) {
    PayloadFacts facts{position, RecordKind::other, {}, {}, {}};
    if (type != consensus::EntryType::command) return facts;

    facts.kind = RecordKind::payload;
    const auto marker = as_octets(payload::reset_prefix);
    if (prefix.size() >= marker.size() && std::ranges::equal(prefix.first(marker.size()), marker)) {
        facts.kind = RecordKind::reset;
        prefix = prefix.subspan(marker.size());
    }
    if (prefix.size() < shortest) {
        facts.kind = RecordKind::undecodable;
        return facts;
    }
    facts.number = number_from(prefix.subspan(number_at));
    facts.hash = hash_from(prefix.subspan(hash_at));
    facts.parent = hash_from(prefix.subspan(parent_at));
    return facts;
}

bool moves_head(const PayloadFacts& facts, std::optional<BlockNumber> head) {
    if (facts.kind == RecordKind::reset) return true;
    return facts.kind == RecordKind::payload && (!head || facts.number > *head);
}

void Ledger::put(PayloadFacts facts) {
    truncate(facts.position.index);
    if (!facts_.empty() && facts_.back().position.index.next() != facts.position.index) facts_.clear();
    facts_.push_back(facts);
}

void Ledger::put_back(const PayloadFacts& facts) {
    const auto index = facts.position.index;
    if (find(index) != nullptr) facts_[index.value() - facts_.front().position.index.value()] = facts;
}

void Ledger::truncate(LogIndex from) {
    while (!facts_.empty() && facts_.back().position.index >= from) facts_.pop_back();
}

void Ledger::forget_below(LogIndex index) {
    while (!facts_.empty() && facts_.front().position.index < index) facts_.pop_front();
}

void Ledger::mark_undecodable(LogIndex index) {
    if (facts_.empty() || index < facts_.front().position.index || index > last()) return;
    facts_[index.value() - facts_.front().position.index.value()].kind = RecordKind::undecodable;
}

const PayloadFacts* Ledger::winner(std::optional<BlockNumber> head, LogIndex from, LogIndex to) const {
    const PayloadFacts* best = nullptr;
    for (auto index = from.next(); index <= to; index = index.next()) {
        const auto* facts = find(index);
        if (facts == nullptr || !moves_head(*facts, head)) continue;
        best = facts;
        head = facts->number;
    }
    return best;
}

const PayloadFacts* Ledger::find(LogIndex index) const {
    if (facts_.empty() || index < facts_.front().position.index || index > last()) return nullptr;
    return &facts_[index.value() - facts_.front().position.index.value()];
}

LogIndex Ledger::last() const {
    return facts_.empty() ? LogIndex{} : facts_.back().position.index;
}

}  // namespace conductor::replica
