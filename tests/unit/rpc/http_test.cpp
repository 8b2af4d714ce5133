#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/rpc/node.hpp"
#include "tests/unit/rpc/raw_client.hpp"

using namespace conductor;
using namespace conductor::rpc;
using namespace conductor::rpc::test;
using namespace std::chrono_literals;

namespace {

const std::string leader_call{R"({"jsonrpc":"2.0","id":1,"method":"conductor_leader"})"};
const std::string leader_answer{"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n"};

// Looks again until it is so; for what another thread is about to do.
template <class F>
bool soon(F is_so, std::chrono::milliseconds limit = 5s) {
    for (const auto until = std::chrono::steady_clock::now() + limit; !is_so();) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}  // namespace

TEST_CASE("a call is answered, and the connection serves the next one", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(client.send(json_post(leader_call)));
        const auto answer = client.receive();
        REQUIRE(answer);
        CHECK(answer->status == 200);
        CHECK(answer->body == leader_answer);
    }
    CHECK(node.server->connections() == 1);
}
