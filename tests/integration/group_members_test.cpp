// Members that are not who they seem: ids and addresses given twice, a member with a past of its own.
#include <catch2/catch.hpp>

#include "tests/integration/group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// A conductor beside the group, with no node.
class Newcomer {
public:
    Newcomer(Sites& sites, const std::string& id, const std::string& folder, bool bootstrap)
        : daemon_{{conductord_program(),
                   made(sites.work() / folder),
                   id,
                   {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", bootstrap ? "true" : "false"},
                    {"OP_CONDUCTOR_PAUSED", "true"},
                    {"OP_CONDUCTOR_METRICS_ENABLED", "true"},
                    {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
                    {"OP_CONDUCTOR_METRICS_PORT", "0"}},
                   {}}} {
        daemon_.start();
        REQUIRE(daemon_.serves(10s));
        address_ = daemon_.raft_address(10s);
        REQUIRE(address_ != "");
    }
    ConductorDaemon& daemon() { return daemon_; }
    [[nodiscard]] const std::string& address() const { return address_; }

private:
    static std::filesystem::path made(const std::filesystem::path& directory) {
        std::filesystem::create_directories(directory);
        return directory;
    }

    ConductorDaemon daemon_;
    std::string address_;
};

double head_of(ConductorDaemon& daemon) {
    return figure_of(daemon, "op_conductor_unsafe_head_number{source=\"fsm\"}").value_or(0);
}

struct Settled {
    explicit Settled(const std::string& name) : sites{three(name)} {
        REQUIRE(sites.form() == "");
        commit(20);
    }
    void commit(int count) {
        for (int i = 0; i < count; ++i) REQUIRE(sites.commit(account, small_block(++number)) == "");
    }
    std::size_t leader() { return static_cast<std::size_t>(sites.leader()); }
    std::string add(const std::string& id, const std::string& address) {
        return sites.call(leader(), "conductor_addServerAsVoter", "[\"" + id + "\",\"" + address + "\",0]");
    }
    std::string members() { return sites.call(leader(), "conductor_clusterMembership"); }

    Sites sites;
    Account account;
    std::uint64_t number{1'000'000};
};

}  // namespace

TEST_CASE("an address that a member has is not given to another id, nor an id to two members",
          "[group][members]") {
    Settled group{"group-duplicates"};
    const auto leads = group.leader();
    const auto away = (leads + 1) % 3;
    const auto& id = group.sites.at(away).id;
    const auto address = group.sites.at(away).daemon.raft_address(1s);
    const auto before = group.members();
    CHECK(group.add("seq-9", address).find("found duplicate address in configuration") != std::string::npos);
    CHECK(group.members() == before);

    // The same id elsewhere is a move. Connections that last stay with whoever had the id before; when he goes
    // the newcomer, who knows nothing, is fed before he counts.
    Newcomer twin{group.sites, id, "twin", false};
    INFO(group.add(id, twin.address()));
    CHECK(eventually(10s, [&] { return group.members().find(twin.address()) != std::string::npos; }));
    CHECK(group.members().find(address) == std::string::npos);
    const auto unshaken = [&](std::chrono::milliseconds span) {
        const auto until = std::chrono::steady_clock::now() + span;
        while (std::chrono::steady_clock::now() < until) {
            group.commit(1);
            CHECK(group.sites.leads(leads));
        }
    };
    unshaken(3s);
    CHECK_FALSE(group.sites.leads(away));
    CHECK(group.sites.stop(away) == 0);
    unshaken(1s);
    CHECK(eventually(10s, [&] {
        return head_of(twin.daemon()) == static_cast<double>(group.number) &&
               group.members().find("\"" + twin.address() + "\",\"suffrage\":0") != std::string::npos;
    }));
    // And it counts: without the third it is half of what is left.
    group.sites.kill(3 - leads - away);
    unshaken(1s);
    CHECK(twin.daemon().stop() == 0);
    CHECK(compare_log(twin.daemon().store(), group.account) == "");
}

TEST_CASE("a newcomer that leads a group of its own is not taken in, and neither group notices",
          "[group][members]") {
    const int restarts = GENERATE(0, 4);  // each raises its term, above that of the group in the end
    INFO(restarts << " restarts");
    Settled group{"group-foreign"};
    const auto leads = group.leader();
    const auto before = group.members();
    Newcomer foreign{group.sites, "seq-4", "foreign", true};
    Account elsewhere;
    for (std::uint64_t i = 0; i < 50; ++i) {
        if (i == 0 || (i % 10 == 0 && static_cast<int>(i / 10) <= restarts)) {
            if (i != 0) {
                REQUIRE(foreign.daemon().stop() == 0);
                foreign.daemon().start();
            }
            REQUIRE(foreign.daemon().leads(10s));
        }
        REQUIRE(elsewhere.commit(*foreign.daemon().client(), small_block(5'000'000 + i)) == "");
    }

    const auto answer = group.add("seq-4", foreign.address());
    CHECK(answer.find(
              "failed to add voter: seq-4 did not catch up, it says: the only voter of a group of its own "
              "follows nobody") != std::string::npos);
    CHECK(eventually(5s, [&] { return group.members().find("seq-4") == std::string::npos; }));
    group.commit(20);
    CHECK(group.sites.leads(leads));
    CHECK(foreign.daemon().leads(1s));
    REQUIRE(group.sites.all_reach(group.number));
    for (std::size_t i = 0; i < 3; ++i) {
        INFO(group.sites.at(i).id);
        CHECK(group.sites.stop(i) == 0);
        CHECK(compare_log(group.sites.at(i).daemon.store(), group.account) == "");
    }
    CHECK(foreign.daemon().stop() == 0);
    CHECK(compare_log(foreign.daemon().store(), elsewhere) == "");
}
