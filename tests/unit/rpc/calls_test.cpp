// Calls and commits, as a client sees them.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include "core/rpc/node_upstream.hpp"
#include "tests/unit/rpc/node.hpp"
#include "tests/unit/rpc/raw_client.hpp"
#include "tests/unit/rpc/recordings.hpp"

using namespace conductor;
using namespace conductor::rpc;
using namespace conductor::rpc::test;
using namespace std::chrono_literals;

namespace {

RawAnswer ask(Node& node, std::string_view octets) {
    RawClient client{node.port()};
    REQUIRE(client.send(octets));
    auto answer = client.receive();
    REQUIRE(answer);
    return *answer;
}

std::string get(std::string_view path) {
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

std::string binary_post(std::string_view body, std::string_view more = {}) {
    std::string text{"POST /commit-unsafe-payload HTTP/1.1\r\nHost: t\r\nContent-Length: "};
    return text.append(std::to_string(body.size())).append("\r\n").append(more).append("\r\n").append(body);
}

const std::string write_call{R"({"jsonrpc":"2.0","id":1,"method":"conductor_overrideLeader","params":[true]})"};
const std::string page{"Origin: http://site.example\r\n"};

std::string json_block() {
    return file_text("commit/okx-ecotone-json-000032-1c8fdc.json");
}
std::string ssz_block() {
    return file_text("commit/base-ecotone-ssz-000020-54cac5.ssz");
}

}  // namespace

TEST_CASE("a commit that the backend refuses says why in Go's words", "[rpc][commit]") {
    Node node;
    node.committer.refuse_with(control::CommitError{"node is not the leader"});
    CHECK(ask(node, json_post(json_block())).body ==
          "{\"jsonrpc\":\"2.0\",\"id\":33,\"error\":{\"code\":-32000,\"message\":\"failed to apply payload "
          "envelope: "
          "node is not the leader\"}}\n");
    auto answer = ask(node, binary_post(ssz_block()));
    CHECK(answer.status == 500);
    CHECK(answer.body == "failed to apply payload envelope: node is not the leader\n");

    node.committer.refuse_with(control::CommitError{"log data is nil or empty", true});
    CHECK(ask(node, binary_post(ssz_block())).body ==
          "failed to apply payload envelope to FSM: log data is nil or empty\n");
    CHECK(node.observer.transcoded == 3);
    CHECK(node.observer.commits == 3);
    CHECK(node.observer.commits_failed == 3);
}

TEST_CASE("the fast and the exact decoder hand on the same octets", "[rpc][commit]") {
    Node node;
    CHECK(ask(node, json_post(json_block())).body == "{\"jsonrpc\":\"2.0\",\"id\":33,\"result\":null}\n");
    // In a batch only the exact one is asked.
    CHECK(ask(node, json_post("[" + json_block() + "]")).body ==
          "[{\"jsonrpc\":\"2.0\",\"id\":33,\"result\":null}]\n");
    const auto taken = node.committer.taken();
    REQUIRE(taken.size() == 2);
    CHECK(taken[0].ssz == taken[1].ssz);
    CHECK(taken[0].hash == taken[1].hash);
}

TEST_CASE("check-hash=sync refuses a payload that is not what its hash says, before the backend sees it",
          "[rpc][commit]") {
    auto options = as_go();
    options.refuse_bad_hash = true;
    Node node{options};
    CHECK(ask(node, json_post(json_block())).body == "{\"jsonrpc\":\"2.0\",\"id\":33,\"result\":null}\n");
    CHECK(ask(node, binary_post(ssz_block())).status == 200);

    auto damaged = ssz_block();
    damaged[40] = static_cast<char>(damaged[40] ^ 1);  // in the parent's hash
    const auto binary = ask(node, binary_post(damaged));
    CHECK(binary.status == 500);
    CHECK(binary.body.find("payload has bad block hash") != std::string::npos);

    auto text = json_block();
    const auto gas = text.find("\"gasUsed\":\"0x") + 13;
    text[gas] = text[gas] == '1' ? '2' : '1';
    const auto json = ask(node, json_post(text)).body;
    CHECK(json.find("-32602") != std::string::npos);
    CHECK(json.find("payload has bad block hash") != std::string::npos);
    CHECK(node.committer.taken().size() == 2);
}

TEST_CASE("a commit that nobody answers times out before the write timeout", "[rpc][commit]") {
    auto options = as_go();
    options.http.write_timeout = 250ms;
    Node node{options};
    node.committer.keep_silent(true);
    const auto fast = ask(node, json_post(json_block()));
    CHECK(fast.body == R"({"jsonrpc":"2.0","id":33,"error":{"code":-32002,"message":"request timed out"}})");
    const auto batch = ask(node, json_post("[" + json_block() + "," + write_call + "]"));
    CHECK(batch.body == R"([{"jsonrpc":"2.0","id":33,"error":{"code":-32002,"message":"request timed out"}},)"
                        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"request timed out"}}])");
    CHECK(ask(node, binary_post(ssz_block())).status == 500);
    node.committer.answer_waiting();
}

