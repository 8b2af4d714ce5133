#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "tests/unit/rpc/node.hpp"
#include "tests/unit/rpc/raw_client.hpp"
#include "tests/unit/rpc/recordings.hpp"

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

TEST_CASE("whoever asks for leave to send gets it before the answer", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    const auto head = json_post(leader_call, "Expect: 100-continue\r\n");
    REQUIRE(client.send(head.substr(0, head.size() - leader_call.size())));
    const auto leave = client.receive();
    REQUIRE(leave);
    CHECK(leave->status == 100);
    REQUIRE(client.send(leader_call));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->body == leader_answer);
}

TEST_CASE("a body that is declared too large is refused before it is sent", "[rpc][http]") {
    Node node;
    const auto path = GENERATE(as<std::string>{}, "/", "/commit-unsafe-payload");
    RawClient client{node.port()};
    REQUIRE(client.send("POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999\r\n" +
                        (path == "/" ? "Content-Type: application/json\r\n" : "") +
                        "Expect: 100-continue\r\n\r\n"));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->status == 413);
    CHECK(answer->field("Connection") == "close");
    CHECK(client.closed_within(2s));
    CHECK(node.observer.bodies_refused == 1);
}

TEST_CASE("an unknown expectation is not met", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(leader_call, "Expect: a-miracle\r\n")));
    CHECK(client.receive()->status == 417);
    CHECK(client.closed_within(2s));
}

TEST_CASE("a client that has closed his half still gets his answer", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(leader_call)));
    client.end_sending();
    CHECK(client.receive()->body == leader_answer);
    CHECK(client.closed_within(2s));
}

TEST_CASE("a body that ends early is no JSON", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    const auto whole = json_post(leader_call);
    REQUIRE(client.send(std::string_view{whole}.substr(0, whole.size() - 5)));
    client.end_sending();
    CHECK(client.receive()->body ==
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}})");
    CHECK(client.closed_within(2s));
}

TEST_CASE("a client that vanishes in mid-body costs nothing", "[rpc][http]") {
    Node node;
    auto client = std::make_unique<RawClient>(node.port());
    REQUIRE(client->send(
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{"));
    REQUIRE(soon([&] { return node.server->connections() == 1; }));
    client->abort();
    CHECK(soon([&] { return node.server->connections() == 0; }));
}

TEST_CASE("a head that trickles in ends with the read timeout, unanswered", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.read_timeout = 150ms;
    Node node{options};
    RawClient client{node.port()};
    REQUIRE(client.send("POST / HTTP/1.1\r\nHo"));
    CHECK_FALSE(client.receive());
    CHECK(client.closed_within(3s));
}

TEST_CASE("a body that trickles in ends with the read timeout, and an answer", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.read_timeout = 150ms;
    Node node{options};
    RawClient client{node.port()};
    const auto whole = json_post(leader_call);
    REQUIRE(client.send(std::string_view{whole}.substr(0, whole.size() - 5)));
    CHECK(client.receive()->body ==
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"read timeout"}})");
    CHECK(client.closed_within(3s));

    RawClient binary{node.port()};
    REQUIRE(binary.send("POST /commit-unsafe-payload HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nx"));
    CHECK(binary.receive()->body == "read body: i/o timeout\n");
}

TEST_CASE("a connection that says nothing ends with the idle timeout", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.idle_timeout = 100ms;
    Node node{options};
    RawClient silent{node.port()};
    RawClient done{node.port()};
    REQUIRE(done.send(json_post(leader_call)));
    REQUIRE(done.receive());
    CHECK(silent.closed_within(3s));
    CHECK(done.closed_within(3s));
}

TEST_CASE("a head above its limit is refused", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.head_limit = 20'000;
    Node node{options};
    RawClient client{node.port()};
    (void)client.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(40'000, 'x'));
    CHECK(client.receive()->status == 431);
    CHECK(client.closed_within(3s));
}

TEST_CASE("idle clients never keep a new one out", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.max_connections = 8;
    Node node{options};
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 100; ++i) idle.push_back(std::make_unique<RawClient>(node.port()));
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(leader_call)));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->body == leader_answer);
    CHECK(soon([&] { return node.server->connections() <= 8; }));
    CHECK(node.observer.connections_refused >= 90);
}

