// Acceptance scenarios of three hosts (conductor 12.1 to 12.3), by their numbers: membership by RPC, leadership
// that moves, the disaster and its end.
#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/group.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Three hosts that know each other; formed, and sequencing where a test asks for it.
struct Hosts {
    explicit Hosts(const std::string& name) : sites{networked(name)} { REQUIRE(sites.form() == ""); }
    void sequence() { REQUIRE(sites.sequence()); }

    std::size_t leader() {
        const auto found = sites.leader();
        REQUIRE(found >= 0);
        return static_cast<std::size_t>(found);
    }
    SimnodeProcess& node(std::size_t which) { return sites.at(which).node; }
    const std::string& id(std::size_t which) { return sites.at(which).id; }
    std::string address(std::size_t which) { return sites.at(which).daemon.raft_address(1s); }
    std::string at_leader(const std::string& method, const std::string& params) {
        return sites.call(leader(), method, params);
    }
    std::string members(std::size_t which) { return sites.call(which, "conductor_clusterMembership"); }
    std::uint64_t version(std::size_t which) {
        const auto text = members(which);
        const auto at = text.find("\"version\":");
        return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 10, nullptr, 10);
    }
    bool has_member(const std::string& member, int suffrage) {
        const auto text = members(leader());
        const auto row = text.find("{\"id\":\"" + member + "\"");
        if (row == std::string::npos) return false;
        return has(text.substr(row, text.find('}', row) - row), "\"suffrage\":" + std::to_string(suffrage));
    }
    /// Whether `which` leads soon, and its node alone produces.
    bool takes_over(std::size_t which, std::chrono::milliseconds limit = 10s) {
        return eventually(limit,
                          [&] {
                              if (!sites.at(which).runs || !sites.leads(which)) return false;
                              return node(which).flag("active");
                          }) &&
               produces(which);
    }
    /// Somebody other than `old`; -1: nobody.
    int successor_of(std::size_t old, std::chrono::milliseconds limit = 20s) {
        int found = -1;
        (void)eventually(limit, [&] {
            for (std::size_t i = 0; i < 3 && found < 0; ++i)
                if (i != old && sites.at(i).runs && sites.leads(i)) found = static_cast<int>(i);
            return found >= 0;
        });
        return found >= 0 && takes_over(static_cast<std::size_t>(found)) ? found : -1;
    }
    bool produces(std::size_t which, std::uint64_t more = 5) {
        const auto from = node(which).count("sealed");
        return eventually(10s, [&] { return node(which).count("sealed") >= from + more; });
    }
    /// Whether all others soon report this of `which` (conductor_peers).
    bool known(std::size_t which, const std::string& member) {
        return eventually(10s, [&] {
            for (std::size_t i = 0; i < 3; ++i) {
                if (i == which || !sites.at(i).runs) continue;
                const auto table = sites.call(i, "conductor_peers");
                const auto row = table.find("{\"id\":\"" + id(which) + '"');
                if (row == std::string::npos) return false;
                if (!has(table.substr(row, table.find("\"guessed\"", row) - row), member)) return false;
            }
            return true;
        });
    }
    bool all_healthy() {
        for (std::size_t i = 0; i < 3; ++i)
            if (!known(i, "\"health\":\"healthy\"")) return false;
        return true;
    }

    Sites sites;
};

struct Published {
    std::uint64_t unix_ms{0};
    std::uint64_t number{0};
    std::string hash;
};

/// What the nodes that run have ever published, oldest first.
std::vector<Published> published(Hosts& hosts) {
    std::vector<Published> all;
    const auto field = [](const std::string& object, const std::string& name) {
        return object.substr(object.find("\"" + name + "\":") + name.size() + 3);
    };
    for (std::size_t i = 0; i < 3; ++i) {
        if (!hosts.node(i).process().running()) continue;
        const auto list = hosts.node(i).sim("sim_produced", "[0]");
        for (auto at = list.find('{'); at != std::string::npos; at = list.find('{', at + 1)) {
            const auto object = list.substr(at, list.find('}', at) - at);
            all.push_back({std::strtoull(field(object, "unix_ms").c_str(), nullptr, 10),
                           std::strtoull(field(object, "number").c_str(), nullptr, 10),
                           field(object, "hash").substr(1, 66)});
        }
    }
    std::ranges::sort(all, {}, [](const auto& block) { return std::pair{block.unix_ms, block.number}; });
    return all;
}

