// Faults beside hashicorp/raft: gaps on a connection in step, kills, stops, cuts.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

const Tuning beside_node{false, {}, {}, {}, true};

/// Under Go's load, one of its appends after the other is lost on the way; every time all must have caught up
/// within `patience`. A wedge lasts for ever; a starved machine is late now and then.
void lose_appends(int rounds, std::chrono::seconds patience) {
    Mixed group{{Kind::go, Kind::ours}, beside_node};
    REQUIRE(group.form() == "");
    auto& go = group.go(0);
    std::uint64_t height = 2'000'000;
    for (int round = 0; round < rounds; ++round) {
        INFO("round " << round);
        REQUIRE(go.command("/fault?drop-appends=1") == "");
        // One after the other fills the pipeline with a gap in its middle.
        REQUIRE(go.load(small_block(height), height, 40) == "");
        height += 40;
        REQUIRE(eventually(patience, [&] { return group.at(1).head_number() == height - 1; }));
        REQUIRE(go.figure("drops-left") == 0);
        REQUIRE(group.leader() == 0);
    }
    const auto theirs = go.log();
    CHECK(group.at(1).log() == theirs);
}

std::string last_lines(const std::string& output) {
    constexpr std::size_t enough = 6000;
    return output.size() <= enough ? output : output.substr(output.size() - enough);
}

/// Who stands where, and what each said last.
std::string standing(Mixed& group) {
    std::string out;
    for (std::size_t i = 0; i < group.size(); ++i) {
        auto& member = group.at(i);
        out += member.id() + ": head " + std::to_string(member.head_number()) + ", term " +
               std::to_string(member.term()) + ", follows " + member.leader_id() + "\n" +
               last_lines(member.output()) + "\n";
    }
    return out;
}

/// A follower of ours dies under Go's load and comes back, again and again: Go must never stop feeding it.
void die_under_load(std::chrono::milliseconds span) {
    Mixed group{{Kind::go, Kind::ours, Kind::ours}, beside_node};
    REQUIRE(group.form() == "");
    auto& go = group.go(0);
    std::uint64_t height = 2'000'000;
    const auto until = std::chrono::steady_clock::now() + span;
    for (std::size_t round = 0; round < 3 || std::chrono::steady_clock::now() < until; ++round) {
        INFO("round " << round);
        const auto victim = 1 + round % 2;
        std::string said;
        std::thread load{[&] { said = go.load(small_block(height), height, 300); }};
        std::this_thread::sleep_for(20ms);
        group.at(victim).kill();
        const bool started = group.at(victim).start();
        load.join();
        REQUIRE(started);
        INFO(standing(group));
        REQUIRE(said == "");
        height += 300;
        for (const std::size_t i : {1U, 2U})
            REQUIRE(eventually(15s, [&] { return group.at(i).head_number() == height - 1; }));
    }
    // Snapshots have cut each log at another place.
    const auto theirs = go.log();
    for (const std::size_t i : {1U, 2U}) {
        const auto ours = group.at(i).log();
        REQUIRE_FALSE(ours.empty());
        const auto first = std::max(ours.front().index, theirs.front().index);
        const auto from_first = [first](std::vector<LogLine> log) {
            std::erase_if(log, [first](const LogLine& line) { return line.index < first; });
            return log;
        };
        const auto shared = from_first(ours);
        CHECK(shared.size() >= 300);
        const bool same = shared == from_first(theirs);
        CHECK(same);
    }
}

/// Kill, stop or cut, at random, of one member at a time, while blocks are committed.
void random_rounds(const std::vector<Kind>& kinds, int rounds) {
    const auto* given = std::getenv("CONDUCTOR_INTEROP_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    INFO("CONDUCTOR_INTEROP_SEED=" << seed);
    std::mt19937_64 random{seed};
    Mixed group{kinds, beside_node};
    REQUIRE(group.form() == "");
    for (int round = 0; round < rounds; ++round) {
        const auto which = static_cast<std::size_t>(random() % group.size());
        auto& victim = group.at(which);
        const auto fault = random() % 3;
        INFO("round " << round << ": " << victim.id() << " fault " << fault);
        const bool cut = fault == 2 && victim.is_go();
        if (cut)
            REQUIRE(group.go(which).command("/fault?isolate=1") == "");
        else if (fault == 0)
            victim.kill();
        else
            victim.signal(SIGSTOP);
        const bool stopped = !cut && fault != 0;
        // Whoever has stopped answers nobody.
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 1500});
        if (stopped) victim.signal(SIGCONT);
        REQUIRE(group.commit_many(3) == "");
        if (cut) REQUIRE(group.go(which).command("/fault?isolate=0") == "");
        if (!victim.runs()) REQUIRE(victim.start());
        REQUIRE(group.commit_many(2) == "");
        REQUIRE(group.agree(30s));
    }
    CHECK(group.compare() == "");
}

