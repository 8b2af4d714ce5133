// What operators ask for over RPC reaches control and group as they meant it, and comes back in their words.
#include <catch2/catch.hpp>

#include "tests/unit/rpc/node.hpp"
#include "tests/unit/rpc/raw_client.hpp"

using namespace conductor;
using namespace conductor::rpc;
using namespace conductor::rpc::test;
using namespace std::chrono_literals;

namespace {

std::string call(Node& node, const std::string& method, const std::string& params = "[]") {
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(R"({"jsonrpc":"2.0","id":1,"method":"conductor_)" + method +
                                  R"(","params":)" + params + "}")));
    auto answer = client.receive();
    REQUIRE(answer);
    return answer->body;
}

const std::string null_result{"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n"};

std::string refused(int code, const std::string& message) {
    return R"({"jsonrpc":"2.0","id":1,"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message +
           "\"}}\n";
}

}  // namespace

TEST_CASE("each control method asks for what its name says, once", "[rpc][operator][3.4]") {
    Node node;
    for (const std::string method : {"pause", "resume", "stop", "waivePeerCheck"})
        CHECK(call(node, method) == null_result);
    CHECK(node.operators.taken() == std::vector<std::string>{"pause", "resume", "stop", "waive"});
}

TEST_CASE("a refusal is told as it is", "[rpc][operator][3.4]") {
    Node node;
    const std::string why{"cannot resume because failed to get sequencer active status: EOF"};
    node.operators.answer_with(why);
    CHECK(call(node, "resume") == refused(-32000, why));
}

TEST_CASE("an override without a value means true, null means false", "[rpc][operator][S-34]") {
    Node node;
    CHECK(call(node, "overrideLeader", "[]") == null_result);
    CHECK(call(node, "overrideLeader", "null") == null_result);
    CHECK(call(node, "overrideLeader", "[true]") == null_result);
    CHECK(call(node, "overrideLeader", "[null]") == null_result);
    CHECK(call(node, "overrideLeader", "[false]") == null_result);
    CHECK(node.operators.taken() == std::vector<std::string>{"override on", "override on", "override on",
                                                             "override off", "override off"});
    CHECK(call(node, "overrideLeader", "[\"yes\"]").find("-32602") != std::string::npos);
    CHECK(call(node, "overrideLeader", "[true,true]").find("want at most 1") != std::string::npos);
    CHECK(node.operators.taken().size() == 5);
}

TEST_CASE("changes of the membership carry id, address and version", "[rpc][operator][3.4.1]") {
    Node node;
    (void)call(node, "addServerAsVoter", R"(["b","10.0.0.2:50050",7])");
    (void)call(node, "addServerAsNonvoter", R"(["b","10.0.0.2:50050"])");
    (void)call(node, "demoteVoter", R"(["b",18446744073709551615])");
    (void)call(node, "removeServer", R"(["b",null])");
    CHECK(node.operators.taken() == std::vector<std::string>{"add voter b 10.0.0.2:50050 7",
                                                             "add nonvoter b 10.0.0.2:50050 0",
                                                             "demote b  18446744073709551615", "remove b  0"});
}

TEST_CASE("a transfer names its target or leaves the choice", "[rpc][operator][3.4]") {
    Node node;
    CHECK(call(node, "transferLeader") == null_result);
    CHECK(call(node, "transferLeaderToServer", R"(["b","10.0.0.2:50050"])") == null_result);
    CHECK(call(node, "transferLeaderToServer", R"(["b","10.0.0.2:50050",0])") == null_result);
    CHECK(call(node, "transferLeaderToServer", R"(["b"])").find("required argument 1") != std::string::npos);
    CHECK(node.operators.taken() ==
          std::vector<std::string>{"transfer  ", "transfer b 10.0.0.2:50050", "transfer b 10.0.0.2:50050"});
}

TEST_CASE("only the transfer without a target takes a follower's refusal for null", "[rpc][operator][3.4]") {
    Node node;
    node.operators.answer_with("node is not the leader");
    CHECK(call(node, "transferLeader") == null_result);
    CHECK(call(node, "transferLeaderToServer", R"(["b","x:1"])") == refused(-32000, "node is not the leader"));
    CHECK(call(node, "removeServer", R"(["b"])") == refused(-32000, "node is not the leader"));
    node.operators.answer_with("cannot find peer");
    CHECK(call(node, "transferLeader") == refused(-32000, "cannot find peer"));
}

TEST_CASE("an operator whom nobody answers hears of it before the write timeout", "[rpc][operator]") {
    auto options = as_go();
    options.http.write_timeout = 250ms;
    Node node{options};
    node.operators.keep_silent();
    CHECK(call(node, "pause").find("-32002") != std::string::npos);
}
