// Membership: the same operations by a leader of either kind on members of the other.
#include <catch2/catch.hpp>

#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

std::string row(const char* suffrage, const Place& who) {
    return suffrage + (" " + who.id) + " " + who.address + "\n";
}

/// Whether all who are asked soon have this configuration.
bool all_have(const std::vector<Member*>& members, const std::string& configuration) {
    return eventually(10s, [&] {
        for (auto* member : members)
            if (member->configuration() != configuration) return false;
        return true;
    });
}

/// `subject` is taken in, promoted, demoted, removed and taken in again by `leader`.
void a_member_comes_and_goes(Member& leader, Member& subject) {
    REQUIRE(leader.start());
    REQUIRE(subject.start());
    REQUIRE(eventually(10s, [&] { return leader.leads(); }));
    std::uint64_t number = 1'000'000;
    const auto commit = [&] { return leader.commit(small_block(++number)); };
    for (int i = 0; i < 100; ++i) REQUIRE(commit() == "");  // more than fit into one request

    const auto first = row("Voter", leader.place());
    REQUIRE(leader.add_nonvoter(subject.place()) == "");
    CHECK(all_have({&leader, &subject}, first + row("Nonvoter", subject.place())));
    REQUIRE(eventually(10s, [&] { return subject.head_number() == number; }));
    REQUIRE(leader.add_voter(subject.place()) == "");
    CHECK(all_have({&leader, &subject}, first + row("Voter", subject.place())));
    CHECK(leader.add_nonvoter(subject.place()) == "");
    CHECK(all_have({&leader, &subject}, first + row("Voter", subject.place())));  // C-72
    REQUIRE(commit() == "");
    REQUIRE(leader.demote(subject.id()) == "");
    CHECK(all_have({&leader, &subject}, first + row("Nonvoter", subject.place())));
    CHECK(leader.demote("nobody") == "");  // C-73
    CHECK(leader.remove("nobody") == "");
    REQUIRE(leader.remove(subject.id()) == "");
    CHECK(all_have({&leader}, first));
    REQUIRE(commit() == "");

    // Out of the group it keeps still for longer than any election time-out.
    const auto term = leader.term();
    std::this_thread::sleep_for(3500ms);
    CHECK(leader.leads());
    CHECK(leader.term() == term);

    REQUIRE(leader.add_voter(subject.place()) == "");
    REQUIRE(commit() == "");
    CHECK(all_have({&leader, &subject}, first + row("Voter", subject.place())));
    CHECK(eventually(10s, [&] { return subject.head_number() == number; }));

    auto& go = leader.is_go() ? leader : subject;
    auto& ours = leader.is_go() ? subject : leader;
    const auto theirs = go.log();
    CHECK(ours.log() == theirs);
}

}  // namespace

TEST_CASE("a member of ours with an ID of 33 octets is added, promoted, demoted, removed and added again by Go",
          "[integration][interop][membership][C-22][C-36][C-67][C-72][C-73]") {
    NEEDS_GO();
    const TempDir work{"interop-membership"};
    GoPeer leader{"go-1", work.path() / "go", {true, {}, {}, {}}};
    Ours subject{"cpp-of-thirty-three-octets-by-now", work.path() / "cpp", {}};
    REQUIRE(subject.id().size() == 33);
    a_member_comes_and_goes(leader, subject);
}

TEST_CASE("a member of hashicorp/raft is added, promoted, demoted, removed and added again by ours",
          "[integration][interop][membership][C-21][C-68][C-72][C-73]") {
    NEEDS_GO();
    const TempDir work{"interop-membership"};
    Ours leader{"cpp-1", work.path() / "cpp", {true, {}, {}, {}}};
    GoPeer subject{"go-of-thirty-three-octets-by-then", work.path() / "go", {}};
    a_member_comes_and_goes(leader, subject);
}

TEST_CASE("a member of hashicorp/raft is known by a host name", "[integration][interop][membership][C-76]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go}};
    for (const std::size_t i : {0U, 1U}) REQUIRE(group.at(i).start());
    REQUIRE(group.leader() == 0);
    auto named = group.at(1).place();
    named.address.replace(0, named.address.find(':'), "localhost");
    REQUIRE(group.at(0).add_voter(named) == "");
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.at(0).configuration() == row("Voter", group.at(0).place()) + row("Voter", named));
    REQUIRE(group.at(0).transfer_to(named) == "");
    REQUIRE(eventually(5s, [&] { return group.at(1).leads(); }));
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}

TEST_CASE("a leader of ours refuses a change in the words of hashicorp/raft",
          "[integration][interop][membership][C-71][C-74][C-83]") {
    NEEDS_GO();
    Mixed group{{Kind::go, Kind::ours}};
    REQUIRE(group.form() == "");
    const auto refusals = [&](Member& leader) {
        const auto taken = group.at(1).address();
        return std::vector{leader.add_nonvoter({"C", taken}), leader.add_nonvoter({"", taken}),
                           leader.transfer_to(leader.place())};
    };
    const auto theirs = refusals(group.at(0));
    REQUIRE(group.make_leader(1) == "");
    const auto ours = refusals(group.at(1));
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        INFO(ours.at(i));
        CHECK_FALSE(theirs.at(i).empty());
        CHECK(ours.at(i).find("\"message\":\"" + theirs.at(i) + "\"") != std::string::npos);
    }
}

TEST_CASE("a leader of ours removes itself, answers afterwards, and is taken in again without a restart",
          "[integration][interop][membership][C-75]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    REQUIRE(group.at(0).remove(group.at(0).id()) == "");
    CHECK_FALSE(group.at(0).leads());
    const auto heir = group.leader();
    CHECK(heir != 0);
    REQUIRE(group.commit_many(3) == "");
    REQUIRE(group.at(heir).add_voter(group.at(0).place()) == "");
    REQUIRE(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}
