// One replica on real threads over a MemoryDisk, with a core thread that the test turns.
#pragma once

#include <catch2/catch.hpp>
#include <set>

#include "core/replica/replica.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/replica/memory_store.hpp"

namespace conductor::replica::test {

using namespace conductor::test;
using namespace std::chrono_literals;

/// The answer to one commit. Shared with the node, which may answer after the test has given up.
class Outcome {
public:
    [[nodiscard]] bool arrived() const { return result_->has_value(); }
    [[nodiscard]] bool good() const { return arrived() && (*result_)->has_value(); }
    [[nodiscard]] control::CommitError error() const { return (*result_)->error(); }
    [[nodiscard]] control::CommitDone done() const {
        return [result = result_](const auto& answer) { *result = answer; };
    }

private:
    std::shared_ptr<std::optional<Result<void, control::CommitError>>> result_ =
        std::make_shared<std::optional<Result<void, control::CommitError>>>();
};

inline const RecordedBlock& recorded() {
    static const auto blocks =
        recorded_blocks(std::filesystem::path{conductor::checkout::test_data()} / "commit");
    return blocks.front();
}

inline payload::Envelope block(std::uint64_t number) {
    return at_height(recorded(), number).envelope;
}

inline payload::Envelope sibling_of(const payload::Envelope& envelope) {
    std::vector<std::uint8_t> ssz{envelope.ssz.span().begin(), envelope.ssz.span().end()};
    ssz[504 + 31] ^= 0xff;
    return *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
}

/// One node over a disk, and everything it said.
struct Node {
    explicit Node(MemoryDisk& disk, std::chrono::milliseconds stall = 2000ms, bool give_up_unreadable = false) {
        Options options;
        options.raft.self = {ServerId{"a"}, "10.0.0.1:50050"};
        options.raft.give_up_unreadable = give_up_unreadable;
        options.stall_timeout = stall;
        Events events;
        events.elected = [this](Term term) { elected.push_back(term); };
        events.stepped_down = [this](const auto&) { ++step_downs; };
        events.sibling_refused = [this] { ++siblings; };
        events.unreadable = [this](LogIndex index, const auto&) { unreadable.insert(index); };
        events.store_failed = [this](const auto& error) { failure = error; };
        replica.emplace(core, std::move(options), disk.open(), links, std::move(events));
        replica->start([this] { ready = true; });
    }
    ~Node() {
        replica->stop(2s);
        core.restart();
        core.poll();
    }

    template <class Condition>
    bool until(Condition condition, std::chrono::milliseconds limit = 5s) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            core.restart();
            core.run_one_for(5ms);
        }
        return condition();
    }

    void bootstrap() {
        REQUIRE(until([&] { return ready; }));
        replica->bootstrap({{{ServerId{"a"}, "10.0.0.1:50050", consensus::Suffrage::voter}}}, [](auto) {});
        REQUIRE(until([&] { return replica->leads(); }));
    }

    Outcome commit(const payload::Envelope& envelope) {
        Outcome outcome;
        replica->commit(envelope, outcome.done());
        return outcome;
    }
    std::string committed(const payload::Envelope& envelope) {
        const auto outcome = commit(envelope);
        if (!until([&] { return outcome.arrived(); })) return "no answer";
        return outcome.good() ? "ok" : outcome.error().text;
    }
    std::uint64_t head() const { return replica->head().head() ? replica->head().head()->number.value() : 0; }

    boost::asio::io_context core;
    NoLinks links;
    bool ready{false};
    std::vector<Term> elected;
    int step_downs{0};
    int siblings{0};
    std::set<LogIndex> unreadable;
    std::optional<storage::StoreError> failure;
    std::optional<Replica> replica;
};

}  // namespace conductor::replica::test
