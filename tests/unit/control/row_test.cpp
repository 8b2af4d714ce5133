// Every row of the state table (conductor.md 5.3), as Go has it and as ours changes it.
#include "core/control/row.hpp"

#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

namespace {

const Instant now = start_of_time + 1h;

Situation at(bool leads, const Verdict& verdict, Active active, Triple prev = {false, true, false}) {
    Situation situation;
    situation.leads = leads;
    situation.leader_known = true;
    situation.verdict = verdict;
    situation.active = active;
    situation.prev = prev;
    situation.born = start_of_time;
    return situation;
}
RowRules go_rules() {
    return go_settings().rows;
}
Row row_of(const Situation& situation, const RowRules& rules = {}) {
    return choose(now, situation, rules).row;
}

constexpr auto yes = Active::yes;
constexpr auto no = Active::no;
constexpr auto unknown = Active::unknown;
const Triple idle_and_sick{false, false, false};
const Triple led_sick{true, false, false};
const Triple sequencing{true, true, true};

}  // namespace

TEST_CASE("a follower's row follows health and activity alone, in both rule sets", "[control][row][s5.3]") {
    const auto rules = GENERATE(RowRules{}, go_rules());
    CHECK(row_of(at(false, sick(), no), rules) == Row::follow_sick);
    CHECK(row_of(at(false, well(), no), rules) == Row::follow);
    CHECK(row_of(at(false, sick(), yes), rules) == Row::stop);
    CHECK(row_of(at(false, well(), yes), rules) == Row::stop);
}

TEST_CASE("a follower that does not know whether its node produces asks", "[control][row][P-8]") {
    CHECK(row_of(at(false, well(), unknown)) == Row::ask_active);
    CHECK(row_of(at(false, sick(), unknown)) == Row::ask_active);
}

TEST_CASE("a healthy leader starts what does not produce, and leaves alone what does", "[control][row][s5.3]") {
    const auto rules = GENERATE(RowRules{}, go_rules());
    CHECK(row_of(at(true, well(), no), rules) == Row::start);
    CHECK(row_of(at(true, well(), unknown), rules) == Row::start);
    CHECK(row_of(at(true, well(), yes), rules) == Row::sequence);
}

TEST_CASE("T-F-F starts only if it was an idle follower before and the node can be reached",
          "[control][row][s5.3][S-40]") {
    const auto rules = GENERATE(RowRules{}, go_rules());
    const auto fault =
        GENERATE(FaultClass::stale, FaultClass::hard, FaultClass::builder_partial, FaultClass::builder_down,
                 FaultClass::builder_unreachable, FaultClass::supervisor_down);
    CHECK(row_of(at(true, sick(fault), no, idle_and_sick), rules) == Row::start_stalled);
    CHECK(row_of(at(true, sick(fault), no, {false, true, false}), rules) == Row::start_stalled);
    CHECK(row_of(at(true, sick(fault), no, {false, true, true}), rules) == Row::transfer);
    CHECK(row_of(at(true, sick(fault), no, led_sick), rules) == Row::transfer);
    CHECK(row_of(at(true, sick(fault), no, sequencing), rules) == Row::transfer);
    CHECK(row_of(at(true, sick(FaultClass::node_down), no, idle_and_sick), rules) == Row::transfer);
}

TEST_CASE("T-F-T waits only after T-F-F, not for a dead node and not for a builder",
          "[control][row][s5.3][S-40][S-41]") {
    const auto rules = GENERATE(RowRules{}, go_rules());
    CHECK(row_of(at(true, sick(FaultClass::stale), yes, led_sick), rules) == Row::wait);
    CHECK(row_of(at(true, sick(FaultClass::hard), yes, led_sick), rules) == Row::wait);
    CHECK(row_of(at(true, sick(FaultClass::builder_down), yes, led_sick), rules) == Row::wait);
    CHECK(row_of(at(true, sick(FaultClass::node_down), yes, led_sick), rules) == Row::hand_over);
    CHECK(row_of(at(true, sick(FaultClass::builder_partial), yes, led_sick), rules) == Row::hand_over);
    const auto fault = GENERATE(FaultClass::stale, FaultClass::hard, FaultClass::node_down,
                                FaultClass::builder_down, FaultClass::builder_unreachable);
    CHECK(row_of(at(true, sick(fault), yes, sequencing), rules) == Row::hand_over);
}

TEST_CASE("no row depends on the override of this node", "[control][row][I-6]") {
    const auto leads = GENERATE(true, false);
    const auto healthy = GENERATE(true, false);
    const auto active = GENERATE(yes, no, unknown);
    auto situation = at(leads, healthy ? well() : sick(), active);
    const auto before = row_of(situation);
    situation.overridden = true;
    CHECK(row_of(situation) == before);
}

TEST_CASE("after a start nothing is stopped before a leader is known or the grace is over",
          "[control][row][s2.5.2]") {
    auto situation = at(false, GENERATE(well(), sick()), yes);
    situation.leader_known = false;
    situation.born = now;
    const auto choice = choose(now + 2999ms, situation, {});
    CHECK(choice.row == Row::grace);
    CHECK(choice.look_again == now + 3s);
    CHECK(choose(now + 3s, situation, {}).row == Row::stop);
    CHECK(choose(now, situation, go_rules()).row == Row::stop);
    situation.leader_known = true;
    CHECK(choose(now, situation, {}).row == Row::stop);
}

TEST_CASE("the wait ends for want of new blocks", "[control][row][P-3]") {
    auto situation = at(true, sick(), yes, led_sick);
    situation.waiting_since = now;
    CHECK(choose(now + 9s, situation, {}).row == Row::wait);
    CHECK(choose(now + 10s, situation, {}).row == Row::hand_over);
    CHECK(choose(now + 10s, situation, {}).ends_wait);
    situation.progress_at = now + 8s;
    CHECK(choose(now + 17s, situation, {}).row == Row::wait);
}

