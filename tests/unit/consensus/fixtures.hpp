// Words for the tests of one Raft machine: servers a, b, c …, a clock that the test moves, and a disk that
// answers when it is told to.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/consensus/describe.hpp"
#include "core/consensus/raft.hpp"

namespace conductor::consensus::test {

using namespace std::chrono_literals;

inline ServerId id_of(char name) {
    return ServerId{std::string(1, name)};
}
inline std::string address_of(char name) {
    return std::string{"10.0.0."} + std::to_string(name - 'a' + 1) + ":50050";
}
inline Sender sender(char name) {
    return {id_of(name), address_of(name)};
}
inline Server server(char name, Suffrage suffrage = Suffrage::voter) {
    return {id_of(name), std::string(1, name) + ".test:50050", suffrage};
}
/// "abc" are voters, capital letters nonvoters.
inline Configuration members(const std::string& names) {
    Configuration configuration;
    for (const char name : names) {
        const bool votes = name >= 'a';
        configuration.servers.push_back(
            server(votes ? name : static_cast<char>(name + 32), votes ? Suffrage::voter : Suffrage::nonvoter));
    }
    return configuration;
}

inline Position at(std::uint64_t term, std::uint64_t index) {
    return {Term{term}, LogIndex{index}};
}
inline Entry entry(std::uint64_t term, std::uint64_t index, EntryType type = EntryType::command,
                   const std::string& text = "x") {
    Entry made;
    made.position = {Term{term}, LogIndex{index}};
    made.type = type;
    if (type == EntryType::command) made.data = Bytes::copy_of(text);
    return made;
}
inline Entry configuration_entry(std::uint64_t term, std::uint64_t index, const std::string& names) {
    auto made = entry(term, index, EntryType::configuration);
    made.configuration = std::make_shared<Configuration>(members(names));
    return made;
}

/// A store whose log begins with the configuration entry 1:1 of `names`, then commands of the given terms.
inline StoredState stored(const std::string& names, std::initializer_list<std::uint64_t> terms = {}) {
    StoredState state;
    if (names.empty()) return state;
    state.hard_state.term = Term{1};
    state.entries.push_back(
        {{Term{1}, LogIndex{1}}, EntryType::configuration, 0, std::make_shared<Configuration>(members(names))});
    std::uint64_t index = 2;
    for (const auto term : terms) {
        state.entries.push_back({{Term{term}, LogIndex{index++}}, EntryType::command, 1, nullptr});
        state.hard_state.term = std::max(state.hard_state.term, Term{term});
    }
    return state;
}

inline Settings settings_of(char name) {
    Settings settings;
    settings.self = sender(name);
    settings.seed = static_cast<std::uint64_t>(name);
    return settings;
}

/// One machine and what it has said. Writes stay open until persist().
class Node {
public:
    explicit Node(char name, StoredState state = {}) : Node{settings_of(name), std::move(state)} {}
    Node(Settings settings, StoredState state) : raft{std::move(settings), std::move(state), now} {}

    Output step(const Input& input) {
        auto out = raft.step(now, input);
        if (out.write) ticket = out.write->ticket;
        refusals.insert(refusals.end(), out.refused.begin(), out.refused.end());
        return out;
    }
    Output after(Duration wait, const Input& input = Tick{}) {
        now += wait;
        return step(input);
    }
    /// Sleeps until the machine wants to be woken, and wakes it.
    Output wake() {
        now = std::max(now, raft.next_deadline());
        return step(Tick{});
    }
    Output persist() { return step(Persisted{ticket}); }
    Output receive(char from, Message message, Exchange exchange = Exchange{900}, Connection connection = {}) {
        return step(Received{exchange, sender(from), std::move(message), connection});
    }
    /// The answer of `from` to a request in `asked` that goes to it.
    Output answer(char from, const Output& asked, Message message) {
        for (const auto& sent : asked.send_now)
            if (sent.to == id_of(from)) return receive(from, std::move(message), sent.exchange);
        FAIL("nothing was sent to " << from);
        return {};
    }

    Instant now{Instant{} + 100s};
    Raft raft;
    WriteTicket ticket;
    std::vector<Refused> refusals;  ///< all so far
};

/// All messages of one kind that left in `out`, at once or after a write.
template <class M>
std::vector<std::pair<Envelope, M>> sent(const Output& out) {
    std::vector<std::pair<Envelope, M>> found;
    for (const auto& envelope : out.send_now)
        if (const auto* message = std::get_if<M>(&envelope.message)) found.emplace_back(envelope, *message);
    for (const auto& promise : out.send_when_durable)
        if (const auto* message = std::get_if<M>(&promise.reply.message))
            found.emplace_back(promise.reply, *message);
    return found;
}
template <class M>
M only(const Output& out) {
    const auto found = sent<M>(out);
    INFO(out);
    REQUIRE(found.size() == 1);
    return found.front().second;
}

inline AppendRequest beat(std::uint64_t term) {
    AppendRequest request;
    request.term = Term{term};
    request.heartbeat = true;
    return request;
}
inline VoteRequest vote(std::uint64_t term, Position last, bool transfer = false) {
    return {Ballot::vote, Term{term}, last, transfer};
}
inline Proposed command(std::uint64_t ask, const std::string& text = "block") {
    return {Ask{ask}, Bytes::copy_of(text)};
}

}  // namespace conductor::consensus::test
