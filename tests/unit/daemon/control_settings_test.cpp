// What of the configuration reaches the control loop.
#include "core/daemon/control_settings.hpp"

#include <catch2/catch.hpp>

#include "core/daemon/execution_head.hpp"
#include "core/daemon/peer_watch.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

namespace {

config::Settings settings() {
    config::Settings made;
    made.raft.server_id = "seq-1";
    made.raft.apply_timeout = 6s;
    made.raft.transfer_timeout = 7s;
    made.node.timeout = 8s;
    made.health.interval = 2s;
    made.health.unsafe_interval = 12s;
    made.control.startup_grace = 3s;
    made.control.recovery_grace = 31s;
    made.control.catchup_timeout = 9s;
    made.control.stop_soft_timeout = 1500ms;
    made.control.retry_min = 60ms;
    made.control.retry_max = 3s;
    made.control.unsafe_repair_depth = 32;
    return made;
}

}  // namespace

TEST_CASE("each option of the loop arrives where it is obeyed", "[daemon][settings][1.6.3]") {
    auto made = settings();
    made.control.paused = true;
    const auto policy = policy_settings(made, 7);
    CHECK(policy.self == ServerId{"seq-1"});
    CHECK(policy.paused);
    CHECK_FALSE(policy.ready);
    CHECK(policy.active == control::Active::unknown);
    CHECK(policy.confirm_limit == 6s);
    CHECK(policy.transfer_limit == 7s);
    CHECK(policy.node_limit == 8s);
    CHECK(policy.rows.startup_grace_span == 3s);
    CHECK(policy.rows.recovery_grace == 31s);
    CHECK(policy.rows.recovery_settle == 6s);
    CHECK(policy.ladder.catchup_timeout == 9s);
    CHECK(policy.ladder.depth == 32);
    CHECK(policy.stop_soft_timeout == 1500ms);
    CHECK(policy.backoff.min == 60ms);
    CHECK(policy.backoff.max == 3s);
    CHECK(policy.backoff.seed == 7);
    const auto rounds = round_settings(made, {});
    CHECK(rounds.beat == 2s);
    CHECK(rounds.wall_tolerance == 12s);
}

TEST_CASE("a grace of zero is none, a catch-up of zero never ends", "[daemon][settings][2.5.2]") {
    auto made = settings();
    made.control.startup_grace = 0s;
    made.control.catchup_timeout = 0s;
    const auto policy = policy_settings(made, 1);
    CHECK(policy.rows.startup_grace_span == 0s);
    CHECK(policy.ladder.catchup_timeout > 24h);
}

TEST_CASE("compat=go turns off what has no option of its own, and an explicit depth wins",
          "[daemon][settings][1.6.6][S-74]") {
    auto made = settings();
    made.compat_go = true;
    made.control.unsafe_repair_depth = 1;
    const auto go = policy_settings(made, 1);
    CHECK_FALSE(go.ladder.repairs);
    CHECK_FALSE(go.ladder.empty_rule);
    CHECK_FALSE(go.ladder.peers_withhold);
    CHECK_FALSE(go.rows.start_when_nobody_takes_over);
    made.control.unsafe_repair_depth = 5;
    CHECK(policy_settings(made, 1).ladder.repairs);
    made.compat_go = false;
    made.control.unsafe_repair_depth = 1;
    CHECK(policy_settings(made, 1).ladder.repairs);
}

TEST_CASE("a health interval of unsafe age zero still tolerates a second of wall clock",
          "[daemon][settings][4.7.4]") {
    auto made = settings();
    made.health.unsafe_interval = 0s;
    CHECK(round_settings(made, {}).wall_tolerance == 1s);
}

TEST_CASE("peers that cannot be dialled as configured are refused at start, by name",
          "[daemon][settings][1.7.1]") {
    auto made = settings();
    const auto refusal = [&](config::PeerRpc entry) {
        made.peers.rpc = {std::move(entry)};
        const auto book = address_book(made);
        return book ? std::string{} : book.error().text;
    };
    CHECK(refusal({"seq-2", "http://10.0.0.2:8547", {}, {}}).empty());
    CHECK(refusal({"seq-2", "https://10.0.0.2:8547", {}, {}}).find("\"seq-2\": ") != std::string::npos);
    CHECK(refusal({"seq-2", "http://10.0.0.2", "/ca.pem", {}}).find("ca is for https") != std::string::npos);
    CHECK(refusal({"seq-2", "http://10.0.0.2", {}, "/no/such/token"}).find("/no/such/token") !=
          std::string::npos);
    // One list serves every member: what it says of ourselves is not looked at.
    CHECK(refusal({"seq-1", "https://10.0.0.1:8547", "/ca.pem", {}}).empty());
}

TEST_CASE("the execution layer's head is read whole or not at all", "[daemon][1.7.3]") {
    const std::string hash{"0x" + std::string(62, '0') + "2a"};
    const auto head = head_in(R"({"number":"0x1b4","parentHash":"0x00","hash":")" + hash + "\"}");
    REQUIRE(head);
    CHECK(head->number == BlockNumber{436});
    CHECK(to_hex(head->hash) == hash);
    for (const std::string text : {"null", "[]", "{}", R"({"number":"0x1"})", R"({"number":1,"hash":"0x00"})"})
        CHECK_FALSE(head_in(text));
    CHECK_FALSE(head_in(R"({"number":"0x","hash":")" + hash + "\"}"));
    CHECK_FALSE(head_in(R"({"number":"0xg","hash":")" + hash + "\"}"));
}