/// Empty where no number was published twice; the blocks otherwise.
std::string twice(const std::vector<Published>& all) {
    std::map<std::uint64_t, std::string> seen;
    for (const auto& block : all) {
        const auto [place, fresh] = seen.emplace(block.number, block.hash);
        if (!fresh && place->second != block.hash)
            return std::to_string(block.number) + ": " + place->second + " and " + block.hash;
    }
    return {};
}

/// Milliseconds of the longest time between two blocks behind the one of that number.
std::uint64_t longest_pause_ms(const std::vector<Published>& all, std::uint64_t from = 1) {
    std::uint64_t longest = 0;
    for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i].number > from) longest = std::max(longest, all[i].unix_ms - all[i - 1].unix_ms);
    return longest;
}

/// Two of three fall ill: the third leads after two transfers at most, and stays for this long.
void one_is_well(std::chrono::seconds span) {
    Hosts hosts{"scenario-one-well"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto ill = hosts.leader();
    const auto ill_too = (ill + 1) % 3;
    const auto well = 3 - ill - ill_too;
    for (const auto i : {ill_too, ill}) (void)hosts.node(i).sim("sim_peerCount", "[0]");
    REQUIRE(hosts.takes_over(well, 20s));
    const auto until = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < until) {
        REQUIRE(hosts.sites.leads(well));
        std::this_thread::sleep_for(100ms);
    }
    std::size_t transfers = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto log = hosts.sites.at(i).daemon.process().output();
        for (auto at = log.find("msg=\"transferring leadership\""); at != std::string::npos;
             at = log.find("msg=\"transferring leadership\"", at + 1))
            ++transfers;
    }
    CHECK(transfers <= 2);
    CHECK(twice(published(hosts)) == "");
}

}  // namespace

TEST_CASE("a change of the members counts only at its leader and upon the version that it names",
          "[group][scenario][S-6][S-7][S-8][S-11]") {
    Hosts hosts{"scenario-members"};
    const auto leads = hosts.leader();
    const auto follows = (leads + 1) % 3;
    REQUIRE(eventually(5s, [&] {
        return hosts.version(0) != 0 && hosts.version(0) == hosts.version(1) &&
               hosts.version(1) == hosts.version(2);
    }));
    const auto version = hosts.version(leads);
    ConductorDaemon fourth{{conductord_program(),
                            hosts.sites.work(),
                            "seq-4",
                            {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}, {"OP_CONDUCTOR_PAUSED", "true"}},
                            {}}};
    fourth.start();
    REQUIRE(fourth.serves(10s));
    const auto place = "[\"seq-4\",\"" + fourth.raft_address(10s) + "\",";

    const auto stale = hosts.at_leader("conductor_addServerAsNonvoter", place + "18446744073709551615]");
    CHECK(has(stale, "configuration changed since"));
    CHECK(hosts.version(leads) == version);
    CHECK(has(hosts.at_leader("conductor_addServerAsNonvoter", place + "0]"), "\"result\":null"));
    CHECK(hosts.has_member("seq-4", 1));
    const auto with_four = hosts.version(leads);
    CHECK(with_four > version);

    CHECK(has(hosts.sites.call(follows, "conductor_removeServer", "[\"seq-4\",0]"), "node is not the leader"));
    CHECK(has(hosts.at_leader("conductor_removeServer", "[\"seq-4\"," + std::to_string(version) + "]"),
              "configuration changed since"));
    CHECK(hosts.has_member("seq-4", 1));
    CHECK(has(hosts.at_leader("conductor_removeServer", "[\"seq-4\"," + std::to_string(with_four) + "]"),
              "\"result\":null"));
    CHECK_FALSE(has(hosts.members(leads), "seq-4"));

    // Of two who name the same version one is heard.
    const auto now = std::to_string(hosts.version(leads));
    const auto first = hosts.at_leader("conductor_addServerAsNonvoter", place + now + "]");
    const auto second = hosts.at_leader("conductor_demoteVoter", "[\"" + hosts.id(follows) + "\"," + now + "]");
    CHECK(has(first, "\"result\":null"));
    CHECK(has(second, "configuration changed since"));

    const auto before = hosts.members(leads);
    const auto closed = free_port();
    const auto since = std::chrono::steady_clock::now();
    const auto refused = hosts.at_leader("conductor_addServerAsVoter",
                                         "[\"seq-5\",\"127.0.0.1:" + std::to_string(closed) + "\",0]");
    CHECK(std::chrono::steady_clock::now() - since < 6s);
    CHECK(has(refused, "connection refused"));
    CHECK(hosts.members(leads) == before);
    CHECK(hosts.sites.leads(leads));
}

