// Texts, repeat counters, back-off, invitations: the small parts.
#include "core/control/invitation.hpp"
#include "tests/unit/control/support.hpp"

using namespace conductor;
using namespace conductor::control;
using namespace conductor::control::test;

TEST_CASE("the triple reads as in op-conductor", "[control][describe][s7.5]") {
    CHECK(to_text(Triple{true, false, true}) == "leader: true, healthy: false, active: true");
}

TEST_CASE("the same error is logged once, then every 30 s with how often it came", "[control][s5.11.4]") {
    RepeatFilter filter;
    CHECK(filter.pass(start_of_time, "a") == 0);
    for (int i = 1; i <= 5; ++i) CHECK(filter.pass(start_of_time + i * 1s, "a") == std::nullopt);
    CHECK(filter.pass(start_of_time + 30s, "a") == 5);
    CHECK(filter.pass(start_of_time + 31s, "b") == 0);
    filter.reset();
    CHECK(filter.pass(start_of_time + 32s, "b") == 0);
}

TEST_CASE("back-off doubles from 50 ms to 2 s while the chain is halted", "[control][s5.11.2]") {
    Backoff backoff{{.jitter = false}};
    std::vector<Duration> waits;
    for (int i = 0; i < 8; ++i) waits.push_back(backoff.next(Urgency::halted));
    CHECK(waits == std::vector<Duration>{50ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 2s, 2s});
    backoff.reset();
    CHECK(backoff.next(Urgency::halted) == 50ms);
}

TEST_CASE("back-off runs from 2 s to 10 s while somebody else sequences", "[control][s5.11.2]") {
    Backoff backoff{{.jitter = false}};
    std::vector<Duration> waits;
    for (int i = 0; i < 5; ++i) waits.push_back(backoff.next(Urgency::tolerable));
    CHECK(waits == std::vector<Duration>{2s, 4s, 8s, 10s, 10s});
}

TEST_CASE("jitter only ever adds, by less than a quarter, and the same seed gives the same waits",
          "[control][s5.11.2]") {
    Backoff one{{.seed = 7}};
    Backoff same{{.seed = 7}};
    Backoff other{{.seed = 8}};
    bool differs = false;
    for (int i = 0; i < 20; ++i) {
        const auto wait = one.next(Urgency::halted);
        CHECK(wait == same.next(Urgency::halted));
        differs = differs || wait != other.next(Urgency::halted);
        CHECK(wait >= 50ms);
        CHECK(wait < 2500ms);
    }
    CHECK(differs);
}

TEST_CASE("every task has its lane and a name", "[control][action]") {
    CHECK(lane_of(Task{AskActive{}}) == Lane::node);
    CHECK(lane_of(Task{StopSequencer{}}) == Lane::node);
    CHECK(lane_of(Task{ConfirmLead{}}) == Lane::group);
    CHECK(lane_of(Task{TransferLead{}}) == Lane::group);
    CHECK(std::string{name_of(Task{FetchPayload{}})} == "fetch");
    CHECK(std::string{name_of(Task{TransferLead{}})} == "transfer");
    CHECK(std::string{name_of(FailureKind::other)} == "other");
    CHECK(std::string{name_of(StartRefusal::start_failed)} == "start_failed");
}

TEST_CASE("a paused conductor declines leadership once, aloud, if somebody eligible is known",
          "[control][P-2][S-64]") {
    Invitations invitations{true};
    const peers::View view{{peer(peer_b), silent_peer(peer_c)}};
    const Fitness paused{.paused = true, .ready = true};
    CHECK(invitations.answer(start_of_time, peer_b, paused, view) == "not eligible for leadership: paused");
    CHECK(invitations.answer(start_of_time + 10s, peer_b, paused, view).empty());
    // The repetition was obeyed; a new offer is a new one.
    CHECK_FALSE(invitations.answer(start_of_time + 11s, peer_b, paused, view).empty());
    CHECK_FALSE(invitations.answer(start_of_time + 22s, peer_b, paused, view).empty());
}

TEST_CASE("a conductor that is not ready declines as well, and says so", "[control][P-2]") {
    Invitations invitations{true};
    CHECK(invitations.answer(start_of_time, peer_b, {.paused = false, .ready = false}, {{peer(peer_b)}}) ==
          "not eligible for leadership: not ready");
}

TEST_CASE("leadership is taken where nobody is known to be eligible, where able, and where told so",
          "[control][P-2]") {
    Invitations invitations{true};
    const Fitness paused{.paused = true, .ready = true};
    CHECK(invitations.answer(start_of_time, peer_b, paused, {{silent_peer(peer_b)}}).empty());
    CHECK(invitations.answer(start_of_time, peer_b, paused, {}).empty());
    CHECK(invitations.answer(start_of_time, peer_b, {}, {{peer(peer_b)}}).empty());
    CHECK(Invitations{false}.answer(start_of_time, peer_b, paused, {{peer(peer_b)}}).empty());
}
