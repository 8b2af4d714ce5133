// What a real conductord has acknowledged is there after it was killed, stopped, or left by its disk.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "tests/integration/conductord.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// SIGKILL at random moments while one client commits without a pause, `kills` times over one directory.
void kill_at_random(int kills) {
    const auto* given = std::getenv("CONDUCTOR_KILL_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    INFO("CONDUCTOR_KILL_SEED=" << seed);
    std::mt19937_64 random{seed};

    const TempDir work{"conductord-kill"};
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
    Account account;
    std::uint64_t number = 1'000'000;
    for (int kill = 0; kill < kills; ++kill) {
        daemon.start();
        REQUIRE(daemon.leads(10s));
        const auto delay = std::chrono::microseconds{random() % 60'000};
        std::atomic<bool> killed{false};
        std::thread killer{[&] {
            std::this_thread::sleep_for(delay);
            daemon.process().signal(SIGKILL);
            killed.store(true);
        }};
        const auto client = daemon.client(5s);
        std::string answer;
        while (answer.empty()) answer = account.commit(*client, small_block(++number));
        killer.join();
        CHECK(answer == "no answer");
        REQUIRE(daemon.process().wait(5s) == 128 + SIGKILL);
        if (kill % 10 == 9) REQUIRE(compare_log(daemon.store(), account).empty());
    }
    CHECK(account.acknowledged.size() > static_cast<std::size_t>(kills));
    CHECK(compare_log(daemon.store(), account).empty());
}

struct Faulty {
    explicit Faulty(const std::string& compat = "none") {
        daemon.set("OP_CONDUCTOR_COMPAT", compat);
        daemon.start();
        REQUIRE(daemon.leads(10s));
        client = daemon.client(15s);
    }
    void heal() const { std::filesystem::remove(work.path() / "fault"); }
    void fault(const std::string& what) const { std::ofstream{work.path() / "fault"} << what; }

    TempDir work{"conductord-faults"};
    ConductorDaemon daemon{{conductord_program(),
                            work.path(),
                            "seq-1",
                            {{"LD_PRELOAD", CONDUCTOR_DISK_FAULTS_LIBRARY},
                             {"CONDUCTOR_DISK_FAULTS", (work.path() / "fault").string()}},
                            {}}};
    std::unique_ptr<HttpClient> client;
    Account account;
};

}  // namespace

TEST_CASE("with a byte bound the disk stays bounded, and after SIGKILL the head is back",
          "[integration][P-20]") {
    constexpr std::uintmax_t retained = 64U << 20U;
    constexpr std::uintmax_t segment = 64U << 20U;
    const TempDir work{"conductord-bound"};
    ConductorDaemon daemon{{conductord_program(),
                            work.path(),
                            "seq-1",
                            {{"OP_CONDUCTOR_STORAGE_RETAIN_BYTES", std::to_string(retained)}},
                            {}}};
    daemon.start();
    REQUIRE(daemon.leads(10s));
    const auto& large =
        *std::ranges::max_element(blocks(), {}, [](const auto& block) { return block.envelope.ssz.size(); });
    const auto client = daemon.client();
    Account account;
    std::uintmax_t most = 0;
    std::uint64_t number = 1'000'000;
    for (int i = 0; i < 300; ++i) {  // 600 MB
        REQUIRE(account.commit(*client, at_height(large, ++number)).empty());
        std::uintmax_t octets = 0;
        for (const auto& file : std::filesystem::recursive_directory_iterator{daemon.store()}) {
            std::error_code gone;  // a segment may be recycled while we look
            const auto size = file.file_size(gone);
            if (!gone && file.is_regular_file(gone)) octets += size;
        }
        most = std::max(most, octets);
        if (i % 20 == 0) account = {};
    }
    CHECK(most <= retained * 105 / 100 + 128 * large.envelope.ssz.size() + 4 * segment);
    INFO("most octets on disk: " << most);

    daemon.process().kill_hard();
    daemon.start();
    REQUIRE(daemon.leads(10s));
    const auto again = daemon.client();
    auto sibling = at_height(large, number);
    sibling.body[504 + 20] = static_cast<char>(sibling.body[504 + 20] ^ 1);
    CHECK(account.commit(*again, sibling).find("conflicting payload at head") != std::string::npos);
    CHECK(account.commit(*again, at_height(large, ++number)).empty());
}

TEST_CASE("40 SIGKILLs under load lose nothing acknowledged and invent nothing", "[integration][durability]") {
    kill_at_random(40);
}

TEST_CASE("200 SIGKILLs under load lose nothing acknowledged and invent nothing", "[.slow][slow][durability]") {
    kill_at_random(200);
}

TEST_CASE("SIGTERM during a commit answers it and ends with code 0", "[integration][durability]") {
    const TempDir work{"conductord-term"};
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    REQUIRE(daemon.leads(10s));
    Account account;
    const auto client = daemon.client(10s);
    const auto& large = blocks().back();
    std::thread terminator{[&] {
        std::this_thread::sleep_for(20ms);
        daemon.process().signal(SIGTERM);
    }};
    std::uint64_t number = 1'000'000;
    std::string answer;
    while (answer.empty()) answer = account.commit(*client, at_height(large, ++number));
    terminator.join();

    CHECK(daemon.process().wait(10s) == 0);
    CHECK(daemon.process().output().find("OpConductor stopped") != std::string::npos);
    CHECK(compare_log(daemon.store(), account).empty());
}

TEST_CASE("a failed fdatasync ends the daemon with 74 within 5 s, and nothing acknowledged is lost",
          "[integration][durability][P-52][S-68][S-74]") {
    Faulty node{GENERATE("none", "go")};
    const auto raft = node.daemon.raft_address(5s);
    REQUIRE(node.account.commit(*node.client, small_block(1'000'001)).empty());
    node.fault("fail");
    CHECK_FALSE(node.account.commit(*node.client, small_block(1'000'002)).empty());

    CHECK(node.daemon.process().wait(5s) == 74);
    CHECK(node.daemon.process().output().find("storage failed, leaving") != std::string::npos);
    HttpClient member{"127.0.0.1", static_cast<std::uint16_t>(std::stoul(raft.substr(raft.rfind(':') + 1))),
                      1s};
    CHECK_FALSE(member.get("/").has_value());
    CHECK(compare_log(node.daemon.store(), node.account).empty());

    node.heal();
    node.daemon.start();
    REQUIRE(node.daemon.leads(10s));
    node.client = node.daemon.client();
    CHECK(node.account.commit(*node.client, small_block(1'000'003)).empty());
}

TEST_CASE("an fdatasync that hangs 3 s costs leadership, not the process",
          "[integration][durability][P-52][S-68]") {
    Faulty node;
    REQUIRE(node.account.commit(*node.client, small_block(1'000'001)).empty());
    node.fault("hang 3");
    std::string answer;
    std::thread committer{[&] { answer = node.account.commit(*node.client, small_block(1'000'002)); }};
    const auto lost = node.daemon.process().line_with("storage hangs", 3s);
    const auto asking = node.daemon.client(1s);
    const auto leader = rpc_call(*asking, "conductor_leader");
    const auto ready = asking->get("/readyz");
    committer.join();

    CHECK(lost.has_value());
    CHECK(leader.find("\"result\":false") != std::string::npos);
    REQUIRE(ready.has_value());
    CHECK(ready->status == 503);
    CHECK(answer.find("leadership lost") != std::string::npos);

    REQUIRE(node.daemon.process().line_with("storage answers again", 10s).has_value());
    REQUIRE(node.daemon.leads(10s));
    CHECK(node.account.commit(*node.client, small_block(1'000'003)).empty());
    CHECK(node.daemon.stop() == 0);
    CHECK(compare_log(node.daemon.store(), node.account).empty());
}
