#include "tests/unit/plugins/strategy.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;
using conductor::BlockNumber;
using Names = std::vector<std::string>;

namespace {

TransferMember fit(const std::string& id, MemberHealth health = MemberHealth::healthy,
                   std::uint64_t head = 100) {
    auto member = voter(id);
    member.health = health;
    member.paused = Says::no;
    member.overridden = Says::no;
    member.ready = Says::yes;
    member.head = BlockNumber{head};
    member.heard_age = 200ms;
    return member;
}

struct HealthAware : Strategy {
    explicit HealthAware(std::vector<RawOption> options = {})
        : Strategy{"transfer-health-aware", "io.conductord.health-aware", std::move(options)} {}
    /// Of a leader `a` at block 100 whose others are these.
    Names order(std::vector<TransferMember> others) {
        others.push_back(voter("a"));
        return ranked("a", std::move(others), BlockNumber{100});
    }
};

}  // namespace

TEST_CASE("healthy members come first, then stalled, then degraded, and no others",
          "[plugins][transfer-health-aware][P-13][P-47]") {
    HealthAware strategy;
    CHECK(strategy.order({fit("b", MemberHealth::degraded), fit("c", MemberHealth::unhealthy),
                          fit("d", MemberHealth::stalled), fit("e", MemberHealth::healthy),
                          fit("f", MemberHealth::unknown)}) == Names{"e", "d", "b"});
}

TEST_CASE("silence is no consent: who is unknown is not named, and nobody is when all are",
          "[plugins][transfer-health-aware][P-9]") {
    HealthAware strategy;
    CHECK(strategy.order({voter("b"), voter("c")}).empty());
    auto silent_on_pause = fit("b");
    silent_on_pause.paused = Says::unknown;
    CHECK(strategy.order({silent_on_pause, fit("c")}) == Names{"c"});
}

TEST_CASE("paused, overridden and unready members and non-voters are passed over",
          "[plugins][transfer-health-aware]") {
    HealthAware strategy;
    auto paused = fit("b");
    paused.paused = Says::yes;
    auto overridden = fit("c");
    overridden.overridden = Says::yes;
    auto unready = fit("d");
    unready.ready = Says::no;
    auto learner = fit("e");
    learner.voter = false;
    CHECK(strategy.order({paused, overridden, unready, learner}).empty());
}

TEST_CASE("a member that cannot say whether it is ready or overridden may lead, as a Go one must",
          "[plugins][transfer-health-aware]") {
    HealthAware strategy;
    auto go = fit("b");
    go.ready = go.overridden = Says::unknown;
    CHECK(strategy.order({go}) == Names{"b"});
}

TEST_CASE("a member that did not take leadership lately comes last, until that is forgotten",
          "[plugins][transfer-health-aware][P-9]") {
    HealthAware strategy;
    auto failed = fit("b");
    failed.failure_age = 29s;
    CHECK(strategy.order({failed, fit("c", MemberHealth::degraded)}) == Names{"c", "b"});
    failed.failure_age = 30s;
    CHECK(strategy.order({failed, fit("c", MemberHealth::degraded)}) == Names{"b", "c"});
    HealthAware forgetful{{raw("failure_memory", "1s")}};
    failed.failure_age = 2s;
    CHECK(forgetful.order({failed, fit("c", MemberHealth::degraded)}) == Names{"b", "c"});
}

TEST_CASE("fewer blocks behind is better, too many is no candidate, an unknown head is last",
          "[plugins][transfer-health-aware][P-47]") {
    HealthAware strategy;
    auto headless = fit("b");
    headless.head.reset();
    CHECK(strategy.order({headless, fit("c", MemberHealth::healthy, 98), fit("d", MemberHealth::healthy, 99),
                          fit("e", MemberHealth::healthy, 67), fit("f", MemberHealth::healthy, 68)}) ==
          Names{"d", "c", "f", "b"});
    HealthAware strict{{{"max_lag", {}, false, {{std::int64_t{0}, {}}}}}};
    CHECK(strict.order({fit("b", MemberHealth::stalled, 99), fit("c", MemberHealth::stalled, 100)}) ==
          Names{"c"});
}

TEST_CASE("equals come by id, starting behind the leader", "[plugins][transfer-health-aware]") {
    HealthAware strategy;
    CHECK(strategy.ranked("b", {fit("a"), voter("b"), fit("c"), fit("d")}, {}) == Names{"c", "d", "a"});
}