TEST_CASE("ten thousand connections stay within the limit", "[rpc][http][limits][slow]") {
    Node node;
    std::vector<std::unique_ptr<RawClient>> open;
    for (int i = 0; i < 10'000; ++i) {
        if (open.size() >= 300) open.erase(open.begin());
        open.push_back(std::make_unique<RawClient>(node.port()));
        REQUIRE(open.back()->send("POST / HTTP/1.1\r\n"));
        REQUIRE(node.server->connections() <= 1100);
    }
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(leader_call)));
    CHECK(client.receive()->body == leader_answer);
}

TEST_CASE("bodies beyond the budget of all are refused, others are served", "[rpc][http][limits]") {
    auto options = as_go();
    options.http.bodies.total_octets = std::size_t{6} << 20U;
    Node node{options};
    const std::string head{
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 4500000\r\n\r\n"};
    RawClient first{node.port()};
    REQUIRE(first.send(head + "{"));
    REQUIRE(soon([&] { return node.server->connections() == 1; }));
    std::this_thread::sleep_for(50ms);
    RawClient second{node.port()};
    REQUIRE(second.send(head + "{"));
    CHECK(second.receive()->status == 503);
    RawClient third{node.port()};
    REQUIRE(third.send(json_post(leader_call)));
    CHECK(third.receive()->body == leader_answer);
}

TEST_CASE("what is no HTTP is refused and ended", "[rpc][http]") {
    Node node;
    const auto [octets, status] = GENERATE(table<std::string, int>({
        {"nonsense\r\n\r\n", 400},
        {"GET  HTTP/1.1\r\nHost: t\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505},
        {"GET / HTTP/1.1\nHost: t\n\n", 400},
        {"GET / HTTP/1.1\r\nHost : t\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    }));
    INFO(octets);
    RawClient client{node.port()};
    REQUIRE(client.send(octets));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(client.closed_within(3s));
}

TEST_CASE("a # in a request is a character of the path", "[rpc][http][paths]") {
    Node node;
    const auto [path, status] = GENERATE(table<std::string, int>(
        {{"/healthz", 200}, {"/healthz?#x", 200}, {"/healthz#x", 404}, {"/#", 404}, {"http://a/#", 404}}));
    INFO(path);
    RawClient client{node.port()};
    REQUIRE(client.send("POST " + path + " HTTP/1.1\r\nHost: t\r\n\r\n"));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->status == status);
}

TEST_CASE("broken chunks are no JSON, and end the connection", "[rpc][http]") {
    Node node;
    RawClient client{node.port()};
    REQUIRE(
        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                    "chunked\r\n\r\nzz\r\n"));
    CHECK(client.receive()->body ==
          R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}})");
    CHECK(client.closed_within(3s));
}

TEST_CASE("a stop closes idle connections and lets the work end", "[rpc][http][stop]") {
    Node node;
    node.committer.keep_silent(true);
    RawClient idle{node.port()};
    RawClient busy{node.port()};
    REQUIRE(busy.send(json_post(R"({"jsonrpc":"2.0","id":1,"method":"conductor_leader"})")));
    REQUIRE(busy.receive());
    const auto body = file_text("commit/okx-ecotone-json-000032-1c8fdc.json");
    REQUIRE(busy.send(json_post(body)));
    REQUIRE(soon([&] { return node.committer.taken().size() == 1; }));

    std::thread stopping{[&] { node.stop(); }};
    CHECK(idle.closed_within(2s));
    node.committer.answer_waiting();
    const auto answer = busy.receive();
    stopping.join();
    REQUIRE(answer);
    CHECK(answer->body == "{\"jsonrpc\":\"2.0\",\"id\":33,\"result\":null}\n");
    CHECK(answer->field("Connection") == "close");
    CHECK_THROWS(RawClient{node.port()});
}

TEST_CASE("a stop waits no longer than its grace", "[rpc][http][stop]") {
    auto options = as_go();
    options.http.stop_grace = 100ms;
    Node node{options};
    node.committer.keep_silent(true);
    RawClient client{node.port()};
    REQUIRE(client.send(json_post(file_text("commit/okx-ecotone-json-000032-1c8fdc.json"))));
    REQUIRE(soon([&] { return node.committer.taken().size() == 1; }));
    node.stop();
    CHECK(node.server->connections() == 0);
    CHECK(client.closed_within(1s));
    node.committer.answer_waiting();  // finds nobody, and harms nobody
}
