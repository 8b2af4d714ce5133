// Who changed something is written down, and with what outcome; who only looked, or committed, is not.
#include "core/daemon/rpc_log.hpp"

#include <catch2/catch.hpp>

#include "core/runtime/logging.hpp"

using namespace conductor;
using namespace std::chrono_literals;

namespace {

rpc::CallFacts call_of(std::string_view method, bool changes) {
    rpc::CallFacts facts;
    facts.method = facts.asked = method;
    facts.id = "7";
    facts.peer = "10.0.0.9:4711";
    facts.changes = changes;
    facts.took = 2ms;
    return facts;
}

}  // namespace

TEST_CASE("a call that changes something leaves a line with method, parameters, peer and outcome",
          "[daemon][rpc-log][P-37]") {
    const logging::Capture log;
    daemon::RpcLog told;
    auto facts = call_of("conductor_removeServer", true);
    facts.params = R"(["seq-2",0])";
    told.call_answered(facts);
    CHECK(log.contains(R"(lvl=info msg="operator's call" method=conductor_removeServer params="[\"seq-2\",0]" )"
                       R"(peer=10.0.0.9:4711 outcome=done event=audit)"));

    facts.error = "node is not the leader";
    facts.error_code = -32000;
    told.call_answered(facts);
    CHECK(log.contains("outcome=\"node is not the leader\""));
    CHECK(log.contains(R"(lvl=warn msg="Served conductor_removeServer" conn=10.0.0.9:4711 reqid=7)"));
}

TEST_CASE("neither looking, nor committing, nor what is passed on to the node is an operator's call",
          "[daemon][rpc-log][P-37]") {
    const logging::Capture log;
    daemon::RpcLog told;
    told.call_answered(call_of("conductor_leader", false));
    told.call_answered(call_of("conductor_commitUnsafePayload", true));
    told.call_answered(call_of("miner_setMaxDASize", true));
    CHECK_FALSE(log.contains("operator's call"));
    CHECK(log.contains("lvl=debug msg=\"Served conductor_leader\""));
}

TEST_CASE("a proxied miner_setMaxDASize is said as op-conductor says it", "[daemon][rpc-log][3.6.5]") {
    const logging::Capture log;
    daemon::RpcLog told;
    auto facts = call_of("miner_setMaxDASize", true);
    told.call_answered(facts);
    CHECK(log.contains("lvl=debug msg=\"successfully proxied miner_setMaxDASize call\""));
    facts.error_code = -32601;
    facts.error = "the method miner_setMaxDASize does not exist/is not available";
    told.call_answered(facts);
    CHECK(log.contains("lvl=debug msg=\"proxy miner_setMaxDASize call returned an RPC error\""));
    facts.error_code = -32000;
    facts.error = "Post \"http://127.0.0.1:1\": dial tcp 127.0.0.1:1: connect: connection refused";
    told.call_answered(facts);
    CHECK(log.contains("lvl=warn msg=\"proxy miner_setMaxDASize call failed\""));
}

TEST_CASE("what a caller sends fills no log", "[daemon][rpc-log]") {
    const logging::Capture log;
    daemon::RpcLog told;
    const std::string much(100'000, 'x');
    auto facts = call_of("conductor_stop", true);
    facts.asked = facts.id = facts.params = much;
    told.call_answered(facts);
    for (const auto& line : log.lines()) CHECK(line.size() < 1000);
}
