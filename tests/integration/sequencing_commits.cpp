// Blocks whose commit goes another way than the node meant it: late, beside the head, or too large to post.

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/integration/sequencing.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// A host whose daemon's disk can be made to hang, and is given time for it.
struct OnSlowDisk {
    explicit OnSlowDisk(const std::string& name)
        : host{name, measured({{"LD_PRELOAD", CONDUCTOR_DISK_FAULTS_LIBRARY},
                               {"CONDUCTOR_DISK_FAULTS", (faults.path() / "order").string()},
                               {"OP_CONDUCTOR_STORAGE_STALL_TIMEOUT", "60s"}})} {}
    void hang(int seconds) const { std::ofstream{faults.path() / "order"} << "hang " << seconds; }
    [[nodiscard]] bool refused() const {
        return host.node().sim("sim_status").find("conflicting payload at head") != std::string::npos;
    }
    [[nodiscard]] bool published(std::uint64_t number) const {
        return host.node().sim("sim_produced", "[0]").find("\"number\":" + std::to_string(number) + ",") !=
               std::string::npos;
    }

    TempDir faults{"sequencing-disk"};
    mutable SequencingHost host;
};

}  // namespace

TEST_CASE(
    "a block that the disk held up is started on, and what the node sealed in its place is never published",
    "[sequencing][S-67][P-51]") {
    const bool in_flight = GENERATE(true, false);
    CAPTURE(in_flight);
    OnSlowDisk slow{in_flight ? "late-in-flight" : "late-applied"};
    auto& node = slow.host.node();
    REQUIRE(slow.host.sequence());
    const auto failed = node.count("commits_failed");
    slow.hang(6);
    REQUIRE(eventually(soon, [&] { return node.count("commits_failed") > failed; }));
    const auto held_up = node.head_number() + 1;
    if (!in_flight) {
        (void)node.sim("sim_stall", "[true]");
        const auto applied = static_cast<double>(held_up);
        REQUIRE(
            eventually(15s, [&] { return slow.host.figure("unsafe_head_number{source=\"fsm\"}") == applied; }));
    }
    (void)node.sim("sim_fork", "[0,0]");  // the next block on this parent is another one
    (void)node.sim("sim_stall", "[false]");
    CHECK(eventually(soon, [&] { return slow.refused(); }));
    CHECK(slow.host.logs("stopped sequencer", 20s));
    CHECK(eventually(20s, [&] { return node.head_number() > held_up + 2; }));
    CHECK_FALSE(slow.published(held_up));
    CHECK(slow.published(held_up + 1));
    CHECK(slow.host.calls("admin_postUnsafePayload") == 1);
    CHECK(slow.host.ask("conductor_leader") == "true");
}

TEST_CASE(
    "under commit.on-sibling=go a second block of one height is acknowledged, and the first stays the head",
    "[sequencing][S-67][P-51]") {
    SequencingHost host{"sibling-go", {{"OP_CONDUCTOR_COMMIT_ON_SIBLING", "go"}}};
    REQUIRE(host.sequence());
    const auto [head, sibling] = host.sibling_of_head();
    REQUIRE(sibling.find(head) == std::string::npos);
    CHECK(host.ask("conductor_commitUnsafePayload", "[" + sibling + "]") == "null");
    CHECK(host.ask("conductor_commitUnsafePayload", "[" + sibling + "]") == "null");
    CHECK(host.calls("admin_stopSequencer") == 0);

    // What the group holds is what a new start posts and stands on.
    REQUIRE(host.rest());
    REQUIRE(host.daemon().stop() == 0);
    host.heal();
    const auto starts = host.calls("admin_startSequencer");
    REQUIRE(host.start_daemon());
    CHECK(host.produces(1));
    CHECK(host.logs("head=" + head));
    CHECK(host.calls("admin_startSequencer") == starts + 1);
}

TEST_CASE("a block that is too large to post is posted once, and started on as soon as gossip has brought it",
          "[sequencing][S-75]") {
    SequencingHost host{"too-large", measured(), {"--payload-bytes=4194304", "--block-time-ms=500"}};
    REQUIRE(host.sequence());
    REQUIRE(host.rest());
    REQUIRE(host.daemon().stop() == 0);
    const auto head = host.node().head_hash();
    const auto payload = host.node().sim("sim_payload", "[" + std::to_string(host.node().head_number()) + "]");
    (void)host.node().sim("sim_fork", "[1,0]");
    const auto starts = host.calls("admin_startSequencer");
    REQUIRE(host.start_daemon());

    const std::string complaint{"failed to post unsafe head payload envelope to op-node"};
    REQUIRE(host.logs(complaint));
    CHECK(host.logs("413"));
    CHECK(eventually(soon, [&] { return host.figure("start_wedged") == 1.0; }));
    std::this_thread::sleep_for(1s);  // several retries of the start
    CHECK(host.logged(complaint) == 1);
    CHECK(host.calls("admin_startSequencer") == starts);
    CHECK(host.says("conductor_leader", "true"));

    const auto control = host.node().control_url();
    const auto port = static_cast<std::uint16_t>(std::stoul(control.substr(control.rfind(':') + 1)));
    HttpClient gossip{"127.0.0.1", port, 10s};
    const auto taken = gossip.post("/gossip", "application/json", payload);
    REQUIRE(taken.has_value());
    REQUIRE(taken->status == 200);
    CHECK(host.produces(1, 15s));
    CHECK(host.logs("head=" + head));
    CHECK(eventually(soon, [&] { return host.figure("start_wedged") == 0.0; }));
}

TEST_CASE("a block of ten mebibytes is committed either way within the default limits",
          "[sequencing][S-51][P-22]") {
    const std::string binary = GENERATE("false", "true");
    SequencingHost host{"ten-mebibytes-" + binary,
                        {},
                        {"--payload-bytes=10485760", "--block-time-ms=1000", "--binary-commit=" + binary}};
    CHECK(host.sequence(1));
    CHECK(host.logged("too large") == 0);
}
