#include "core/consensus/log.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace conductor::consensus {

Log::Log(std::optional<SnapshotMark> snapshot, std::vector<EntryFacts> entries)
    : snapshot_{std::move(snapshot)} {
    if (snapshot_ && !entries.empty() && entries.back().position.index < snapshot_->last.index) return;
    for (auto& entry : entries) {
        if (snapshot_ && entry.position.index < snapshot_->first_kept) continue;
        if (!entries_.empty()) CONDUCTOR_CHECK(entry.position.index == entries_.back().position.index.next());
        entries_.push_back(std::move(entry));
    }
    if (entries_.empty()) return;
    CONDUCTOR_CHECK(entries_.front().position.index <=
                    (snapshot_ ? snapshot_->last.index.next() : LogIndex{1}));
    CONDUCTOR_CHECK(entries_.front().position.index != LogIndex{});
}

Position Log::last() const noexcept {
    if (!entries_.empty()) return entries_.back().position;
    return snapshot_ ? snapshot_->last : Position{};
}

LogIndex Log::first() const noexcept {
    return entries_.empty() ? last().index.next() : entries_.front().position.index;
}

bool Log::holds(LogIndex index) const noexcept {
    return !entries_.empty() && index >= entries_.front().position.index &&
           index <= entries_.back().position.index;
}

const EntryFacts& Log::at(LogIndex index) const {
    CONDUCTOR_CHECK(holds(index));
    return entries_[static_cast<std::size_t>(index.value() - first().value())];
}

std::optional<Term> Log::term_at(LogIndex index) const noexcept {
    if (index == LogIndex{}) return Term{};
    if (holds(index)) return at(index).position.term;
    if (snapshot_ && index == snapshot_->last.index) return snapshot_->last.term;
    return std::nullopt;
}

LogIndex Log::first_of_term_at(LogIndex index) const {
    const auto term = at(index).position.term;
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), term,
                         [](const EntryFacts& entry, Term t) { return entry.position.term < t; });
    return found->position.index;
}

std::uint64_t Log::octets(LogIndex first, LogIndex last) const {
    std::uint64_t sum = 0;
    const auto begin = std::max(first, this->first());
    for (auto index = begin; index <= last && holds(index); index = index.next()) sum += at(index).octets;
    return sum;
}

void Log::append(EntryFacts facts) {
    CONDUCTOR_CHECK(facts.position.index == last().index.next());
    CONDUCTOR_CHECK(facts.position.term >= last().term);
    entries_.push_back(std::move(facts));
}

void Log::put_back(EntryFacts facts) {
    CONDUCTOR_CHECK(at(facts.position.index).position == facts.position);
    entries_[static_cast<std::size_t>(facts.position.index.value() - first().value())] = std::move(facts);
}

void Log::truncate(LogIndex from) {
    if (snapshot_) CONDUCTOR_CHECK(from > snapshot_->last.index);
    while (!entries_.empty() && entries_.back().position.index >= from) entries_.pop_back();
}

void Log::compact(const SnapshotMark& mark) {
    CONDUCTOR_CHECK(term_at(mark.last.index) == mark.last.term);
    CONDUCTOR_CHECK(mark.first_kept <= mark.last.index.next());
    while (!entries_.empty() && entries_.front().position.index < mark.first_kept) entries_.pop_front();
    snapshot_ = mark;
}

void Log::replace(const SnapshotMark& mark) {
    entries_.clear();
    snapshot_ = mark;
}

LogIndex first_to_keep(const Log& log, LogIndex last, const Retention& retention) {
    std::uint64_t entries = 0;
    std::uint64_t octets = 0;
    std::uint64_t payloads = 0;
    auto keep = log.last().index.next();
    while (keep > log.first()) {
        const auto& next = log.at(LogIndex{keep.value() - 1});
        const bool spare = entries >= retention.entries || octets + next.octets > retention.octets;
        if (spare && payloads >= retention.payloads) break;
        keep = next.position.index;
        entries += 1;
        octets += next.octets;
        payloads += next.type == EntryType::command ? 1U : 0U;
    }
    return std::min(keep, last.next());
}

}  // namespace conductor::consensus
