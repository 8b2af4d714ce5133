// Disks of a group that are full, slow, or hang all at once.
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/integration/committing_group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// A group whose disks do what they are told.
struct OnFaultyDisks : CommittingGroup {
    explicit OnFaultyDisks(const std::string& name) : CommittingGroup{three(name)} {
        for (std::size_t i = 0; i < sites.size(); ++i) {
            sites.at(i).daemon.set("LD_PRELOAD", CONDUCTOR_DISK_FAULTS_LIBRARY);
            sites.at(i).daemon.set("CONDUCTOR_DISK_FAULTS", fault_file(i).string());
        }
        begin(5);
    }
    [[nodiscard]] std::filesystem::path fault_file(std::size_t which) {
        return sites.work() / sites.at(which).id / "fault";
    }
    void fault(std::size_t which, const std::string& what) { std::ofstream{fault_file(which)} << what; }
    void heal(std::size_t which) { std::filesystem::remove(fault_file(which)); }
};

}  // namespace

TEST_CASE("a full disk ends its own member with 74, and the other two go on without a block lost",
          "[group][disk][P-52]") {
    const bool of_leader = GENERATE(true, false);
    INFO((of_leader ? "the leader's" : "a follower's"));
    OnFaultyDisks group{of_leader ? "group-full-leader" : "group-full-follower"};
    const auto victim = of_leader ? group.leader : (group.leader + 1) % 3;
    group.sites.at(victim).runs = false;
    group.fault(victim, "full");
    // The other two are a quorum, and may have it before the leader finds no room.
    const auto block = small_block(++group.number);
    const auto said = group.account.commit(*group.sites.at(group.leader).daemon.client(), block);
    if (!of_leader) CHECK(said == "");
    auto& process = group.sites.at(victim).daemon.process();
    CHECK(process.wait(5s) == 74);
    CHECK(process.output().find("No space left on device") != std::string::npos);
    group.commit(20);
    if (!of_leader) CHECK(group.sites.leads(group.leader));

    group.heal(victim);
    REQUIRE(group.sites.start(victim));
    group.commit(5);
    group.account_for_all();
}

TEST_CASE("when all three disks hang for three seconds nobody exits, and a leader is back soon after",
          "[group][disk][P-52][S-68]") {
    OnFaultyDisks group{"group-all-hang"};
    for (std::size_t i = 0; i < 3; ++i) group.fault(i, "hang 3");
    const auto since = std::chrono::steady_clock::now();
    const auto block = small_block(++group.number);
    (void)group.account.commit(*group.sites.at(group.leader).daemon.client(), block);
    group.commit(1);
    CHECK(std::chrono::steady_clock::now() - since < 9s);
    for (std::size_t i = 0; i < 3; ++i) CHECK(group.sites.at(i).daemon.process().running());
    group.commit(20);
    group.account_for_all();
}

TEST_CASE("when all three disks are slow blocks come slowly, and the leader stays", "[group][disk][P-52]") {
    OnFaultyDisks group{"group-all-slow"};
    for (std::size_t i = 0; i < 3; ++i) group.fault(i, "slow 300");
    const auto client = group.sites.at(group.leader).daemon.client();
    for (int i = 0; i < 15; ++i) CHECK(group.account.commit(*client, small_block(++group.number)) == "");
    CHECK(group.sites.leads(group.leader));
    for (std::size_t i = 0; i < 3; ++i) group.heal(i);
    group.commit(5);
    CHECK(group.sites.leader() == static_cast<int>(group.leader));
    group.account_for_all();
}
