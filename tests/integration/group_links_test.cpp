// Roads between the hosts of a group that are cut, one-way, half-open, narrow or slow; a leader that slept.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/committing_group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

constexpr Road cut{true, 0ms, 0, 0};

/// A networked group that has committed something.
struct Linked : CommittingGroup {
    explicit Linked(const std::string& name) : CommittingGroup{networked(name)} {
        begin(3);
        REQUIRE(eventually(5s, [&] { return term(leader) > 0; }));
    }
    double term(std::size_t which) { return sites.figure(which, "op_conductor_raft_term").value_or(-1); }
    [[nodiscard]] const std::string& id(std::size_t which) { return sites.at(which).id; }
    [[nodiscard]] std::size_t other(std::size_t which) const { return (leader + which) % 3; }
    /// Whoever leads and is not `old`; -1 after ten seconds.
    int heir_of(std::size_t old) {
        int heir = -1;
        (void)eventually(10s, [&] {
            for (std::size_t i = 0; i < 3; ++i)
                if (i != old && sites.at(i).runs && sites.leads(i)) heir = static_cast<int>(i);
            return heir >= 0;
        });
        return heir;
    }
};

}  // namespace

TEST_CASE("a leader that is cut off, wholly or one way, gives up, and the others go on",
          "[group][links][S-18][C-54]") {
    Linked group{"group-cut-leader"};
    for (const auto* way : {"both ways", "it hears nobody", "nobody hears it"}) {
        INFO(way);
        const auto old = static_cast<std::size_t>(group.sites.leader());
        for (std::size_t i = 0; i < 3; ++i) {
            if (i == old) continue;
            if (way != std::string{"nobody hears it"})
                group.sites.network().set(group.id(i), group.id(old), cut);
            if (way != std::string{"it hears nobody"})
                group.sites.network().set(group.id(old), group.id(i), cut);
        }
        CHECK(eventually(3s, [&] { return !group.sites.leads(old); }));
        const auto heir = group.heir_of(old);
        REQUIRE(heir >= 0);
        const auto refused =
            group.account.commit(*group.sites.at(old).daemon.client(), small_block(group.number + 1'000'000));
        CHECK(refused.find("node is not the leader") != std::string::npos);
        group.commit(5);
        group.sites.network().heal();
        group.commit(5);
        REQUIRE(group.sites.all_reach(group.number));
    }
    group.account_for_all();
}

TEST_CASE("a follower that loses its leader in one direction deposes nobody, and catches up",
          "[group][links][C-25][C-35]") {
    Linked group{"group-cut-follower"};
    const auto term = group.term(group.leader);
    const auto away = group.other(1);
    for (const bool deaf : {true, false}) {
        INFO((deaf ? "it hears no leader" : "no leader hears it"));
        const auto from = deaf ? group.leader : away;
        const auto to = deaf ? away : group.leader;
        group.sites.network().set(group.id(from), group.id(to), cut);
        const auto until = std::chrono::steady_clock::now() + 4s;
        while (std::chrono::steady_clock::now() < until) {
            group.commit(2);
            CHECK(group.sites.leads(group.leader));
        }
        group.sites.network().heal();
        group.commit(3);
        REQUIRE(group.sites.all_reach(group.number));
    }
    CHECK(group.sites.leader() == static_cast<int>(group.leader));
    CHECK(group.term(group.leader) == term);
    group.account_for_all();
}

TEST_CASE("half-open links to or from any member are found out and replaced", "[group][links][5.17.1]") {
    Linked group{"group-half-open"};
    for (std::size_t host = 0; host < 3; ++host) {
        INFO("connections of " << group.id(host) << " are forgotten");
        group.sites.network().forget_connections_of(group.id(host));
        group.commit(5);
        REQUIRE(group.sites.all_reach(group.number));
    }
    group.account_for_all();
}