TEST_CASE("a page may read, and write only from a listed origin", "[rpc][origin]") {
    auto options = as_go();
    options.routes.cors_origins = {"https://ours.example"};
    Node node{options};
    const auto read = ask(node, json_post(R"({"jsonrpc":"2.0","id":1,"method":"conductor_leader"})", page));
    CHECK(read.body == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n");
    CHECK(read.field("Access-Control-Allow-Origin") == "*");

    const std::string refused{"\"code\":-32000,\"message\":\"origin not allowed\""};
    CHECK(ask(node, json_post(write_call, page)).body.find(refused) != std::string::npos);
    CHECK(ask(node, json_post(json_block(), page)).body.find(refused) != std::string::npos);
    CHECK(ask(node, json_post(json_block(), "Origin: null\r\n")).body.find(refused) != std::string::npos);
    CHECK(ask(node, binary_post(ssz_block(), page)).status == 403);
    CHECK(node.committer.taken().empty());

    CHECK(ask(node, binary_post(ssz_block(), "Origin: https://ours.example\r\n")).status == 200);
    CHECK(ask(node, json_post(write_call, "Origin: https://ours.example\r\n")).body ==
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
}

TEST_CASE("where the list of origins says so, a page of any origin may write", "[rpc][origin]") {
    auto options = as_go();
    options.routes.cors_origins = {"*"};
    Node node{options};
    CHECK(ask(node, binary_post(ssz_block(), page)).status == 200);
    CHECK(ask(node, json_post(write_call, page)).body == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
}

TEST_CASE("load balancers learn who is alive, ready and leading", "[rpc][probes]") {
    Node node;
    node.node.leads_ = GENERATE(true, false);
    node.node.not_ready_ = GENERATE(as<std::string>{}, "", "vote held");
    CHECK(ask(node, get("/livez")).status == 200);
    CHECK(ask(node, get("/leaderz")).status == (node.node.leads_ ? 200 : 503));
    const auto ready = ask(node, get("/readyz"));
    CHECK(ready.status == (node.node.not_ready_.empty() ? 200 : 503));
    CHECK((ready.body.find("vote held") != std::string::npos) == !node.node.not_ready_.empty());
}

TEST_CASE("every answer of a node that was stopped ends its connection", "[rpc]") {
    Node node;
    CHECK(!ask(node, json_post(json_block())).field("Connection"));
    node.node.stopped_ = true;
    CHECK(ask(node, json_post(json_block())).field("Connection") == "close");
}

TEST_CASE("a node that was stopped is not ready", "[rpc][probes]") {
    Node node;
    node.node.stopped_ = true;
    CHECK(ask(node, get("/readyz")).body == "{\"ready\":false,\"why\":\"stopped\"}\n");
}

TEST_CASE("a path that cleans to another is redirected, its query kept", "[rpc][paths]") {
    Node node;
    const auto answer = ask(node, get("//healthz/..//x?a=b"));
    CHECK(answer.status == 307);
    CHECK(answer.field("Location") == "/x?a=b");
    CHECK(answer.body == "<a href=\"/x?a=b\">Temporary Redirect</a>.\n\n");
}

TEST_CASE("batches beyond their limits are refused", "[rpc][batch]") {
    auto options = as_go();
    options.routes.batches = {3, 150};
    Node node{options};
    const std::string call{R"({"jsonrpc":"2.0","id":1,"method":"conductor_clusterMembership"})"};
    CHECK(ask(node, json_post("[" + call + "," + call + "," + call + "," + call + "]")).body ==
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}})");
    const auto cut = ask(node, json_post("[" + call + "," + call + "," + call + "]")).body;
    CHECK(cut.find("\"version\":0}},{") != std::string::npos);
    CHECK(cut.ends_with("\"error\":{\"code\":-32003,\"message\":\"response too large\"}}]\n"));
}

TEST_CASE("whoever counts calls meets a bounded set of names", "[rpc][metrics]") {
    Node node;
    (void)ask(node, json_post(R"([{"jsonrpc":"2.0","id":1,"method":"conductor_leader"},)"
                              R"({"jsonrpc":"2.0","method":"conductor_foo"},{"id":1}])"));
    (void)ask(node, json_post(json_block()));
    const auto calls = node.observer.calls();
    REQUIRE(calls.size() == 4);
    CHECK(calls[0].method == "conductor_leader");
    CHECK_FALSE(calls[0].error_code);
    CHECK(calls[1].method == "unknown");
    CHECK(calls[1].notification);
    CHECK(calls[1].error_code == -32601);
    CHECK(calls[2].method.empty());
    CHECK(calls[3].method == "conductor_commitUnsafePayload");
}

TEST_CASE("unsubscribing finds no subscription", "[rpc]") {
    Node node;
    CHECK(
        ask(node, json_post(R"({"jsonrpc":"2.0","id":1,"method":"eth_unsubscribe","params":["0x1"]})")).body ==
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"subscription not found\"}}\n");
}

TEST_CASE("what the proxy asks and answers is the text that came", "[rpc][proxy]") {
    Node node;
    node.upstream.answer_ = std::string{R"({"b":1.50,"a":[ 1 ],"<":"\u003c"})"};
    const auto answer = ask(
        node, json_post(R"({"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0xA", true]})"));
    CHECK(answer.body ==
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"b\":1.50,\"a\":[ 1 ],\"<\":\"\\u003c\"}}\n");
    REQUIRE(node.upstream.asked().size() == 1);
    CHECK(node.upstream.asked()[0].backend == Backend::execution);
    CHECK(node.upstream.asked()[0].method == "eth_getBlockByNumber");
    CHECK(node.upstream.asked()[0].params == R"(["0xA", true])");

    node.upstream.answer_ = RpcError{-38001, "unknown", R"({"x":1})"};
    CHECK(ask(node, json_post(R"({"jsonrpc":"2.0","id":1,"method":"optimism_syncStatus"})")).body ==
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-38001,\"message\":\"unknown\",\"data\":{\"x\":1}}"
          "}\n");
    CHECK(node.upstream.asked()[1].backend == Backend::consensus);
    CHECK(node.upstream.asked()[1].params == "[]");
}

TEST_CASE("a node that does not lead is not asked, nor is its answer given once it has stopped leading",
          "[rpc][proxy]") {
    const std::string refusal{
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"refusing to proxy request to "
        "non-leader sequencer\"}}\n"};
    const auto call = json_post(R"({"jsonrpc":"2.0","id":1,"method":"admin_sequencerActive","params":[]})");
    Node node;
    node.upstream.answer_ = std::string{"true"};
    node.node.leads_ = false;
    CHECK(ask(node, call).body == refusal);
    CHECK(node.upstream.asked().empty());

    node.node.leads_ = true;
    node.upstream.meanwhile_ = [&] { node.node.leads_ = false; };
    CHECK(ask(node, call).body == refusal);
    CHECK(node.upstream.asked().size() == 1);

    // The limits of blocks are set on every node, led or not.
    const auto any =
        json_post(R"({"jsonrpc":"2.0","id":1,"method":"miner_setMaxDASize","params":["0x0","0x1"]})");
    CHECK(ask(node, any).body == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n");
}

TEST_CASE("block references and numbers are refused in Go's words", "[rpc][proxy]") {
    Node node;
    const auto [method, params, code, why] = GENERATE(table<std::string, std::string, int, std::string>({
        {"eth_getBlockByNumber", R"(["0x", false])", -32602, R"(invalid argument 0: hex string \"0x\")"},
        {"eth_getBlockByNumber", R"(["", false])", -32602, "invalid argument 0: empty hex string"},
        {"eth_getBlockByNumber", R"(["0x1g", false])", -32602, "invalid argument 0: invalid hex string"},
        {"eth_getBlockByNumber", R"(["0x8000000000000000", false])", -32602,
         "invalid argument 0: block number larger than int64"},
        {"eth_getBlockByNumber", R"(["0x10000000000000000", false])", -32602,
         "invalid argument 0: hex number > 64 bits"},
        {"eth_getBlockByNumber", R"(["latest", false, 1])", -32602, "too many arguments, want at most 2"},
        {"miner_setMaxDASize", R"(["0x01", "0x1"])", -32602,
         "invalid argument 0: json: cannot unmarshal hex number with leading zero digits into Go value of type "
         "*hexutil.Big"},
        {"miner_setMaxDASize", R"(["0x1", "0x1g"])", -32602,
         "invalid argument 1: json: cannot unmarshal invalid hex string into Go value of type *hexutil.Big"},
        {"optimism_outputAtBlock", R"(["0x10000000000000000"])", -32000,
         "failed to decode block number: hex number > 64 bits"},
    }));
    const auto answer = ask(
        node, json_post(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}"));
    auto want = R"("error":{"code":)" + std::to_string(code) + R"(,"message":")" + why + R"("}})";
    for (auto at = want.find('>'); at != std::string::npos; at = want.find('>')) want.replace(at, 1, "\\u003e");
    INFO(answer.body);
    CHECK(answer.body.find(want) != std::string::npos);
    CHECK(node.upstream.asked().empty());
}

TEST_CASE("an argument is read before arguments are counted, and judged afterwards", "[rpc][params][commit]") {
    Node node;
    const auto [method, params, why] = GENERATE(table<std::string, std::string, std::string>({
        {"eth_unsubscribe", "[1,2]",
         "invalid argument 0: json: cannot unmarshal number into Go value of type rpc.ID"},
        {"eth_unsubscribe", R"(["a",2])", "too many arguments, want at most 1"},
        {"eth_unsubscribe", "[]", "missing value for required argument 0"},
        {"conductor_leader", "1e308", "non-array args"},
        {"conductor_leader", "1E400", "json: cannot unmarshal number 1E400 into Go value of type float64"},
        {"conductor_commitUnsafePayload", R"([{"executionPayload":{"gasUsed":1}},2])",
         "invalid argument 0: json: cannot unmarshal non-string into Go struct field "
         "ExecutionPayload.executionPayload.gasUsed of type hexutil.Uint64"},
        {"conductor_commitUnsafePayload", R"([{"executionPayload":{}},2])",
         "too many arguments, want at most 1"},
        {"conductor_commitUnsafePayload", "[{},2]", "too many arguments, want at most 1"},
        {"conductor_commitUnsafePayload", "[null,null]", "too many arguments, want at most 1"},
    }));
    CAPTURE(method, params);
    const auto answer = ask(
        node, json_post(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}"));
    CHECK(answer.body.find(R"("error":{"code":-32602,"message":")" + why + R"("}})") != std::string::npos);
}

TEST_CASE("methods beyond Go's pass as they are; none of them steers the node", "[rpc][proxy]") {
    FakeUpstream upstream;
    upstream.answer_ = std::string{"\"10\""};
    MethodTable table;
    const ProxyPorts ports{[] { return true; }, upstream};
    REQUIRE(add_proxied_methods(table, {"net_version", "opp2p_peers", "net_version"}, ports).has_value());
    boost::asio::io_context context;
    const std::string params{R"({"any":"thing"})"};
    auto story = table.find("net_version")->later(*json::first_value(params), {});
    auto answer = boost::asio::co_spawn(context, std::move(story), boost::asio::use_future);
    context.run();
    CHECK(*answer.get() == "\"10\"");
    CHECK(upstream.asked().at(0).params == params);
    CHECK(table.find("net_version")->access == Access::write);

    const std::string steering = GENERATE("admin_startSequencer", "admin_stopSequencer", "miner_start",
                                          "conductor_pause", "eth", "eth_", "debug_setHead", "");
    const auto refused = add_proxied_methods(table, {steering}, ports);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text == "proxy.methods: \"" + steering + "\" cannot be proxied");
}

TEST_CASE("the nodes behind the proxy are asked over HTTP from any thread", "[rpc][proxy][threads]") {
    Node behind;
    IoThreads threads{2};
    const auto url = *http::read_url("http://127.0.0.1:" + std::to_string(behind.port()));
    const auto dead = *http::read_url("http://127.0.0.1:1/key");
    {
        NodeUpstream upstream{threads.next(), {url, dead}};
        const auto asked = [&](Backend backend, const std::string& method) {
            return boost::asio::co_spawn(threads.next(), upstream.ask(backend, method, "[]"),
                                         boost::asio::use_future);
        };
        std::vector<std::future<Answer>> answers;
        for (int i = 0; i < 20; ++i) answers.push_back(asked(Backend::execution, "conductor_leader"));
        for (auto& answer : answers) CHECK(*answer.get() == "true");

        const auto unknown = asked(Backend::execution, "eth_x").get();
        REQUIRE_FALSE(unknown.has_value());
        CHECK(unknown.error().code == -32601);
        CHECK(unknown.error().message == "the method eth_x does not exist/is not available");
        const auto refused = asked(Backend::consensus, "optimism_syncStatus").get();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == -32000);
        CHECK(refused.error().message ==
              "Post \"http://127.0.0.1:1\": dial tcp 127.0.0.1:1: connect: connection refused");
    }
}
