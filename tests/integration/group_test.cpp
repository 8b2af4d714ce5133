// Three real conductord as an operator forms them: bootstrap, two voters added by RPC, a leader that dies.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// Hashes of the blocks that this node sealed and that became its head, so that they were acknowledged.
std::set<std::string> produced_by(const SimnodeProcess& node) {
    const std::string key{"\"hash\":\""};
    std::set<std::string> hashes;
    const auto list = node.sim("sim_produced", "[0]");
    for (auto at = list.find(key); at != std::string::npos; at = list.find(key, at + 1))
        hashes.insert(list.substr(at + key.size(), 66));
    return hashes;
}

std::set<std::string> blocks_in(const std::filesystem::path& store) {
    const auto blocks = blocks_in_log(store);
    if (!blocks) throw std::runtime_error(blocks.error());
    std::set<std::string> hashes;
    for (const auto& [hash, ssz] : *blocks) hashes.insert(to_hex(hash));
    return hashes;
}

/// What `site` knows of another one; empty: it is not in its table.
std::string row_of(Sites& sites, std::size_t site, std::size_t other) {
    const auto table = sites.call(site, "conductor_peers");
    const auto begin = table.find("{\"id\":\"" + sites.at(other).id + '"');
    if (begin == std::string::npos) return {};
    return table.substr(begin, table.find("\"guessed\"", begin) - begin);
}

/// Whether everybody else soon says this of `other`.
bool all_know(Sites& sites, std::size_t other, const std::string& member) {
    return eventually(10s, [&] {
        for (std::size_t i = 0; i < sites.size(); ++i)
            if (i != other && row_of(sites, i, other).find(member) == std::string::npos) return false;
        return true;
    });
}

}  // namespace

TEST_CASE("a group of three loses nothing that was acknowledged when its leader is killed",
          "[integration][group][S-3]") {
    Sites sites{three("conductord-group")};
    REQUIRE(sites.form().empty());
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(eventually(10s, [&] {
            const auto members = sites.call(i, "conductor_clusterMembership");
            return members.find("\"seq-2\",\"addr\":\"" + sites.at(1).daemon.raft_address(1s) +
                                "\",\"suffrage\":0") != std::string::npos &&
                   members.find("\"seq-3\",\"addr\":\"" + sites.at(2).daemon.raft_address(1s) +
                                "\",\"suffrage\":0") != std::string::npos;
        }));
        CHECK(sites.call(i, "conductor_leaderWithID").find("\"id\":\"seq-1\"") != std::string::npos);
    }

    Account account;
    for (const auto& block : blocks()) REQUIRE(sites.commit(account, block).empty());
    std::uint64_t number = 1'000'000;
    for (int i = 0; i < 50; ++i, ++number) REQUIRE(sites.commit(account, small_block(number)).empty());

    const auto dead = static_cast<std::size_t>(sites.leader());
    sites.kill(dead);
    for (int i = 0; i < 50; ++i, ++number) REQUIRE(sites.commit(account, small_block(number)).empty());
    const auto heir = sites.leader();
    REQUIRE(heir != static_cast<int>(dead));
    for (const auto* series : {"failover_duration_seconds_count 1\n", "raft_last_contact_seconds{peer=\"seq-",
                               "raft_peer_next_index{peer=\"seq-"}) {
        INFO(series);
        CHECK(eventually(5s, [&] {  // levels are renewed once a second
            const auto figures = sites.metrics(static_cast<std::size_t>(heir));
            return figures.find("\nop_conductor_" + std::string{series}) != std::string::npos;
        }));
    }

    REQUIRE(sites.start(dead));
    for (int i = 0; i < 10; ++i, ++number) REQUIRE(sites.commit(account, small_block(number)).empty());
    REQUIRE(sites.all_reach(number - 1));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(sites.at(i).daemon.stop() == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}

