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
    CHECK(node.operators.taken().size() == 5);
}

TEST_CASE("an override may be given a time to live in whole seconds, and nothing else beside it",
          "[rpc][operator][P-43]") {
    Node node;
    CHECK(call(node, "overrideLeader", "[true,90]") == null_result);
    CHECK(call(node, "overrideLeader", "[true,null]") == null_result);
    CHECK(call(node, "overrideLeader", "[false,null]") == null_result);
    CHECK(node.operators.taken() ==
          std::vector<std::string>{"override on for 90 s", "override on", "override off"});

    const std::string type{"invalid argument 1: json: cannot unmarshal "};
    CHECK(call(node, "overrideLeader", "[true,true]") ==
          refused(-32602, type + "bool into Go value of type uint64"));
    CHECK(call(node, "overrideLeader", "[true,1.5]") ==
          refused(-32602, type + "number 1.5 into Go value of type uint64"));
    CHECK(call(node, "overrideLeader", "[true,-1]") ==
          refused(-32602, type + "number -1 into Go value of type uint64"));
    const std::string range{"invalid argument 1: the time to live is 1 to 31536000 seconds"};
    CHECK(call(node, "overrideLeader", "[true,0]") == refused(-32602, range));
    CHECK(call(node, "overrideLeader", "[true,31536001]") == refused(-32602, range));
    CHECK(call(node, "overrideLeader", "[true,18446744073709551615]") == refused(-32602, range));
    CHECK(call(node, "overrideLeader", "[false,90]") ==
          refused(-32602, "invalid argument 1: only an override that is set has a time to live"));
    CHECK(call(node, "overrideLeader", "[true,90,1]") == refused(-32602, "too many arguments, want at most 2"));
    CHECK(node.operators.taken().size() == 3);
}

TEST_CASE("an order that outlives a restart is given with who asked for it", "[rpc][operator][3.4.8][P-35]") {
    Node node;
    const std::string method = GENERATE(as<std::string>{}, "pause", "overrideLeader");
    CAPTURE(method);
    CHECK(call(node, method) == null_result);
    CHECK(node.operators.by().starts_with("127.0.0.1:"));
    CHECK(call(node, "pause", "[1]") == refused(-32602, "too many arguments, want at most 0"));
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

TEST_CASE("where rpc.enable-admin is on, the configuration is told and the head is reset to a whole hash",
          "[rpc][operator][3.4.9][P-39]") {
    auto options = as_go();
    CHECK(call(*std::make_unique<Node>(options), "resetUnsafeHead", "[]").find("-32601") != std::string::npos);
    options.admin = true;
    Node node{options};
    CHECK(call(node, "effectiveConfig") == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"options\":{}}}\n");
    const std::string hash = "0x" + std::string(64, 'a');
    CHECK(call(node, "resetUnsafeHead", "[\"" + hash + "\"]") == null_result);
    CHECK(node.operators.taken() == std::vector<std::string>{"reset " + hash});
    for (const std::string& wrong :
         std::vector<std::string>{"0x", "0x12", std::string(64, 'a'), hash + "00", "0x" + std::string(64, 'g')})
        CHECK(call(node, "resetUnsafeHead", "[\"" + wrong + "\"]") ==
              refused(-32602, "invalid argument 0: a block hash is 0x and 64 hexadecimal digits"));
    CHECK(call(node, "resetUnsafeHead", "[]").find("required argument 0") != std::string::npos);
    const std::string why{"cannot reset: not every member is known to be conductord: seq-2"};
    node.operators.answer_with(why);
    CHECK(call(node, "resetUnsafeHead", "[\"" + hash + "\"]") == refused(-32000, why));
}

TEST_CASE("an operator whom nobody answers hears of it before the write timeout", "[rpc][operator]") {
    auto options = as_go();
    options.http.write_timeout = 250ms;
    Node node{options};
    node.operators.keep_silent();
    CHECK(call(node, "pause").find("-32002") != std::string::npos);
}