TEST_CASE("a nonvoter never leads, whoever dies", "[group][scenario][S-6]") {
    Hosts hosts{"scenario-nonvoter"};
    const auto leads = hosts.leader();
    const auto demoted = (leads + 1) % 3;
    const auto heir = 3 - leads - demoted;
    ConductorDaemon fourth{{conductord_program(),
                            hosts.sites.work(),
                            "seq-4",
                            {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}, {"OP_CONDUCTOR_PAUSED", "true"}},
                            {}}};
    fourth.start();
    REQUIRE(fourth.serves(10s));
    REQUIRE(
        has(hosts.at_leader("conductor_addServerAsVoter", "[\"seq-4\",\"" + fourth.raft_address(10s) + "\",0]"),
            "\"result\":null"));
    REQUIRE(
        has(hosts.at_leader("conductor_demoteVoter", "[\"" + hosts.id(demoted) + "\",0]"), "\"result\":null"));
    hosts.sites.kill(leads);
    CHECK(eventually(10s, [&] {
        return hosts.sites.leads(heir) ||
               has(rpc_call(*fourth.client(), "conductor_leader"), "\"result\":true");
    }));
    CHECK_FALSE(hosts.sites.leads(demoted));
}

TEST_CASE("demoted and promoted again a voter misses no block and moves no lead", "[group][scenario][S-9]") {
    Hosts hosts{"scenario-demote"};
    hosts.sequence();
    const auto leads = hosts.leader();
    const auto other = (leads + 1) % 3;
    const auto from = hosts.node(leads).head_number();
    CHECK(has(hosts.at_leader("conductor_demoteVoter", "[\"" + hosts.id(other) + "\",0]"), "\"result\":null"));
    CHECK(hosts.has_member(hosts.id(other), 1));
    CHECK(hosts.produces(leads));
    CHECK(hosts.sites.add_voter(leads, other) == "");
    CHECK(hosts.has_member(hosts.id(other), 0));
    CHECK(hosts.produces(leads));
    CHECK(hosts.sites.leads(leads));
    const auto all = published(hosts);
    CHECK(twice(all) == "");
    CHECK(longest_pause_ms(all, from) < 1000);
}

TEST_CASE("a leader that removes itself is followed by another, stays up, and is taken in again",
          "[group][scenario][S-10][P-15]") {
    Hosts hosts{"scenario-remove-self"};
    hosts.sequence();
    const auto old = hosts.leader();
    REQUIRE(hosts.all_healthy());
    const auto gone = hosts.at_leader("conductor_removeServer", "[\"" + hosts.id(old) + "\",0]");
    CHECK(has(gone, "\"result\":null"));
    const auto heir = hosts.successor_of(old);
    REQUIRE(heir >= 0);
    CHECK(hosts.sites.at(old).daemon.process().running());
    CHECK_FALSE(hosts.sites.leads(old));
    CHECK(eventually(10s, [&] { return !hosts.node(old).flag("active"); }));
    CHECK(hosts.sites.add_voter(static_cast<std::size_t>(heir), old) == "");
    CHECK(hosts.has_member(hosts.id(old), 0));
    CHECK(twice(published(hosts)) == "");
}