void idle(std::chrono::milliseconds span) {
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    const auto term = group.go(1).term();
    std::this_thread::sleep_for(span);
    CHECK(group.leader() == 0);
    for (std::size_t i = 0; i < group.size(); ++i) CHECK(group.at(i).term() == term);
}

}  // namespace

TEST_CASE("an append lost on a connection in step makes us close it, and Go goes on within seconds",
          "[integration][interop][fault][C-12][C-48]") {
    NEEDS_GO();
    lose_appends(10, 5s);
}

TEST_CASE("two thousand lost appends never wedge Go's pipeline", "[.][slow][interop][fault][C-12][C-48]") {
    NEEDS_GO();
    const auto* given = std::getenv("CONDUCTOR_INTEROP_ROUNDS");
    lose_appends(given != nullptr ? std::atoi(given) : 2000, 30s);
}

TEST_CASE("Go never stops feeding a member of ours that dies and comes back under load",
          "[integration][interop][fault][C-13]") {
    NEEDS_GO();
    die_under_load(0s);
}

TEST_CASE("nor does it in ten minutes", "[.][slow][interop][fault][C-13]") {
    NEEDS_GO();
    die_under_load(10min);
}

TEST_CASE("nobody campaigns while one of ours leads and nothing happens",
          "[integration][interop][fault][C-56]") {
    NEEDS_GO();
    idle(5s);
}

TEST_CASE("nor in twenty seconds", "[.][slow][interop][fault][C-56]") {
    NEEDS_GO();
    idle(20s);
}

TEST_CASE("Go learns of a commit when traffic stops", "[integration][interop][fault][C-57]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    const auto both_have_it = [&] {
        return group.go(1).head_number() == group.newest() && group.go(2).head_number() == group.newest();
    };
    // A busy machine is late now and then; a leader that waits for the next entry is late always.
    int soon = 0;
    for (int i = 0; i < 20; ++i) {
        REQUIRE(group.commit() == "");
        if (eventually(150ms, both_have_it)) ++soon;
        REQUIRE(eventually(5s, both_have_it));
    }
    CHECK(soon >= 10);
}

TEST_CASE("a member of ours that was away deposes nobody when it returns",
          "[integration][interop][fault][C-33][C-35]") {
    NEEDS_GO();
    Mixed group{{Kind::go, Kind::go, Kind::ours}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    const auto term = group.at(0).term();
    group.at(2).signal(SIGSTOP);
    REQUIRE(group.commit_many(3) == "");
    std::this_thread::sleep_for(4s);
    group.at(2).signal(SIGCONT);
    std::this_thread::sleep_for(500ms);
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.leader() == 0);

    // And where it is the others who are gone, it asks and asks, and raises no term.
    for (const std::size_t i : {0U, 1U}) group.at(i).signal(SIGSTOP);
    std::this_thread::sleep_for(5s);
    CHECK(group.at(2).term() == term);
    for (const std::size_t i : {0U, 1U}) group.at(i).signal(SIGCONT);
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}

TEST_CASE("a leader of ours is none any more when Go's voters are silent, nor when it was silent itself",
          "[integration][interop][fault][C-54][C-90]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    REQUIRE(group.at(0).leads());
    for (const std::size_t i : {1U, 2U}) group.at(i).signal(SIGSTOP);
    std::this_thread::sleep_for(600ms);
    CHECK_FALSE(group.at(0).leads());
    for (const std::size_t i : {1U, 2U}) group.at(i).signal(SIGCONT);
    REQUIRE(group.make_leader(0) == "");
    REQUIRE(group.commit_many(3) == "");

    group.at(0).signal(SIGSTOP);
    std::this_thread::sleep_for(3s);
    group.at(0).signal(SIGCONT);
    CHECK_FALSE(group.at(0).leads());
    CHECK(group.leader() != 0);
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}

TEST_CASE("random kills, stops and cuts end in the same log everywhere",
          "[integration][interop][fault][C-82]") {
    NEEDS_GO();
    random_rounds({Kind::go, Kind::ours, Kind::go}, 4);
    random_rounds({Kind::ours, Kind::go, Kind::ours}, 4);
}

TEST_CASE("a hundred random kills, stops and cuts end in the same log everywhere",
          "[.][slow][interop][fault][C-82]") {
    NEEDS_GO();
    random_rounds({Kind::go, Kind::ours, Kind::go}, 100);
    random_rounds({Kind::ours, Kind::go, Kind::ours}, 100);
}

TEST_CASE("ten thousand commands of ours arrive in order", "[.][slow][interop][C-50]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(10'000) == "");
    REQUIRE(group.agree());
    for (const std::size_t i : {1U, 2U}) CHECK(group.go(i).figure("applied") == 10'000);
    CHECK(group.compare() == "");
}