TEST_CASE("the wait ends early for a voter known to be healthy, but not before it has settled",
          "[control][row][P-3][S-45]") {
    auto situation = at(true, sick(), yes, led_sick);
    situation.waiting_since = now;
    situation.progress_at = now + 3s;
    situation.peers.rows = {peer(peer_b), silent_peer(peer_c)};
    CHECK(choose(now + 2s, situation, {}).row == Row::wait);
    CHECK(choose(now + 2s, situation, {}).look_again == now + 3s);
    CHECK(choose(now + 3s, situation, {}).row == Row::hand_over);

    situation.peers.rows[0].status.health = peers::Health::stalled;
    CHECK(choose(now + 3s, situation, {}).row == Row::wait);
    situation.peers.rows[0].status.health = peers::Health::healthy;
    situation.peers.rows[0].status.paused = peers::Says::unknown;
    CHECK(choose(now + 3s, situation, {}).row == Row::wait);
}

TEST_CASE("the wait ends after the grace, unless it is known that nobody could do better",
          "[control][row][P-3]") {
    auto situation = at(true, sick(), yes, led_sick);
    situation.waiting_since = now;
    situation.progress_at = now + 29s;  // it does produce
    situation.peers.rows = {silent_peer(peer_b)};
    CHECK(choose(now + 29s, situation, {}).row == Row::wait);
    CHECK(choose(now + 30s, situation, {}).row == Row::hand_over);

    situation.peers.rows = {peer(peer_b, peers::Health::unhealthy)};
    CHECK(choose(now + 30s, situation, {}).row == Row::wait);
    situation.peers.rows = {};  // a sole voter
    CHECK(choose(now + 30s, situation, {}).row == Row::wait);
    CHECK(choose(now + 39s, situation, {}).row == Row::hand_over);  // 10 s without a block
}

TEST_CASE("a wait that was left is not begun again in the same spell", "[control][row][P-3]") {
    auto situation = at(true, sick(), yes, led_sick);
    situation.wait_is_over = true;
    CHECK(row_of(situation) == Row::hand_over);
}

TEST_CASE("a sequencer that only lost its builder goes on, unless somebody better is known",
          "[control][row][P-13]") {
    auto situation = at(true, sick(FaultClass::builder_partial), yes, sequencing);
    situation.peers.rows = {peer(peer_b, peers::Health::degraded), silent_peer(peer_c)};
    CHECK(row_of(situation) == Row::hold_partial);
    CHECK(row_of(situation, go_rules()) == Row::hand_over);
    situation.peers.rows[0].status.health = peers::Health::healthy;
    CHECK(row_of(situation) == Row::hand_over);
    situation.peers.rows.clear();
    situation.verdict.only_partial = false;  // another gate fails as well
    CHECK(row_of(situation) == Row::hand_over);
}

TEST_CASE("a leader that is fit but for its head's age starts again when its node was restarted",
          "[control][row][P-4]") {
    auto situation = at(true, sick(FaultClass::stale), no, sequencing);
    CHECK(row_of(situation) == Row::transfer);
    situation.fell_idle = true;
    CHECK(row_of(situation) == Row::start_stalled);
    situation.verdict = sick(FaultClass::hard);
    CHECK(row_of(situation) == Row::transfer);
}

TEST_CASE("a leader that is fit but for its head's age starts again when nobody took over",
          "[control][row][S-24]") {
    auto situation = at(true, sick(FaultClass::stale), no, sequencing);
    situation.transfer_failed = true;
    CHECK(row_of(situation) == Row::start_stalled);
    CHECK(row_of(situation, go_rules()) == Row::transfer);
}

TEST_CASE("checks that cannot look move leadership once per cool-down", "[control][row][plugin-abi-7.4]") {
    auto verdict = sick(FaultClass::hard);
    verdict.only_faults = true;
    auto situation = at(true, verdict, GENERATE(yes, no), sequencing);
    CHECK(row_of(situation) != Row::hold_fault);
    situation.fault_transfer_at = now - 59s;
    CHECK(row_of(situation) == Row::hold_fault);
    CHECK(choose(now, situation, {}).look_again == now + 1s);
    situation.fault_transfer_at = now - 60s;
    CHECK(row_of(situation) != Row::hold_fault);
    situation.verdict.fault_cooldown = 90s;
    CHECK(choose(now, situation, {}).look_again == now + 30s);
    situation.fault_transfer_at = now - 90s;
    CHECK(row_of(situation) != Row::hold_fault);
    situation.fault_transfer_at = now;
    situation.verdict.only_faults = false;
    CHECK(row_of(situation) != Row::hold_fault);
}

TEST_CASE("a refused sibling stops a sequencing leader", "[control][row][P-51]") {
    auto situation = at(true, well(), yes, sequencing);
    situation.sibling = true;
    CHECK(row_of(situation) == Row::stop_sibling);
}

TEST_CASE("a choice that time may change says when to look again", "[control][row]") {
    auto situation = at(true, sick(), yes, led_sick);
    situation.waiting_since = now;
    for (auto at_time = now; at_time < now + 60s;) {
        const auto choice = choose(at_time, situation, {});
        if (choice.row != Row::wait) break;
        REQUIRE(choice.look_again.has_value());
        REQUIRE(*choice.look_again > at_time);
        at_time = *choice.look_again;
    }
}

TEST_CASE("every row has a name", "[control][row]") {
    CHECK(std::string{name_of(Row::follow)} == "follow");
    CHECK(std::string{name_of(Row::hand_over)} == "hand_over");
}
