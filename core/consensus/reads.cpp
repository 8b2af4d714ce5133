// Reading without an entry (§6.4, raft-wire 8.1/6): a commit index of this term, noted first, then confirmed by
// a quorum that answers requests which left afterwards.
#include <algorithm>

#include "core/consensus/quorum.hpp"
#include "core/consensus/state.hpp"

namespace conductor::consensus {

void Raft::State::read_asked(const ReadAsked& ask) {
    if (!reign) return refuse(ask.ask, Refusal::not_leader);
    reign->reads.push_back({ask.ask, std::nullopt, {}});
}

void Raft::State::note_reads() {
    if (commit < reign->noop) return;  // what earlier leaders committed is not known yet
    for (auto& read : reign->reads) {
        if (read.index) continue;
        read.index = commit;
        read.floor = next_exchange;
    }
}

void Raft::State::serve_reads() {
    if (reign->reads.empty()) return;
    std::vector<Exchange> confirmed;
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter) continue;
        const auto* known = peer(server.id);
        if (server.id == settings.self.id) {
            confirmed.push_back(next_exchange);
        } else {
            confirmed.push_back(known != nullptr && !known->forgetful ? known->confirmed : Exchange{});
        }
    }
    const auto proven = reached_by_majority(std::move(confirmed));
    auto& reads = reign->reads;
    const auto waiting = std::partition(reads.begin(), reads.end(), [&](const PendingRead& read) {
        return read.index && read.floor <= proven;
    });
    for (auto read = reads.begin(); read != waiting; ++read) out.reads.push_back({read->ask, *read->index});
    reads.erase(reads.begin(), waiting);
}

}  // namespace conductor::consensus
