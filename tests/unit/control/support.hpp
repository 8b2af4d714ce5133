// A small world around one Policy: answers what it asks, and remembers what it did.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "core/control/policy.hpp"

namespace conductor::control::test {

using namespace std::chrono_literals;

inline const ServerId self{"seq-0"};
inline const ServerId peer_b{"seq-1"};
inline const ServerId peer_c{"seq-2"};
inline const Instant start_of_time{1h};

inline BlockHash hash(std::uint8_t value) {
    BlockHash made;
    made.bytes.fill(value);
    return made;
}
inline Head block(std::uint64_t number) {
    return {BlockNumber{number}, hash(static_cast<std::uint8_t>(number))};
}

inline Verdict well() {
    return {};
}
inline Verdict sick(FaultClass fault = FaultClass::stale) {
    Verdict verdict;
    verdict.healthy = false;
    verdict.fault = fault;
    verdict.text = identity(fault, "");
    verdict.only_stale = fault == FaultClass::stale;
    verdict.only_partial = fault == FaultClass::builder_partial;
    return verdict;
}

inline peers::Row peer(const ServerId& id, peers::Health health = peers::Health::healthy) {
    peers::Row row;
    row.member = {id, true, peers::Reach::configured};
    row.known = row.asked = true;
    row.age = 100ms;
    row.status.id = id;
    row.status.protocol = peers::Protocol::ours;
    row.status.health = health;
    row.status.paused = row.status.overridden = row.status.active = peers::Says::no;
    row.status.ready = peers::Says::yes;
    row.status.head = block(10);
    return row;
}
inline peers::Row silent_peer(const ServerId& id) {
    peers::Row row;
    row.member = {id, true, peers::Reach::guessed};
    row.asked = true;
    return row;
}

inline PolicySettings settings() {
    PolicySettings made;
    made.self = self;
    made.active = Active::no;
    made.backoff.jitter = false;
    return made;
}
inline PolicySettings go_settings() {
    auto made = settings();
    turn_to_go(made);
    return made;
}

/// A policy, what it has in flight, and what it has said so far.
class Loop {
public:
    explicit Loop(PolicySettings with = settings(), std::vector<peers::Row> rows = {peer(peer_b), peer(peer_c)})
        : policy{std::move(with), start_of_time} {
        see(std::move(rows));
    }

    Decision give(const Event& event) {
        auto decision = policy.step(now, event);
        for (const auto call : decision.abandon)
            std::erase_if(in_flight, [&](const Action& action) { return action.call == call; });
        for (const auto& action : decision.actions) {
            in_flight.push_back(action);
            called.emplace_back(name_of(action.task));
        }
        for (const auto& line : decision.lines) lines.push_back(line);
        for (const auto& count : decision.counts) counts.push_back(count);
        for (const auto& reply : decision.replies) replies.push_back(reply);
        finished = finished || decision.finished;
        return decision;
    }
    /// Lets time pass, obeying every deadline on the way.
    void pass(Duration duration) {
        const auto until = now + duration;
        for (int guard = 0; guard < 10000; ++guard) {
            const auto due = policy.next_deadline();
            if (!due || *due > until) break;
            now = std::max(now, *due);
            give(Tick{});
        }
        now = until;
        give(Tick{});
    }
    void see(std::vector<peers::Row> rows) { give(PeersSeen{{std::move(rows)}}); }
    void lead() { give(RoleChanged{true, term = term.next(), true}); }
    void follow() { give(RoleChanged{false, term = term.next(), true}); }
    void judge(const Verdict& verdict) { give(Judged{verdict}); }

    /// The only call of this kind in flight; fails the test if there is none.
    const Action& flying(const std::string& name) const {
        const auto found = std::find_if(in_flight.begin(), in_flight.end(),
                                        [&](const Action& action) { return name_of(action.task) == name; });
        INFO("expected in flight: " << name << ", is: " << flying_names());
        REQUIRE(found != in_flight.end());
        return *found;
    }
    [[nodiscard]] bool is_flying(const std::string& name) const {
        return std::any_of(in_flight.begin(), in_flight.end(),
                           [&](const Action& action) { return name_of(action.task) == name; });
    }
    std::string flying_names() const {
        std::string names;
        for (const auto& action : in_flight) names += std::string{name_of(action.task)} + " ";
        return names;
    }
    Decision answer(const std::string& name, Answer with) {
        const auto call = flying(name).call;
        std::erase_if(in_flight, [&](const Action& action) { return action.call == call; });
        return give(Answered{call, std::move(with)});
    }
    Decision fail(const std::string& name, FailureKind kind = FailureKind::remote_error,
                  std::string text = "boom") {
        return answer(name, Failed{kind, std::move(text)});
    }
    void refreshed(bool active) {
        if (is_flying("active")) answer("active", ActiveIs{active});
    }

    Decision confirm(std::optional<Head> head, std::optional<BlockNumber> ring_from = BlockNumber{1}) {
        return answer("confirm", Confirmed{term, head, head ? ring_from : std::nullopt});
    }
    /// Climbs with equal heads up to the start call.
    void climb_to_start() {
        confirm(block(10));
        answer("head", HeadIs{block(10)});
        REQUIRE(is_flying("start"));
    }
    /// T-T-T, by an election in good health.
    void sequence() {
        lead();
        climb_to_start();
        answer("start", Done{});
        refreshed(true);
        REQUIRE(policy.situation().active == Active::yes);
        called.clear();
        lines.clear();
        counts.clear();
    }
    [[nodiscard]] long count_of(const std::string& name) const {
        return std::count(called.begin(), called.end(), name);
    }
    [[nodiscard]] const Line* line(const std::string& message) const {
        const auto found = std::find_if(lines.rbegin(), lines.rend(),
                                        [&](const Line& said) { return said.message == message; });
        return found == lines.rend() ? nullptr : &*found;
    }
    [[nodiscard]] std::string fact(const std::string& message, const std::string& key) const {
        const auto* said = line(message);
        if (!said) return "(no such line)";
        for (const auto& pair : said->facts) {
            if (pair.key != key) continue;
            if (const auto* text = std::get_if<std::string>(&pair.value)) return *text;
            if (const auto* flag = std::get_if<bool>(&pair.value)) return *flag ? "true" : "false";
            return std::to_string(std::get<std::uint64_t>(pair.value));
        }
        return "(no such key)";
    }
    [[nodiscard]] long counted(Counter counter, bool success) const {
        return std::count_if(counts.begin(), counts.end(), [&](const Count& count) {
            return count.counter == counter && count.success == success;
        });
    }
    [[nodiscard]] Triple triple() const { return policy.situation().triple(); }
    [[nodiscard]] Triple prev() const { return policy.situation().prev; }

    Instant now{start_of_time};
    Policy policy;
    Term term{1};
    std::vector<Action> in_flight;
    std::vector<std::string> called;
    std::vector<Line> lines;
    std::vector<Count> counts;
    std::vector<Reply> replies;
    bool finished{false};
};

}  // namespace conductor::control::test