TEST_CASE("sequencing goes on elsewhere when leader and node are killed, on top of every committed block",
          "[integration][group][S-17]") {
    Sites sites{three("conductord-failover")};
    REQUIRE(sites.form().empty());
    // The first block of a network is an operator's to start.
    auto& first = sites.at(0).node;
    REQUIRE(result_of(first.cl("admin_startSequencer", "[\"" + first.head_hash() + "\"]")) == "null");
    REQUIRE(eventually(20s, [&] { return first.head_number() >= 5; }));
    for (std::size_t i = 0; i < sites.size(); ++i)
        REQUIRE(sites.call(i, "conductor_resume").find("\"result\":null") != std::string::npos);
    REQUIRE(eventually(20s, [&] { return first.head_number() >= 20; }));
    const auto dead = static_cast<std::size_t>(sites.leader());
    const auto before = produced_by(sites.at(dead).node);
    sites.kill_with_node(dead);

    const auto leads = sites.leader();
    REQUIRE(leads >= 0);
    auto& next = sites.at(static_cast<std::size_t>(leads)).node;
    const auto head = next.head_number();
    REQUIRE(eventually(30s, [&] { return next.flag("active") && next.head_number() >= head + 20; }));
    const auto after = produced_by(next);
    CHECK(after.size() >= 20);

    for (std::size_t i = 0; i < sites.size(); ++i) {
        if (i == dead) continue;
        CHECK(sites.at(i).daemon.stop() == 0);
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        if (i == dead) continue;
        INFO(sites.at(i).id);
        const auto stored = blocks_in(sites.at(i).daemon.store());
        CHECK(std::ranges::includes(stored, before));
    }
    CHECK(std::ranges::includes(blocks_in(sites.at(static_cast<std::size_t>(leads)).daemon.store()), after));
}

TEST_CASE("members know how the others are, and a leader whose node falls ill hands over to a healthy one",
          "[integration][group][1.7]") {
    Sites sites{three("conductord-peers")};
    REQUIRE(sites.introduce());
    REQUIRE(sites.form().empty());
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(all_know(sites, i, "\"paused\":true"));
        CHECK(all_know(sites, i, "\"health\":\"healthy\""));
        CHECK(all_know(sites, i, "\"ready\":true"));
    }
    auto& first = sites.at(0).node;
    REQUIRE(result_of(first.cl("admin_startSequencer", "[\"" + first.head_hash() + "\"]")) == "null");
    for (std::size_t i = 0; i < sites.size(); ++i)
        REQUIRE(sites.call(i, "conductor_resume").find("\"result\":null") != std::string::npos);
    REQUIRE(eventually(20s, [&] { return first.head_number() >= 10; }));
    CHECK(all_know(sites, 0, "\"paused\":false"));
    CHECK(all_know(sites, 0, "\"active\":true"));
    CHECK(all_know(sites, 1, "\"active\":false"));
    CHECK(eventually(5s, [&] {
        return sites.metrics(0).find(R"(op_conductor_peer_rpc_known{guessed="false",peer="seq-2"} 1)") !=
               std::string::npos;
    }));

    const auto ill = static_cast<std::size_t>(sites.leader());
    (void)sites.at(ill).node.sim("sim_peerCount", "[0]");
    CHECK(all_know(sites, ill, "\"health\":\"unhealthy\""));
    const auto report = sites.call(ill, "conductor_healthReport");
    CHECK(report.find("{\"verdict\":\"unhealthy\"") != std::string::npos);
    CHECK(report.find("\"instance\":\"op-node-peers\"") != std::string::npos);
    REQUIRE(eventually(20s, [&] { return sites.leader() != static_cast<int>(ill); }));
    const auto heir = static_cast<std::size_t>(sites.leader());
    auto& next = sites.at(heir).node;
    const auto head = next.head_number();
    CHECK(eventually(20s, [&] { return next.flag("active") && next.head_number() >= head + 10; }));
    CHECK_FALSE(sites.at(ill).node.flag("active"));
    CHECK(all_know(sites, heir, "\"active\":true"));

    const auto other = 3 - ill - heir;
    sites.kill_with_node(ill);
    CHECK(eventually(10s,
                     [&] { return row_of(sites, other, ill).find("\"health\":null") != std::string::npos; }));
    CHECK(sites.at(other).daemon.process().line_with("another conductor does not answer", 5s));
    for (const auto i : {heir, other}) CHECK(sites.at(i).daemon.stop() == 0);
}

