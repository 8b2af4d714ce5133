#include "tests/unit/plugins/strategy.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

struct RoundRobin : Strategy {
    RoundRobin() : Strategy{"transfer-round-robin", "io.conductord.round-robin"} {}
};

}  // namespace

TEST_CASE("each other voter is named once, by id as octets, starting behind the leader",
          "[plugins][transfer-round-robin][5.7.1]") {
    RoundRobin strategy;
    auto learner = voter("seq-3");
    learner.voter = false;
    const std::vector<TransferMember> members{voter("seq-2"), learner, voter("seq-10"), voter("seq-1"),
                                              voter("Seq-9")};
    CHECK(strategy.ranked("seq-10", members, {}) == std::vector<std::string>{"seq-2", "Seq-9", "seq-1"});
    CHECK(strategy.ranked("seq-2", members, {}) == std::vector<std::string>{"Seq-9", "seq-1", "seq-10"});
}

TEST_CASE("round-robin asks nobody how he is", "[plugins][transfer-round-robin]") {
    RoundRobin strategy;
    auto sick = voter("b");
    sick.health = MemberHealth::unhealthy;
    sick.paused = Says::yes;
    CHECK(strategy.ranked("a", {voter("a"), sick}, {}) == std::vector<std::string>{"b"});
}

TEST_CASE("a leader that is no voter is refused, a sole voter names nobody",
          "[plugins][transfer-round-robin][5.7.2][P-7]") {
    RoundRobin strategy;
    auto self = voter("a");
    CHECK(strategy.ranked("a", {self}, {}).empty());
    self.voter = false;
    CHECK(strategy.refused("a", {self, voter("b")}) == "current server not found in voter list");
}
