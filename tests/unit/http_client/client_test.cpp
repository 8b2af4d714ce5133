#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "core/runtime/deadline.hpp"
#include "core/runtime/jsonrpc_client.hpp"
#include "tests/unit/http_client/peer.hpp"
#include "tests/unit/http_client/run.hpp"

using namespace conductor;
using namespace conductor::http;
using namespace std::chrono_literals;
using test::Line;
using test::ok;
using test::Peer;
namespace asio = boost::asio;

namespace {

Call call_to(std::uint16_t port, Duration limit = 5s) {
    Call call{*read_url("http://127.0.0.1:" + std::to_string(port) + "/rpc"), "{}"};
    call.limit = limit;
    return call;
}

struct World {
    asio::io_context context;  // outlives the client, whose sockets live in it
    Client client;
    Result<Answer, Failure> ask(Call call) { return test::run(context, client.exchange(std::move(call))); }
};

void answer_all(Line& line) {
    while (!line.read_request().empty()) line.say(ok("{}"));
}

}  // namespace

TEST_CASE("a request carries its length, host and type, and asks for no compression", "[runtime][http]") {
    std::string request;
    {
        Peer peer{{[&](Line& line) {
            request = line.read_request();
            line.say(ok("yes"));
        }}};
        World world;
        const auto answer = world.ask(call_to(peer.port()));
        REQUIRE(answer.has_value());
        CHECK(answer->status == 200);
        CHECK(answer->body == "yes");
    }
    CHECK(request.starts_with("POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(request.find("\r\nContent-Length: 2\r\n") != std::string::npos);
    CHECK(request.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    CHECK(request.find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
    CHECK(request.ends_with("\r\n\r\n{}"));
}

TEST_CASE("calls to one place share a connection", "[runtime][http]") {
    Peer peer{{answer_all, answer_all}};
    World world;
    for (int i = 0; i < 3; ++i) REQUIRE(world.ask(call_to(peer.port())).has_value());
    CHECK(peer.accepted() == 1);
    CHECK(world.client.kept() == 1);
}

TEST_CASE("where nobody listens the call is refused in Go's words", "[runtime][http]") {
    World world;
    const auto port = test::free_port();
    const auto answer = world.ask(call_to(port));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::refused);
    CHECK(answer.error().text ==
          "dial tcp 127.0.0.1:" + std::to_string(port) + ": connect: connection refused");
}

TEST_CASE("a silent peer costs the limit and no more", "[runtime][http]") {
    Peer peer{{[](Line& line) { line.wait_for_close(); }}};
    World world;
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = world.ask(call_to(peer.port(), 100ms));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::timed_out);
    CHECK(answer.error().text == "context deadline exceeded");
    CHECK(std::chrono::steady_clock::now() - begun < 3s);
    CHECK(world.client.kept() == 0);
}

TEST_CASE("a peer that drips octets costs the limit and no more", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.say("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 1000 && line.say("X: y\r\n"); ++i) std::this_thread::sleep_for(5ms);
    }}};
    World world;
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = world.ask(call_to(peer.port(), 100ms));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::timed_out);
    CHECK(std::chrono::steady_clock::now() - begun < 4s);
}

TEST_CASE("whoever gives a call up leaves a client that can be asked again", "[runtime][http]") {
    Peer peer{{[](Line& line) { line.wait_for_close(); }, answer_all}};
    World world;
    auto given_up = within(50ms, world.client.exchange(call_to(peer.port())));
    CHECK(test::run(world.context, std::move(given_up)).error() == asio::error::timed_out);
    CHECK(world.client.kept() == 0);
    CHECK(world.ask(call_to(peer.port())).has_value());
    CHECK(world.client.kept() == 1);
}

TEST_CASE("an answer that stops half-way is closed, not taken for whole", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }}};
    World world;
    auto call = call_to(peer.port());
    call.repeat = Repeat::once;
    const auto answer = world.ask(call);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::closed);
    CHECK(answer.error().text == "unexpected EOF");
}

TEST_CASE("a peer that closes without a word is EOF", "[runtime][http]") {
    Peer peer{{[](Line& line) { line.read_request(); }}};
    World world;
    const auto answer = world.ask(call_to(peer.port()));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::closed);
    CHECK(answer.error().text == "EOF");
}

TEST_CASE("a reset connection names both ends and the cause", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.reset();
    }}};
    World world;
    const auto answer = world.ask(call_to(peer.port()));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::closed);
    CHECK(answer.error().text.find(": read: connection reset by peer") != std::string::npos);
}

