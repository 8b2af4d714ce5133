// Who waits for which entry; several may wait for one, in the order in which they came. Keyed by term and
// index: by index alone, another leader's entry at that place would acknowledge a proposal that was cut
// (raft-wire 5.8). Core thread.
#pragma once

#include <map>
#include <vector>

#include "core/consensus/types.hpp"
#include "core/control/ports.hpp"

namespace conductor::replica {

class Waiters {
public:
    void add(consensus::Position position, control::CommitDone done);
    [[nodiscard]] bool waits_for(consensus::Position position) const { return waiting_.contains(position); }
    /// The entry at `position` is applied: answers its waiters, and every waiter for another term at that index
    /// or below, whose entry can no longer be committed.
    void applied(consensus::Position position, const Result<void, control::CommitError>& verdict);
    /// Answers everybody who waits for an index above `index`.
    void fail_above(LogIndex index, const control::CommitError& error);
    void fail_all(const control::CommitError& error) { fail_above(LogIndex{}, error); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
    struct ByIndex {
        bool operator()(const consensus::Position& a, const consensus::Position& b) const noexcept {
            return a.index != b.index ? a.index < b.index : a.term < b.term;
        }
    };
    std::multimap<consensus::Position, control::CommitDone, ByIndex> waiting_;
};

}  // namespace conductor::replica
