// Disks of a group that are full, slow, or hang all at once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/integration/committing_group.hpp"
#include "tests/support/checkout.hpp"

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

namespace {

/// The largest of the recorded blocks; some thirty fill a segment.
RecordedBlock large_block(std::uint64_t number) {
    static const auto largest = [] {
        const auto blocks = recorded_blocks(std::filesystem::path{conductor::checkout::test_data()} / "commit");
        return *std::ranges::max_element(blocks, {},
                                         [](const RecordedBlock& block) { return block.envelope.ssz.size(); });
    }();
    return at_height(largest, number);
}

std::ptrdiff_t segments_in(const std::filesystem::path& store) {
    return std::ranges::count_if(std::filesystem::directory_iterator{store / "segments"},
                                 [](const auto& file) { return file.path().extension() == ".segment"; });
}

/// Flips one bit of the entry that holds this block, `within` octets from its front. False: it is in no
/// segment.
bool rot(const std::filesystem::path& store, const RecordedBlock& block, std::size_t within) {
    const auto front = block.envelope.ssz.span().first(536);
    for (const auto& file : std::filesystem::directory_iterator{store / "segments"}) {
        if (file.path().extension() != ".segment") continue;
        const auto octets = read_file(file.path());
        const auto at = std::search(octets.begin(), octets.end(), front.begin(), front.end(),
                                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
        if (at == octets.end()) continue;
        const auto offset = (at - octets.begin()) + static_cast<std::ptrdiff_t>(within);
        std::fstream open{file.path(), std::ios::in | std::ios::out | std::ios::binary};
        open.seekp(offset);
        open.put(static_cast<char>(octets[static_cast<std::size_t>(offset)] ^ 4));
        return open.good();
    }
    return false;
}

}  // namespace

TEST_CASE("what has rotted in a closed segment is put back by the leader, or a snapshot stands for it",
          "[group][disk][corrupt]") {
    CommittingGroup group{three("group-rot")};
    group.begin(3);
    const auto commit_large = [&](int count) {
        for (int i = 0; i < count; ++i)
            REQUIRE(group.sites.commit(group.account, large_block(++group.number)) == "");
    };
    const auto first = group.number + 1;
    commit_large(40);
    REQUIRE(group.sites.all_reach(group.number));
    REQUIRE(group.sites.leads(group.leader));

    const auto follower = (group.leader + 1) % 3;
    auto& broken = group.sites.at(follower).daemon;
    REQUIRE(group.sites.stop(follower) == 0);
    REQUIRE(segments_in(broken.store()) >= 2);
    REQUIRE(rot(broken.store(), large_block(first + 2), 40));
    REQUIRE(group.sites.start(follower));
    group.commit(2);
    REQUIRE(group.sites.all_reach(group.number));
    CHECK(broken.process().running());
    CHECK(broken.process().output().find("an entry of the log cannot be read") != std::string::npos);
    CHECK(group.sites.stop(follower) == 0);
    CHECK(compare_log(broken.store(), group.account) == "");
    REQUIRE(group.sites.start(follower));
    group.commit(1);
    REQUIRE(group.sites.all_reach(group.number));

    const auto away = 3 - group.leader - follower;
    const auto leader = static_cast<std::size_t>(group.sites.leader());
    REQUIRE(leader != away);
    group.sites.kill(away);
    const auto lacks = group.number + 1;
    commit_large(16);  // more than the leader keeps in memory
    REQUIRE(group.sites.leads(leader));
    REQUIRE(rot(group.sites.at(leader).daemon.store(), large_block(lacks), 200'000));
    REQUIRE(group.sites.start(away));
    REQUIRE(group.sites.all_reach(group.number));
    for (std::size_t i = 0; i < 3; ++i) CHECK(group.sites.at(i).daemon.process().running());
    CHECK(group.sites.leads(leader));
    CHECK(group.sites.at(leader).daemon.process().output().find("an entry of the log cannot be read") !=
          std::string::npos);
    group.commit(3);
    CHECK(group.sites.all_reach(group.number));
}

TEST_CASE(
    "a sole voter that cannot read its newest block leads without it on the operator's word, and not before",
    "[group][disk][corrupt]") {
    const TempDir work{"sole-rot"};
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    REQUIRE(daemon.leads(10s));
    Account account;
    for (const std::uint64_t number : {1U, 2U, 3U})
        REQUIRE(account.commit(*daemon.client(), large_block(1'000'000 + number)) == "");
    std::this_thread::sleep_for(2s);  // a later record calls it durable by then: it is not a torn write
    REQUIRE(daemon.stop() == 0);
    REQUIRE(rot(daemon.store(), large_block(1'000'003), 200'000));

    daemon.start();
    REQUIRE(daemon.serves(10s));
    CHECK(daemon.process().line_with("event=log_damaged", 10s).has_value());
    CHECK_FALSE(daemon.leads(2s));
    CHECK(daemon.stop() == 0);

    daemon.set("OP_CONDUCTOR_STORAGE_GIVE_UP_UNREADABLE", "true");
    daemon.start();
    REQUIRE(daemon.leads(10s));
    CHECK(daemon.process().line_with("event=log_given_up", 1s).has_value());
    CHECK(account.commit(*daemon.client(), large_block(1'000'004)) == "");
    CHECK(daemon.stop() == 0);

    daemon.set("OP_CONDUCTOR_STORAGE_GIVE_UP_UNREADABLE", "false");
    daemon.start();
    CHECK(daemon.leads(10s));  // a snapshot of its own stands for the hole
    CHECK(daemon.process().output().find("log_damaged") == std::string::npos);
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