TEST_CASE("an answer beyond the limit is refused and its connection given up", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.say(ok(std::string(101, 'x')));
        line.wait_for_close();
    }}};
    World world;
    auto call = call_to(peer.port());
    call.answer_limit = 100;
    const auto answer = world.ask(call);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::too_large);
    CHECK(answer.error().text == "answer of more than 100 octets");
    CHECK(world.client.kept() == 0);
}

TEST_CASE("a peer that speaks something else gives a bad response", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.say("SSH-2.0-OpenSSH\r\n");
        line.wait_for_close();  // or unread octets would turn the end into a reset
    }}};
    World world;
    const auto answer = world.ask(call_to(peer.port()));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::bad_response);
}

TEST_CASE("an error that is answered before the request was read is still read", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
        line.wait_for_close();
    }}};
    World world;
    const auto answer = world.ask(call_to(peer.port()));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 413);
    CHECK(world.client.kept() == 0);
}

TEST_CASE("after the peer restarted the next call opens a fresh connection", "[runtime][http]") {
    const auto one_answer = [](Line& line) {
        line.read_request();
        line.say(ok("{}"));
    };
    World world;
    std::uint16_t port = 0;
    {
        Peer peer{{one_answer}};
        port = peer.port();
        REQUIRE(world.ask(call_to(port)).has_value());
    }
    Peer again{{one_answer}, port};
    const auto answer = world.ask(call_to(port));  // Repeat::never: the dead one is seen before it is used
    CHECK(answer.has_value());
    CHECK(again.accepted() == 1);
}

TEST_CASE("a kept connection that dies under a request is asked again only where that is allowed",
          "[runtime][http]") {
    const auto one_answer_then_close = [](Line& line) {
        line.read_request();
        line.say(ok("{}"));
        line.read_request();  // read, and never answered
    };
    const auto repeat = GENERATE(Repeat::never, Repeat::once);
    Peer peer{{one_answer_then_close, answer_all}};
    World world;
    REQUIRE(world.ask(call_to(peer.port())).has_value());
    auto call = call_to(peer.port());
    call.repeat = repeat;
    const auto answer = world.ask(call);
    CHECK(answer.has_value() == (repeat == Repeat::once));
    if (!answer) CHECK(answer.error().code == Errc::closed);
}

TEST_CASE("a request that never left whole is asked again, because nobody can have obeyed it",
          "[runtime][http]") {
    std::size_t arrived = 0;
    const std::string large(std::size_t{32} << 20U, 'x');  // beyond what the kernel holds for a silent peer
    {
        Peer peer{{[](Line& line) {
                       line.read_request();
                       line.say(ok("{}"));
                       line.wait_for_octets();
                       line.reset();
                   },
                   [&](Line& line) {
                       arrived = line.read_request().size();
                       line.say(ok("{}"));
                   }}};
        World world;
        REQUIRE(world.ask(call_to(peer.port())).has_value());
        auto call = call_to(peer.port(), 20s);
        call.body = large;
        CHECK(world.ask(call).has_value());
    }
    CHECK(arrived > large.size());
}

TEST_CASE("a redirect is an answer, not an order", "[runtime][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.say("HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
        line.wait_for_close();
    }}};
    World world;
    const auto answer = world.ask(call_to(peer.port()));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 307);
    CHECK(peer.accepted() == 1);
}

TEST_CASE("credentials of the URL are sent unless the call brings its own", "[runtime][http]") {
    const bool own = GENERATE(true, false);
    std::string request;
    {
        Peer peer{{[&](Line& line) {
            request = line.read_request();
            line.say(ok("{}"));
        }}};
        World world;
        Call call{*read_url("http://a:b@127.0.0.1:" + std::to_string(peer.port()))};
        if (own) call.fields.emplace_back("Authorization", "Bearer t");
        REQUIRE(world.ask(call).has_value());
    }
    CHECK(request.find(own ? "\r\nAuthorization: Bearer t\r\n" : "\r\nAuthorization: Basic YTpi\r\n") !=
          std::string::npos);
    CHECK(request.find("Authorization") == request.rfind("Authorization"));
}

TEST_CASE("a field that would forge the rest of the request is not sent", "[runtime][http]") {
    Peer peer{{answer_all}};
    World world;
    auto call = call_to(peer.port());
    call.fields.emplace_back("X", "a\r\nContent-Length: 0");
    const auto answer = world.ask(call);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::unreachable);
    CHECK(peer.accepted() == 0);
}

