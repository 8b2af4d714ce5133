#include "core/replica/waiters.hpp"

namespace conductor::replica {

void Waiters::add(consensus::Position position, control::CommitDone done) {
    waiting_.emplace(position, std::move(done));
}

void Waiters::applied(consensus::Position position, const Result<void, control::CommitError>& verdict) {
    while (!waiting_.empty() && waiting_.begin()->first.index <= position.index) {
        auto node = waiting_.extract(waiting_.begin());
        if (node.key() == position) {
            node.mapped()(verdict);
        } else {
            node.mapped()(control::CommitError{"leadership lost while committing log", false, false});
        }
    }
}

void Waiters::fail_above(LogIndex index, const control::CommitError& error) {
    auto waiting = std::exchange(waiting_, {});
    while (!waiting.empty() && waiting.begin()->first.index <= index)
        waiting_.insert(waiting.extract(waiting.begin()));
    for (auto& [position, done] : waiting) done(error);
}

}  // namespace conductor::replica