TEST_CASE("leadership goes to the healthy follower, never to the sick one", "[integration][group][P-9]") {
    Sites sites{three("conductord-heir")};
    REQUIRE(sites.introduce());
    REQUIRE(sites.form().empty());
    auto& first = sites.at(0).node;
    REQUIRE(result_of(first.cl("admin_startSequencer", "[\"" + first.head_hash() + "\"]")) == "null");
    for (std::size_t i = 0; i < sites.size(); ++i)
        REQUIRE(sites.call(i, "conductor_resume").find("\"result\":null") != std::string::npos);
    REQUIRE(eventually(20s, [&] { return first.head_number() >= 5; }));

    // Each of the followers is the sick one once: consensus alone would choose wrongly once.
    for (const std::size_t shift : {1U, 2U}) {
        const auto leads = static_cast<std::size_t>(sites.leader());
        const auto sick = (leads + shift) % 3;
        const auto heir = 3 - leads - sick;
        (void)sites.at(sick).node.sim("sim_peerCount", "[0]");
        REQUIRE(all_know(sites, sick, "\"health\":\"unhealthy\""));
        REQUIRE(all_know(sites, heir, "\"health\":\"healthy\""));
        (void)sites.at(leads).node.sim("sim_peerCount", "[0]");
        CHECK(eventually(20s, [&] { return sites.leader() == static_cast<int>(heir); }));
        CHECK(sites.at(leads).daemon.process().line_with(
            "\"transferring leadership to target\" target=" + sites.at(heir).id, 5s));
        for (const auto i : {leads, sick}) {
            (void)sites.at(i).node.sim("sim_peerCount", "[1]");
            REQUIRE(all_know(sites, i, "\"health\":\"healthy\""));
        }
        REQUIRE(eventually(20s, [&] { return sites.at(heir).node.flag("active"); }));
    }
}

TEST_CASE("a member outside raft.allow-cidr gets no answer", "[integration][group]") {
    const TempDir work{"conductord-cidr"};
    const auto member = [&](const std::string& id, std::map<std::string, std::string> environment) {
        std::filesystem::create_directories(work.path() / id);
        return ConductorDaemon{{conductord_program(), work.path() / id, id, std::move(environment), {}}};
    };
    auto first = member("seq-1", {});
    auto second = member(
        "seq-2", {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}, {"OP_CONDUCTOR_RAFT_ALLOW_CIDR", "10.0.0.0/8"}});
    first.start();
    second.start();
    REQUIRE(first.leads(10s));
    REQUIRE(second.serves(10s));
    const auto address = second.raft_address(10s);
    REQUIRE_FALSE(address.empty());
    const auto answer =
        rpc_call(*first.client(20s), "conductor_addServerAsVoter", "[\"seq-2\",\"" + address + "\",0]");
    CHECK(answer.find("failed to add voter: seq-2 did not catch up") != std::string::npos);
    CHECK(rpc_call(*first.client(), "conductor_clusterMembership").find("seq-2") == std::string::npos);
}

TEST_CASE("a raft port in use, and an advertised name that does not resolve, are refused in Go's words",
          "[integration][group]") {
    const TempDir work{"conductord-raft-port"};
    ConductorDaemon first{{conductord_program(), work.path(), "seq-1", {}, {}}};
    first.start();
    const auto address = first.raft_address(10s);
    REQUIRE_FALSE(address.empty());

    const TempDir other{"conductord-raft-port-2"};
    const auto refusal = [&](std::map<std::string, std::string> environment) {
        ConductorDaemon daemon{{conductord_program(), other.path(), "seq-2", std::move(environment), {}}};
        daemon.start();
        CHECK(daemon.process().wait(10s) == 1);
        return daemon.process().output();
    };
    const auto in_use = refusal({{"OP_CONDUCTOR_CONSENSUS_PORT", address.substr(address.rfind(':') + 1)}});
    CHECK(in_use.find("failed to create raft tcp transport: listen tcp " + address +
                      ": bind: address already in use") != std::string::npos);
    const auto unknown = refusal({{"OP_CONDUCTOR_CONSENSUS_ADVERTISED", "no-port-here"}});
    CHECK(unknown.find("failed to resolve advertised TCP address \\\"no-port-here\\\": address no-port-here: "
                       "missing port in address") != std::string::npos);
}

TEST_CASE("the advertised name is what the configuration holds", "[integration][group]") {
    const TempDir work{"conductord-advertised"};
    ConductorDaemon daemon{
        {conductord_program(),
         work.path(),
         "seq-1",
         {{"OP_CONDUCTOR_CONSENSUS_ADVERTISED", "localhost:50999"}, {"OP_CONDUCTOR_CONSENSUS_ADDR", "0.0.0.0"}},
         {}}};
    daemon.start();
    REQUIRE(daemon.leads(10s));
    CHECK(daemon.process().output().find("adAddr=127.0.0.1:50999 adIP=127.0.0.1 adPort=50999 adZone=") !=
          std::string::npos);
    CHECK(rpc_call(*daemon.client(), "conductor_clusterMembership").find("\"addr\":\"localhost:50999\"") !=
          std::string::npos);
}
