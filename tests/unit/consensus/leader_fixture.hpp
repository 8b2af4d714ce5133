// How a test becomes leader of a, b, c, and how its followers answer.
#pragma once

#include "fixtures.hpp"

namespace conductor::consensus::test {

inline AppendReply taken(std::uint64_t term, std::uint64_t last) {
    return {Term{term}, LogIndex{last}, true, false};
}
inline AppendReply refused(std::uint64_t term, std::uint64_t last) {
    return {Term{term}, LogIndex{last}, false, true};
}

inline bool goes(const Output& out, char name, bool heartbeat) {
    for (const auto& [envelope, append] : sent<AppendRequest>(out))
        if (envelope.to == id_of(name) && append.heartbeat == heartbeat) return true;
    return false;
}
inline std::pair<Envelope, AppendRequest> to(const Output& out, char name, bool heartbeat) {
    INFO(out);
    for (const auto& found : sent<AppendRequest>(out))
        if (found.first.to == id_of(name) && found.second.heartbeat == heartbeat) return found;
    FAIL("no " << (heartbeat ? "heartbeat" : "append") << " to " << name);
    return {};
}

/// Pre-vote, vote, Noop; what the new leader says first. The Noop is not on disk yet.
inline Output win(Node& node, char voter = 'b') {
    const auto term = node.raft.term().next();
    node.answer(voter, node.wake(), VoteReply{Ballot::pre_vote, term, true});
    auto lead = node.answer(voter, node.persist(), VoteReply{Ballot::vote, term, true});
    REQUIRE(node.raft.role() == Role::leader);
    return lead;
}

/// Answers all appends of `out` to the members named as a healthy member would; returns what follows from it.
inline std::vector<Output> serve(Node& node, const Output& out, const std::string& names) {
    std::vector<Output> next;
    for (const auto& [envelope, append] : sent<AppendRequest>(out)) {
        const auto name = envelope.to.text().at(0);
        if (names.find(name) == std::string::npos) continue;
        const auto last =
            append.heartbeat ? node.raft.last().index.value() : append.prev.index.value() + append.count;
        next.push_back(node.receive(name, taken(append.term.value(), last), envelope.exchange));
    }
    return next;
}
/// Until nobody has anything more to say at this moment.
inline void settle(Node& node, Output out, const std::string& names) {
    std::vector<Output> todo{std::move(out)};
    for (int i = 0; i < 200 && !todo.empty(); ++i) {
        auto first = std::move(todo.front());
        todo.erase(todo.begin());
        for (auto& more : serve(node, first, names)) todo.push_back(std::move(more));
        if (first.write) todo.push_back(node.persist());
    }
    REQUIRE(todo.empty());
}
/// The same over `wakes` wake-ups.
inline void run(Node& node, Output out, const std::string& names, int wakes) {
    settle(node, std::move(out), names);
    for (int i = 0; i < wakes; ++i) settle(node, node.wake(), names);
}
/// Heartbeats are answered, entries vanish.
inline void beats_only(Node& node, const Output& out, const std::string& names) {
    for (const auto& [envelope, append] : sent<AppendRequest>(out)) {
        const auto name = envelope.to.text().at(0);
        if (append.heartbeat && names.find(name) != std::string::npos)
            node.receive(name, taken(append.term.value(), node.raft.last().index.value() - 1),
                         envelope.exchange);
    }
}

}  // namespace conductor::consensus::test
