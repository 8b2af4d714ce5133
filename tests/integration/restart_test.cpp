// What a restart of the conductor means to the sequencer beside it.

#include <catch2/catch.hpp>

#include "tests/integration/conductord.hpp"
#include "tests/support/simnode_process.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

TEST_CASE("a killed leader that comes back leaves its sequencer running", "[integration][control]") {
    const TempDir work{"conductord-restart"};
    SimnodeProcess node{
        {conductord_program().parent_path() / "simnode", work.path(), "node", {"--block-time-ms=50"}}};
    node.start();
    REQUIRE(node.serves());
    node.sim("sim_peerCount", "[1]");

    const std::map<std::string, std::string> variables{
        {"OP_CONDUCTOR_NODE_RPC", node.cl_url()},
        {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()},
        // No matter how busy the machine is, the grace must outlast the election.
        {"OP_CONDUCTOR_CONTROL_STARTUP_GRACE", "60s"},
    };
    ConductorDaemon daemon{{conductord_program(), work.path(), "seq-1", variables, {}}};
    daemon.start();
    REQUIRE(daemon.leads(10s));
    node.sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(daemon.port()) + "\"]");
    CHECK(result_of(rpc_call(*daemon.client(), "conductor_resume")) == "null");
    REQUIRE(eventually(10s, [&] { return node.head_number() > 3; }));

    const auto failed_before = node.count("commits_failed");
    daemon.process().kill_hard();
    REQUIRE(eventually(10s, [&] { return node.count("commits_failed") > failed_before; }));
    const auto head = node.head_number();
    daemon.start();
    REQUIRE(daemon.leads(10s));

    CHECK(eventually(10s, [&] { return node.head_number() > head + 3; }));
    CHECK(daemon.process().output().find("stopping sequencer") == std::string::npos);
    CHECK(daemon.stop() == 0);
}
