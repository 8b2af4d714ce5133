// What a group does when its leader is killed, and what a member may do that has lost its disk: three real
// conductord beside three simnodes.
#include <signal.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/integration/group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

const std::string leader_gone{"event=leader_gone"};

std::size_t times_logged(Site& site, const std::string& text) {
    std::istringstream lines{site.daemon.process().output()};
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);)
        if (line.find(text) != std::string::npos) ++count;
    return count;
}

std::string readiness(Site& site) {
    const auto answer = site.daemon.client()->get("/readyz");
    return answer ? std::to_string(answer->status) + " " + answer->body : "no answer";
}

/// Somebody other than `than` says that it leads.
bool another_leads(Sites& sites, std::size_t than) {
    return eventually(20s, [&] {
        const auto leads = sites.leader();
        return leads >= 0 && static_cast<std::size_t>(leads) != than;
    });
}

/// A group whose seq-2 lacks the last blocks, which seq-1, dead now, and seq-3, dead and its disk empty now,
/// had acknowledged.
void lose_a_disk(Sites& sites, Account& account, std::uint64_t& number) {
    REQUIRE(sites.introduce());
    REQUIRE(sites.form() == "");
    for (int i = 0; i < 10; ++i) REQUIRE(sites.commit(account, small_block(number++)).empty());
    REQUIRE(sites.all_reach(number - 1));
    REQUIRE(sites.leader() == 0);
    sites.kill(1);
    for (int i = 0; i < 10; ++i) REQUIRE(sites.commit(account, small_block(number++)).empty());
    sites.kill(2);
    sites.kill(0);
    std::filesystem::remove_all(sites.at(2).daemon.store());
}

/// How often within four seconds, four times the patience of a follower, somebody led.
int reigns_seen(Sites& sites, const std::vector<std::size_t>& who) {
    int seen = 0;
    const auto until = std::chrono::steady_clock::now() + 4s;
    while (std::chrono::steady_clock::now() < until) {
        for (const auto i : who)
            if (sites.call(i, "conductor_leader").find("\"result\":true") != std::string::npos) ++seen;
        std::this_thread::sleep_for(20ms);
    }
    return seen;
}

}  // namespace

TEST_CASE("a leader that was killed is known to be gone, a frozen one is not",
          "[integration][failover][C-91]") {
    Sites sites{three("failover-gone")};
    REQUIRE(sites.form() == "");
    Account account;
    std::uint64_t number = 1'000'000;
    REQUIRE(sites.commit(account, small_block(number++)).empty());

    const auto killed = static_cast<std::size_t>(sites.leader());
    sites.kill(killed);
    REQUIRE(another_leads(sites, killed));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        if (i != killed) CHECK(sites.at(i).daemon.process().line_with(leader_gone, 5s));
    }
    REQUIRE(sites.start(killed));
    REQUIRE(sites.commit(account, small_block(number++)).empty());
    REQUIRE(sites.all_reach(number - 1));

    const auto frozen = static_cast<std::size_t>(sites.leader());
    std::vector<std::size_t> before;
    for (std::size_t i = 0; i < sites.size(); ++i) before.push_back(times_logged(sites.at(i), leader_gone));
    sites.at(frozen).daemon.process().signal(SIGSTOP);
    sites.at(frozen).runs = false;
    CHECK(another_leads(sites, frozen));
    CHECK(sites.commit(account, small_block(number++)).empty());
    sites.at(frozen).daemon.process().signal(SIGCONT);
    sites.at(frozen).runs = true;
    CHECK(sites.call(frozen, "conductor_leader").find("\"result\":false") != std::string::npos);
    CHECK(sites.all_reach(number - 1));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(times_logged(sites.at(i), leader_gone) == before[i]);
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        CHECK(sites.at(i).daemon.stop() == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}