TEST_CASE("a name that takes for ever to resolve is bounded by the limit", "[runtime][http]") {
    asio::io_context context;
    Client client{[](std::string, std::uint16_t) -> asio::awaitable<Result<Endpoints>> {
        asio::steady_timer never{co_await asio::this_coro::executor, std::chrono::hours{1}};
        co_await never.async_wait(asio::use_awaitable);
        co_return Endpoints{};
    }};
    Call call{*read_url("http://slow.example")};
    call.limit = 50ms;
    const auto answer = test::run(context, client.exchange(call));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::timed_out);
}

TEST_CASE("a name without addresses is told from a peer that refuses", "[runtime][http]") {
    asio::io_context context;
    const auto [error, text] = GENERATE(table<boost::system::error_code, std::string>({
        {asio::error::host_not_found, "dial tcp: lookup gone.example: no such host"},
        {asio::error::host_not_found_try_again, "dial tcp: lookup gone.example: server misbehaving"},
        {asio::error::try_again, "dial tcp: lookup gone.example: too many lookups under way"},
    }));
    Client client{
        [error = error](std::string, std::uint16_t) -> asio::awaitable<Result<Endpoints>> { co_return error; }};
    const auto answer = test::run(context, client.exchange(Call{*read_url("http://gone.example")}));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::no_address);
    CHECK(answer.error().text == text);
}

TEST_CASE("when the first address refuses the second is tried", "[runtime][http]") {
    Peer peer{{answer_all}};
    asio::io_context context;
    const auto dead = test::free_port();
    Client client{[dead](std::string, std::uint16_t port) -> asio::awaitable<Result<Endpoints>> {
        Endpoints both;
        both.emplace_back(asio::ip::address_v4::loopback(), dead);
        both.emplace_back(asio::ip::address_v4::loopback(), port);
        co_return both;
    }};
    const auto url = *read_url("http://node:" + std::to_string(peer.port()));
    CHECK(test::run(context, client.exchange(Call{url})).has_value());
}

TEST_CASE("an address that swallows packets leaves time for the next", "[runtime][http]") {
    const test::BlackHole hole;
    Peer peer{{answer_all}};
    asio::io_context context;
    const bool last = GENERATE(false, true);
    Client client{[&](std::string, std::uint16_t port) -> asio::awaitable<Result<Endpoints>> {
        Endpoints both;
        both.emplace_back(asio::ip::address_v4::loopback(), hole.port());
        both.emplace_back(asio::ip::address_v4::loopback(), last ? hole.port() : port);
        co_return both;
    }};
    Call call{*read_url("http://node:" + std::to_string(peer.port()))};
    call.limit = 1s;
    const auto answer = test::run(context, client.exchange(call));
    CHECK(answer.has_value() == !last);
    if (!answer) CHECK(answer.error().code == Errc::timed_out);
}

TEST_CASE("calls over a socket: a result, then an HTTP status, then silence for ever", "[runtime][jsonrpc]") {
    std::string request;
    std::string bare;
    test::Peer peer{{[&](test::Line& line) {
        request = line.read_request();
        line.say(test::ok(R"({"jsonrpc":"2.0","id":1,"result":true})"));
        bare = line.read_request();
        line.say("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy");
    }}};
    boost::asio::io_context context;
    Client http;
    JsonRpcClient client{http};
    const auto url = *read_url("http://127.0.0.1:" + std::to_string(peer.port()));

    RpcCall first{url, "admin_sequencerActive", R"(["x"])"};
    const auto result = test::run(context, client.call(first));
    REQUIRE(result.has_value());
    CHECK(*result == "true");
    CHECK(request.ends_with(R"({"jsonrpc":"2.0","id":1,"method":"admin_sequencerActive","params":["x"]})"));

    RpcCall second{url, "m"};
    const auto busy = test::run(context, client.call(second));
    REQUIRE_FALSE(busy.has_value());
    CHECK(busy.error().kind == RpcFailure::Kind::status);
    CHECK(busy.error().code == 503);
    CHECK(busy.error().message == "HTTP status 503: busy");

    CHECK(bare.ends_with(R"({"jsonrpc":"2.0","id":2,"method":"m"})"));  // as Go's client asks

    RpcCall third{*read_url("http://127.0.0.1:" + std::to_string(test::free_port())), "m"};
    const auto refused = test::run(context, client.call(third));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == RpcFailure::Kind::transport);
    CHECK(refused.error().cause == Errc::refused);
}