TEST_CASE("handed over by RPC, to anybody and to each in turn, sequencing goes along",
          "[group][scenario][S-13][S-14][S-15]") {
    Hosts hosts{"scenario-transfer"};
    hosts.sequence();
    const auto first = hosts.leader();
    const auto follows = (first + 1) % 3;
    CHECK(has(hosts.sites.call(follows, "conductor_transferLeader"), "\"result\":null"));
    const auto to = [&](std::size_t which) {
        return "[\"" + hosts.id(which) + "\",\"" + hosts.address(which) + "\"]";
    };
    CHECK(has(hosts.sites.call(follows, "conductor_transferLeaderToServer", to(first)),
              "node is not the leader"));
    CHECK(has(hosts.sites.call(first, "conductor_transferLeaderToServer", to(first)),
              "cannot transfer leadership to itself"));
    CHECK(has(hosts.sites.call(first, "conductor_transferLeaderToServer", "[\"seq-9\",\"127.0.0.1:1\"]"),
              "cannot find replication state for"));
    CHECK(hosts.sites.leads(first));
    REQUIRE(hosts.all_healthy());

    const auto from = hosts.node(first).head_number();
    CHECK(has(hosts.sites.call(first, "conductor_transferLeader"), "\"result\":null"));
    const auto heir = hosts.successor_of(first, 5s);
    REQUIRE(heir >= 0);
    CHECK(eventually(3s, [&] { return !hosts.node(first).flag("active"); }));
    auto leads = static_cast<std::size_t>(heir);
    for (std::size_t turn = 0; turn < 3; ++turn) {
        const auto next = (leads + 1) % 3;
        INFO(hosts.id(leads) << " to " << hosts.id(next));
        REQUIRE(eventually(5s, [&] {
            return has(hosts.sites.call(leads, "conductor_transferLeaderToServer", to(next)),
                       "\"result\":null");
        }));
        REQUIRE(hosts.takes_over(next, 5s));
        CHECK_FALSE(hosts.sites.leads(leads));
        CHECK(eventually(3s, [&] { return !hosts.node(leads).flag("active"); }));
        leads = next;
    }
    const auto all = published(hosts);
    CHECK(twice(all) == "");
    CHECK(longest_pause_ms(all, from) < 4000);  // a slot of 2 s missed, and the block of it
}