TEST_CASE("where small frames pass and large ones do not, another leads within seconds",
          "[group][links][S-72][P-54][C-93]") {
    Linked group{"group-mtu"};
    const auto old = group.leader;
    for (std::size_t i = 0; i < 3; ++i)
        if (i != old) group.sites.network().set(group.id(old), group.id(i), {false, 0ms, 0, 1024});
    const auto& large =
        *std::ranges::find_if(blocks(), [](const auto& block) { return block.envelope.ssz.size() > 20'000; });

    const auto since = std::chrono::steady_clock::now();
    std::atomic<bool> done{false};
    std::thread proposer{[&] {
        Account unheard;  // not acknowledged, but perhaps stored
        while (!done.load()) {
            const auto client = group.sites.at(old).daemon.client(1s);
            (void)unheard.commit(*client, at_height(large, 2'000'000));
            std::this_thread::sleep_for(20ms);
        }
    }};
    const auto heir = group.heir_of(old);
    const auto took = std::chrono::steady_clock::now() - since;
    done.store(true);
    proposer.join();
    const auto late = at_height(large, 2'000'000);
    group.account.sent.emplace(late.envelope.hash, late.envelope.ssz);
    REQUIRE(heir >= 0);
    CHECK(took < 9s);  // 2 s, the frame at 1 MB/s, 2 s, an election
    group.number = 2'000'000;
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < until) {
        group.commit(1);
        CHECK_FALSE(group.sites.leads(old));
        std::this_thread::sleep_for(50ms);
    }
    group.sites.network().heal();
    group.commit(3);
    group.account_for_all();
}

TEST_CASE("slow and narrow roads cost a group time, but not its leader", "[group][links][C-10]") {
    Linked group{"group-slow-roads"};
    const auto term = group.term(group.leader);
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < 3; ++k)
            if (i != k) group.sites.network().set(group.id(i), group.id(k), {false, 40ms, 1'500'000, 0});
    const auto& largest = blocks().back();  // two megabytes: more than a second on this road
    REQUIRE(largest.envelope.ssz.size() > 1'000'000);
    const auto client = group.sites.at(group.leader).daemon.client(20s);
    for (int i = 0; i < 2; ++i) CHECK(group.account.commit(*client, at_height(largest, ++group.number)) == "");
    group.commit(10);
    CHECK(group.sites.leader() == static_cast<int>(group.leader));
    CHECK(group.term(group.leader) == term);
    group.sites.network().heal();
    group.account_for_all();
}

TEST_CASE("a leader that slept for ten seconds never says first that it leads", "[group][links][C-90]") {
    Linked group{"group-asleep"};
    const auto old = group.leader;
    auto& sleeper = group.sites.at(old).daemon;
    sleeper.process().signal(SIGSTOP);
    group.sites.at(old).runs = false;  // it answers nobody
    const auto heir = group.heir_of(old);
    REQUIRE(heir >= 0);
    group.commit(20);

    // Questions and blocks that lie in its sockets when it wakes.
    std::vector<std::string> answers(20);
    std::vector<std::thread> asking;
    for (std::size_t i = 0; i < answers.size(); ++i)
        asking.emplace_back([&, i] {
            const auto client = sleeper.client(20s);
            Account unheard;
            answers[i] = i % 2 == 0 ? rpc_call(*client, "conductor_leader")
                                    : unheard.commit(*client, small_block(3'000'000 + i));
        });
    std::this_thread::sleep_for(10s);
    sleeper.process().signal(SIGCONT);
    for (auto& thread : asking) thread.join();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        INFO(answers[i]);
        if (i % 2 == 0)
            CHECK(answers[i].find("\"result\":false") != std::string::npos);
        else
            CHECK(answers[i].find("leader") != std::string::npos);
    }
    const auto until = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < until) CHECK_FALSE(group.sites.leads(old));
    group.sites.at(old).runs = true;
    CHECK(group.sites.leader() == heir);
    group.commit(3);
    group.account_for_all();
}
