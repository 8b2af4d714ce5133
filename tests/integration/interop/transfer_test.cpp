// Leadership handed over between conductord and hashicorp/raft, and what happens where it cannot be.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

TEST_CASE("handed over, each kind of member leads in the next term, with and without a named heir",
          "[integration][interop][transfer][C-77][C-78]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    for (int turn = 0; turn < 6; ++turn) {
        const auto from = group.leader();
        const auto to = 1 - from;
        INFO(group.at(from).id() << " to " << group.at(to).id() << ", turn " << turn);
        const auto term = group.go(1).term();
        REQUIRE((turn < 3 ? group.at(from).transfer_to(group.at(to).place()) : group.at(from).transfer()) ==
                "");
        CHECK(eventually(900ms, [&] { return group.at(to).leads(); }));  // no time-out has a part in it
        CHECK(eventually(2s, [&] { return group.at(to).term() == term + 1; }));
        CHECK(group.go(1).term() == term + 1);
        REQUIRE(group.commit() == "");
    }
    CHECK(group.compare() == "");
}

TEST_CASE("an impossible heir is refused and the lead kept, whichever kind leads",
          "[integration][interop][transfer][C-79][C-81]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go, Kind::ours}};
    for (std::size_t i = 0; i < group.size(); ++i) REQUIRE(group.at(i).start());
    REQUIRE(group.leader() == 0);
    REQUIRE(group.at(0).add_voter(group.at(1).place()) == "");
    REQUIRE(group.at(0).add_nonvoter(group.at(2).place()) == "");
    REQUIRE(group.at(0).add_nonvoter(group.at(3).place()) == "");
    REQUIRE(group.commit_many(3) == "");
    const auto term = group.at(0).term();
    auto& ours = group.at(0);
    CHECK(ours.transfer_to({"nobody", "127.0.0.1:1"}).find("cannot find replication state for") !=
          std::string::npos);
    CHECK(ours.transfer_to(ours.place()).find("cannot transfer leadership to itself") != std::string::npos);
    CHECK(ours.transfer_to(group.at(2).place()) != "");
    CHECK(ours.leads());
    CHECK(group.commit_many(3) == "");
    CHECK(ours.term() == term);

    // Go hands over to a nonvoter when told to. One of ours does not take it.
    REQUIRE(group.make_leader(1) == "");
    const auto under_go = group.at(1).term();
    CHECK(group.at(1).transfer_to(group.at(3).place()) != "");
    CHECK(group.leader() == 1);
    CHECK(group.commit_many(3) == "");
    CHECK(group.at(1).term() == under_go);
    CHECK(eventually(3s, [&] { return group.at(3).term() == under_go; }));
    CHECK(group.compare() == "");
}

TEST_CASE("a transfer to a hashicorp/raft that has stopped ends, and writes go on",
          "[integration][interop][transfer][C-80]") {
    NEEDS_GO();
    Mixed group{{Kind::ours, Kind::go, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    group.at(2).signal(SIGSTOP);
    const auto began = std::chrono::steady_clock::now();
    const auto said = group.at(0).transfer_to(group.at(2).place());
    CHECK(std::chrono::steady_clock::now() - began < 7s);
    CHECK(said != "");
    CHECK(group.at(0).leads());
    CHECK(group.commit_many(3) == "");
    group.at(2).signal(SIGCONT);
    // It may still find the order in its socket, and win.
    CHECK(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}