TEST_CASE("when the leader's node dies another host sequences, and no number is published twice",
          "[group][scenario][S-16]") {
    Hosts hosts{"scenario-node-dies"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto old = hosts.leader();
    auto before = published(hosts);
    hosts.node(old).kill();
    const auto heir = hosts.successor_of(old, 30s);
    REQUIRE(heir >= 0);
    const auto after = published(hosts);
    before.insert(before.end(), after.begin(), after.end());
    CHECK(twice(before) == "");
}

TEST_CASE("a leader cut off publishes nothing once its lease has ended, and follows when it is back",
          "[group][scenario][S-18]") {
    Hosts hosts{"scenario-cut"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto old = hosts.leader();
    hosts.sites.network().cut_off(hosts.id(old));
    CHECK(eventually(2s, [&] { return !hosts.sites.leads(old); }));
    const auto head = hosts.node(old).head_number();
    const auto failed = hosts.node(old).count("commits_failed");
    const auto heir = hosts.successor_of(old);
    REQUIRE(heir >= 0);
    CHECK(hosts.node(old).head_number() <= head + 1);
    if (hosts.node(old).count("commits_failed") > failed) {
        const auto status = hosts.node(old).sim("sim_status");
        CHECK((has(status, "node is not the leader") || has(status, "leadership lost while committing log")));
    }
    hosts.sites.network().heal();
    CHECK(eventually(10s, [&] { return !hosts.node(old).flag("active"); }));
    CHECK(eventually(10s, [&] {
        return hosts.node(old).head_number() + 3 >= hosts.node(static_cast<std::size_t>(heir)).head_number();
    }));
    CHECK(twice(published(hosts)) == "");
}

TEST_CASE("when only the leader's conductor dies its node publishes nothing more, and is stopped by its return",
          "[group][scenario][S-17][S-19]") {
    Hosts hosts{"scenario-conductor-dies"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto old = hosts.leader();
    hosts.sites.at(old).daemon.set("OP_CONDUCTOR_PAUSED", "false");
    const auto sealed = [&] { return hosts.node(old).count("sealed"); };
    hosts.sites.kill(old);
    const auto at_death = sealed();
    const auto heir = hosts.successor_of(old);
    REQUIRE(heir >= 0);
    CHECK(hosts.node(old).flag("active"));
    CHECK(sealed() == at_death);
    CHECK(hosts.node(old).count("commits_failed") > 0);
    REQUIRE(hosts.sites.start(old));
    CHECK(eventually(10s, [&] { return !hosts.node(old).flag("active"); }));
    CHECK(hosts.sites.leads(static_cast<std::size_t>(heir)));
    const auto all = published(hosts);
    CHECK(twice(all) == "");
    CHECK(longest_pause_ms(all) < 6000);
}

TEST_CASE("without both standbys the leader stops publishing, and nobody's hand is needed when they are back",
          "[group][scenario][S-20]") {
    Hosts hosts{"scenario-standbys-die"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto old = hosts.leader();
    for (std::size_t i = 0; i < 3; ++i) {
        hosts.sites.at(i).daemon.set("OP_CONDUCTOR_PAUSED", "false");
        if (i != old) hosts.sites.kill(i);
    }
    CHECK(eventually(3s, [&] { return !hosts.sites.leads(old); }));
    CHECK(eventually(10s, [&] { return !hosts.node(old).flag("active"); }));
    const auto head = hosts.node(old).head_number();
    std::this_thread::sleep_for(1s);
    CHECK(hosts.node(old).head_number() == head);
    for (std::size_t i = 0; i < 3; ++i)
        if (i != old) REQUIRE(hosts.sites.start(i));
    REQUIRE(hosts.sites.leader() >= 0);
    CHECK(eventually(20s, [&] {
        for (std::size_t i = 0; i < 3; ++i)
            if (hosts.node(i).flag("active") && hosts.node(i).head_number() > head + 5) return true;
        return false;
    }));
    CHECK(twice(published(hosts)) == "");
}

TEST_CASE("a leader whose standbys are both ill goes on, and tries no hand-over", "[group][scenario][S-21]") {
    Hosts hosts{"scenario-standbys-ill"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto leads = hosts.leader();
    for (std::size_t i = 0; i < 3; ++i)
        if (i != leads) (void)hosts.node(i).sim("sim_peerCount", "[0]");
    for (std::size_t i = 0; i < 3; ++i)
        if (i != leads) REQUIRE(hosts.known(i, "\"health\":\"unhealthy\""));
    std::this_thread::sleep_for(2s);
    CHECK(hosts.sites.leads(leads));
    CHECK(hosts.produces(leads));
    CHECK_FALSE(has(hosts.sites.at(leads).daemon.process().output(), "transferring leadership"));
}

TEST_CASE("of three of which two are ill the third leads after two transfers at most, and stays",
          "[group][scenario][S-22][P-9]") {
    one_is_well(8s);
}

TEST_CASE("and stays for five minutes", "[.][slow][group][scenario][S-22][P-9]") {
    one_is_well(300s);
}

TEST_CASE(
    "three hosts redeployed one after the other, each started paused and resumed, lose three slots at most",
    "[group][scenario][S-28]") {
    Hosts hosts{"scenario-rolling"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto from = hosts.node(hosts.leader()).head_number();
    for (std::size_t i = 0; i < 3; ++i) {
        INFO(hosts.id(i));
        CHECK(hosts.sites.stop(i) == 0);
        REQUIRE(hosts.sites.start(i));
        const auto leads = hosts.leader();
        REQUIRE(eventually(20s, [&] { return hosts.node(leads).flag("active") && hosts.produces(leads, 1); }));
        REQUIRE(eventually(10s,
                           [&] { return hosts.node(i).head_number() + 3 >= hosts.node(leads).head_number(); }));
        CHECK(has(hosts.sites.call(i, "conductor_resume"), "\"result\":null"));
        REQUIRE(hosts.all_healthy());
    }
    const auto all = published(hosts);
    CHECK(twice(all) == "");
    std::uint64_t missed_ms = 0;
    for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i].number > from && all[i].unix_ms - all[i - 1].unix_ms > 1000)
            missed_ms += all[i].unix_ms - all[i - 1].unix_ms;
    CHECK(missed_ms <= 3 * 2000);  // slots of 2 s
}

TEST_CASE("a follower is replaced with no change of leader and never fewer than two voters",
          "[group][scenario][S-29]") {
    Hosts hosts{"scenario-replace"};
    const auto leads = hosts.leader();
    const auto old = (leads + 1) % 3;
    Account account;
    std::uint64_t number = 1'000'000;
    const auto commit = [&](int count) {
        const auto client = hosts.sites.at(leads).daemon.client();
        for (int i = 0; i < count; ++i) REQUIRE(account.commit(*client, small_block(++number)) == "");
    };
    commit(50);
    ConductorDaemon fresh{{conductord_program(),
                           hosts.sites.work(),
                           "seq-4",
                           {{"OP_CONDUCTOR_RAFT_BOOTSTRAP", "false"}, {"OP_CONDUCTOR_PAUSED", "true"}},
                           {}}};
    fresh.start();
    REQUIRE(fresh.serves(10s));
    const auto place = "[\"seq-4\",\"" + fresh.raft_address(10s) + "\",0]";
    CHECK(has(hosts.at_leader("conductor_addServerAsNonvoter", place), "\"result\":null"));
    commit(5);
    CHECK(has(hosts.at_leader("conductor_addServerAsVoter", place), "\"result\":null"));
    commit(5);
    CHECK(has(hosts.at_leader("conductor_removeServer", "[\"" + hosts.id(old) + "\",0]"), "\"result\":null"));
    hosts.sites.kill(old);
    commit(5);
    hosts.sites.kill(3 - leads - old);  // now the newcomer is half of the two that are left
    commit(5);
    CHECK(hosts.sites.leads(leads));
    CHECK(fresh.stop() == 0);
    CHECK(compare_log(fresh.store(), account) == "");
}

TEST_CASE("after a run under override the group goes on from that chain, without a disk wiped",
          "[group][scenario][S-32][S-65][P-50]") {
    Hosts hosts{"scenario-disaster"};
    hosts.sequence();
    REQUIRE(hosts.all_healthy());
    const auto last = hosts.leader();
    for (std::size_t i = 0; i < 3; ++i) {
        hosts.sites.at(i).daemon.set("OP_CONDUCTOR_PAUSED", "false");
        if (i != last) hosts.sites.kill(i);
    }
    auto& node = hosts.node(last);
    REQUIRE(eventually(10s, [&] { return !hosts.sites.leads(last) && !node.flag("active"); }));
    CHECK(
        has(node.cl("admin_startSequencer", "[\"" + node.head_hash() + "\"]"), "sequencer is not the leader"));
    REQUIRE(has(hosts.sites.call(last, "conductor_pause"), "\"result\":null"));
    REQUIRE(has(hosts.sites.call(last, "conductor_overrideLeader", "[true]"), "\"result\":null"));
    (void)node.cl("admin_overrideLeader");
    REQUIRE(result_of(node.cl("admin_startSequencer", "[\"" + node.head_hash() + "\"]")) == "null");
    REQUIRE(hosts.produces(last, 50));

    for (std::size_t i = 0; i < 3; ++i)
        if (i != last) REQUIRE(hosts.sites.start(i));
    // Raft may well elect the one that is overridden: its log is the longest.
    CHECK(eventually(
        10s, [&] { return has(hosts.sites.call((last + 1) % 3, "conductor_leaderWithID"), "\"id\":\"seq-"); }));
    const auto until = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < until)
        for (std::size_t i = 0; i < 3; ++i)
            if (i != last) REQUIRE_FALSE(hosts.node(i).flag("active"));

    (void)node.cl("admin_stopSequencer");
    const auto head = node.head_number();
    const auto hash = node.head_hash();
    (void)node.sim("sim_restart", "[0]");
    REQUIRE(has(hosts.sites.call(last, "conductor_overrideLeader", "[false]"), "\"result\":null"));
    REQUIRE(has(hosts.sites.call(last, "conductor_resume"), "\"result\":null"));
    CHECK(eventually(20s, [&] {
        for (std::size_t i = 0; i < 3; ++i)
            if (hosts.node(i).flag("active") && hosts.node(i).head_number() > head + 5) return true;
        return false;
    }));
    CHECK(twice(published(hosts)) == "");
    for (std::size_t i = 0; i < 3; ++i) {
        INFO(hosts.id(i));
        CHECK(has(hosts.node(i).sim("sim_payload", "[" + std::to_string(head) + "]"), hash));
    }
}
