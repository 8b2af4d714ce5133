#include "core/control/verdict.hpp"

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

const Finding good{.judgement = Judgement::healthy, .fault = FaultClass::hard, .reason = "", .detail = ""};
const Finding cannot_look{};
Finding bad(FaultClass fault, std::string reason = "") {
    return {.judgement = Judgement::unhealthy, .fault = fault, .reason = std::move(reason), .detail = "why"};
}
CheckSettings gate(const std::string& instance) {
    CheckSettings made;
    made.instance = instance;
    return made;
}
const Instant t0 = start_of_time;

}  // namespace

TEST_CASE("before any check has answered the sequencer counts as healthy", "[control][verdict][s2.1]") {
    CHECK(VerdictFold{{gate("a"), gate("b")}}.verdict(t0).healthy);
    CHECK(VerdictFold{{}}.verdict(t0).healthy);
}

TEST_CASE("each fault class has the identity of op-conductor", "[control][verdict][s4.3]") {
    CHECK(identity(FaultClass::stale, "x") == "sequencer is not healthy");
    CHECK(identity(FaultClass::hard, "") == "sequencer is not healthy");
    CHECK(identity(FaultClass::hard, "disk") == "sequencer is not healthy: disk");
    CHECK(identity(FaultClass::node_down, "") == "cannot connect to sequencer rpc endpoints");
    CHECK(identity(FaultClass::supervisor_down, "") == "cannot connect to supervisor rpc endpoint");
    CHECK(identity(FaultClass::builder_unreachable, "") == "cannot connect to rollup boost rpc endpoints");
    CHECK(identity(FaultClass::builder_down, "") == "rollup boost is not healthy");
    CHECK(identity(FaultClass::builder_partial, "") ==
          "rollup boost is partially healthy, meaning that rbuilder is not healthy but the execution client is "
          "healthy");
}

TEST_CASE("the first failing gate in configured order gives the text, whichever answered first",
          "[control][verdict][s4.2]") {
    VerdictFold fold{{gate("node"), gate("builder")}};
    CHECK(fold.record(t0, 1, bad(FaultClass::builder_down)).text == "rollup boost is not healthy");
    const auto both = fold.record(t0, 0, bad(FaultClass::node_down));
    CHECK(both.fault == FaultClass::node_down);
    CHECK(both.text == "cannot connect to sequencer rpc endpoints");
    CHECK(fold.record(t0, 0, good).fault == FaultClass::builder_down);
    CHECK(fold.record(t0, 1, good).healthy);
}

TEST_CASE("advice only shows", "[control][verdict]") {
    auto advice = gate("hint");
    advice.role = CheckRole::advice;
    VerdictFold fold{{advice}};
    CHECK(fold.record(t0, 0, bad(FaultClass::hard, "x")).healthy);
    CHECK(fold.report(t0)[0].judgement == Judgement::unhealthy);
    CHECK(fold.report(t0)[0].reason == "x");
}

TEST_CASE("a gate at less than its best is healthy and degraded", "[control][verdict]") {
    VerdictFold fold{{gate("a")}};
    const auto verdict = fold.record(t0, 0, {.judgement = Judgement::degraded, .reason = {}, .detail = {}});
    CHECK(verdict.healthy);
    CHECK(verdict.degraded);
}