TEST_CASE("with raft.fast-failover off a killed leader is replaced as a silent one is",
          "[integration][failover]") {
    Sites sites{three("failover-off")};
    for (std::size_t i = 0; i < sites.size(); ++i)
        sites.at(i).daemon.set("OP_CONDUCTOR_RAFT_FAST_FAILOVER", "false");
    REQUIRE(sites.form() == "");
    sites.kill(0);
    REQUIRE(another_leads(sites, 0));
    for (const std::size_t i : {1U, 2U}) CHECK(times_logged(sites.at(i), leader_gone) == 0);
}

TEST_CASE("a voter that lost its disk elects nobody before it has caught up",
          "[integration][failover][S-71][P-53]") {
    Sites sites{three("failover-wiped")};
    Account account;
    std::uint64_t number = 1'000'000;
    lose_a_disk(sites, account, number);

    // The question outlives a kill: asked of nobody first.
    REQUIRE(sites.start(2));
    sites.kill(2);
    REQUIRE(sites.start(1));
    REQUIRE(sites.start(2));
    CHECK(sites.at(2).daemon.process().line_with("event=vote_held", 10s));
    CHECK(reigns_seen(sites, {1, 2}) == 0);
    CHECK(readiness(sites.at(2)).find("503") == 0);
    CHECK(readiness(sites.at(2)).find("vote is held") != std::string::npos);

    REQUIRE(sites.start(0));
    CHECK(sites.at(2).daemon.process().line_with("event=vote_free", 20s));
    for (int i = 0; i < 5; ++i) REQUIRE(sites.commit(account, small_block(number++)).empty());
    REQUIRE(sites.all_reach(number - 1));
    CHECK(readiness(sites.at(2)).find("200") == 0);

    // Now it has a voice again: with the old leader gone the other two go on.
    const auto leads = static_cast<std::size_t>(sites.leader());
    sites.kill(leads);
    CHECK(sites.commit(account, small_block(number++)).empty());
    REQUIRE(sites.start(leads));
    REQUIRE(sites.all_reach(number - 1));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(sites.at(i).daemon.stop() == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}

TEST_CASE("raft.join=new lets it vote, on the operator's word", "[integration][failover][S-71]") {
    Sites sites{three("failover-new")};
    Account account;
    std::uint64_t number = 1'000'000;
    lose_a_disk(sites, account, number);
    sites.at(2).daemon.set("OP_CONDUCTOR_RAFT_JOIN", "new");
    REQUIRE(sites.start(1));
    REQUIRE(sites.start(2));
    CHECK(sites.leader() == 1);  // what only the dead had is lost, and that is what the word means
}

TEST_CASE("a wiped member with the bootstrap flag returns to its group and founds none",
          "[integration][failover][P-36]") {
    Sites sites{three("failover-bootstrap")};
    REQUIRE(sites.introduce());
    REQUIRE(sites.form() == "");
    Account account;
    std::uint64_t number = 1'000'000;
    for (int i = 0; i < 10; ++i) REQUIRE(sites.commit(account, small_block(number++)).empty());
    sites.kill(0);  // the one that bootstrapped, and still has the flag
    std::filesystem::remove_all(sites.at(0).daemon.store());
    REQUIRE(another_leads(sites, 0));

    REQUIRE(sites.start(0));
    CHECK(sites.at(0).daemon.process().line_with("event=not_bootstrapping", 10s));
    for (int i = 0; i < 10; ++i) REQUIRE(sites.commit(account, small_block(number++)).empty());
    REQUIRE(sites.all_reach(number - 1));
    CHECK(sites.call(0, "conductor_clusterMembership") ==
          sites.call(static_cast<std::size_t>(sites.leader()), "conductor_clusterMembership"));
    CHECK(sites.at(0).daemon.process().output().find("Raft cluster bootstrapped") == std::string::npos);
    for (std::size_t i = 0; i < sites.size(); ++i) {
        CHECK(sites.at(i).daemon.stop() == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}