TEST_CASE("it takes as many failures, and as many successes, in a row as configured",
          "[control][verdict][s4.7.2][P-12]") {
    auto check = gate("a");
    check.failures_to_unhealthy = 3;
    check.successes_to_healthy = 2;
    VerdictFold fold{{check}};
    CHECK(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK(fold.record(t0, 0, good).healthy);  // the row is broken
    CHECK(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK_FALSE(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK_FALSE(fold.record(t0, 0, good).healthy);
    CHECK_FALSE(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK_FALSE(fold.record(t0, 0, good).healthy);
    CHECK(fold.record(t0, 0, good).healthy);
}

TEST_CASE("by default one sample decides, as in Go", "[control][verdict][s4.7.2]") {
    VerdictFold fold{{gate("a")}};
    CHECK_FALSE(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK(fold.record(t0, 0, good).healthy);
}

TEST_CASE("a failing gate that changes its reason changes the text at once", "[control][verdict]") {
    auto check = gate("a");
    check.failures_to_unhealthy = 3;
    VerdictFold fold{{check}};
    for (int i = 0; i < 3; ++i) (void)fold.record(t0, 0, bad(FaultClass::stale));
    CHECK(fold.record(t0, 0, bad(FaultClass::node_down)).fault == FaultClass::node_down);
}

TEST_CASE("the longest cool-down of the gates that fail is the verdict's",
          "[control][verdict][plugin-abi-7.4]") {
    auto quick = gate("quick");
    quick.fault_cooldown = 10s;
    auto slow = gate("slow");
    slow.fault_cooldown = 90s;
    VerdictFold fold{{quick, slow, gate("usual")}};
    CHECK_FALSE(fold.verdict(t0).fault_cooldown.has_value());
    CHECK(fold.record(t0, 0, bad(FaultClass::hard)).fault_cooldown == 10s);
    CHECK(fold.record(t0, 2, bad(FaultClass::hard)).fault_cooldown == 60s);
    CHECK(fold.record(t0, 1, bad(FaultClass::hard)).fault_cooldown == 90s);
}

TEST_CASE("a check that cannot look holds its last verdict for a while, then fails",
          "[control][verdict][plugin-abi-7.4]") {
    const bool was_good = GENERATE(true, false);
    VerdictFold fold{{gate("disk")}};
    (void)fold.record(t0, 0, was_good ? good : bad(FaultClass::stale));
    CHECK(fold.record(t0 + 1s, 0, cannot_look).healthy == was_good);
    CHECK(fold.next_deadline(t0 + 1s) == t0 + 4s);
    CHECK(fold.record(t0 + 2s, 0, cannot_look).healthy == was_good);
    const auto late = fold.verdict(t0 + 4s);
    CHECK_FALSE(late.healthy);
    CHECK(late.only_faults);
    CHECK(late.fault == FaultClass::hard);
    CHECK(late.text == "sequencer is not healthy: other");
    CHECK(late.detail == "check disk could not tell");
    CHECK(fold.record(t0 + 5s, 0, good).healthy);
    CHECK_FALSE(fold.next_deadline(t0 + 5s).has_value());
}

TEST_CASE("not looking may be configured to count at once, or never", "[control][verdict][plugin-abi-7.4]") {
    auto check = gate("a");
    check.on_unknown = OnUnknown::unhealthy;
    CHECK_FALSE(VerdictFold{{check}}.record(t0, 0, cannot_look).healthy);
    check.on_unknown = OnUnknown::healthy;
    VerdictFold fold{{check}};
    (void)fold.record(t0, 0, cannot_look);
    CHECK(fold.verdict(t0 + 1h).healthy);
}

TEST_CASE("a check of Go's own set names no reason", "[control][verdict][S-47]") {
    auto check = gate("op-node");
    check.names_reason = false;
    VerdictFold fold{{check}};
    CHECK(fold.record(t0, 0, bad(FaultClass::hard, "peers")).text == "sequencer is not healthy");
}

TEST_CASE("a verdict tells staleness, builder and faults alone from anything worse",
          "[control][verdict][P-47]") {
    VerdictFold fold{{gate("a"), gate("b")}};
    auto verdict = fold.record(t0, 0, bad(FaultClass::stale));
    CHECK(verdict.only_stale);
    CHECK_FALSE(verdict.only_partial);
    CHECK_FALSE(verdict.only_faults);
    verdict = fold.record(t0, 1, bad(FaultClass::builder_partial));
    CHECK_FALSE(verdict.only_stale);
    CHECK_FALSE(verdict.only_partial);
    CHECK(fold.record(t0, 0, good).only_partial);
}

TEST_CASE("a node describes itself to its peers", "[control][verdict][s1.7.3][P-47]") {
    Verdict verdict;
    CHECK(own_health(verdict, block(7), block(7)) == peers::Health::healthy);
    verdict.degraded = true;
    CHECK(own_health(verdict, block(7), block(7)) == peers::Health::degraded);
    CHECK(own_health(sick(FaultClass::builder_partial), block(7), block(7)) == peers::Health::degraded);
    CHECK(own_health(sick(FaultClass::stale), block(7), block(7)) == peers::Health::stalled);
    CHECK(own_health(sick(FaultClass::stale), block(6), block(7)) == peers::Health::unhealthy);
    CHECK(own_health(sick(FaultClass::stale), std::nullopt, std::nullopt) == peers::Health::unhealthy);
    CHECK(own_health(sick(FaultClass::hard), block(7), block(7)) == peers::Health::unhealthy);
}

TEST_CASE("a jump of the wall clock costs one verdict per check", "[control][verdict][s4.7.4][P-46]") {
    WallWatch watch{3s};
    CHECK_FALSE(watch.jumped(t0, 1000s));
    CHECK_FALSE(watch.jumped(t0 + 10s, 1010s));
    CHECK_FALSE(watch.jumped(t0 + 11s, 1014s));
    CHECK(watch.jumped(t0 + 12s, 1025s));
    CHECK_FALSE(watch.jumped(t0 + 13s, 1026s));
    CHECK(watch.jumped(t0 + 14s, 1000s));

    VerdictFold fold{{gate("a")}};
    (void)fold.record(t0, 0, good);
    fold.skip_next();
    CHECK(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
    CHECK_FALSE(fold.record(t0, 0, bad(FaultClass::stale)).healthy);
}

TEST_CASE("the report shows every check in configured order with when it last turned",
          "[control][verdict][s4.7.5]") {
    VerdictFold fold{{gate("a"), gate("b")}};
    (void)fold.record(t0, 0, good);
    (void)fold.record(t0 + 1s, 0, bad(FaultClass::stale, "age"));
    (void)fold.record(t0 + 2s, 0, bad(FaultClass::stale, "age"));
    const auto report = fold.report(t0 + 3s);
    REQUIRE(report.size() == 2);
    CHECK(report[0].since == t0 + 1s);
    CHECK(report[0].detail == "why");
    CHECK(report[1].judgement == Judgement::unknown);
    CHECK_FALSE(report[1].since.has_value());
}
