#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <thread>
#include <vector>

#include "core/plugin/blocking_http.hpp"
#include "tests/unit/http_client/peer.hpp"

using namespace conductor;
using namespace conductor::plugin;
using namespace std::chrono_literals;
using Kind = HttpError::Kind;
using test::Line;
using test::Peer;

namespace {

std::shared_ptr<BlockingHttp> to_port(std::uint16_t port, Duration timeout = 5s) {
    HttpEndpoint node;
    node.url = "http://127.0.0.1:" + std::to_string(port);
    node.timeout = timeout;
    node.fields = {{"Authorization", "Bearer secret"}};
    return *BlockingHttp::make({{"node", node}});
}

HttpCall call_to(std::string_view endpoint) {
    HttpCall call;
    call.endpoint = endpoint;
    call.limit = 1000;
    call.body = "{}";
    return call;
}

}  // namespace

TEST_CASE("a blocking post gives the answer and sends the endpoint's credentials", "[plugin][http]") {
    std::string request;
    Peer peer{{[&](Line& line) {
        request = line.read_request();
        line.say(test::ok("yes"));
        line.read_request();
        line.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }}};
    const auto http = to_port(peer.port());
    const auto posted = http->post(call_to("node"));
    REQUIRE(posted.has_value());
    CHECK(posted->body == "yes");
    CHECK(request.find("\r\nAuthorization: Bearer secret\r\n") != std::string::npos);

    auto call = call_to("node");
    call.body = {};
    call.path = "/healthz";
    const auto got = http->get(call);
    REQUIRE(got.has_value());
    CHECK(got->status == 404);
    CHECK(peer.accepted() == 1);
}

TEST_CASE("a blocking call ends by its deadline or by the endpoint's timeout, whichever is first",
          "[plugin][http]") {
    Peer peer{{[](Line& line) { line.wait_for_close(); }}};
    const bool own = GENERATE(true, false);
    const auto http = to_port(peer.port(), own ? Duration{10s} : Duration{100ms});
    auto call = call_to("node");
    if (own) call.deadline = std::chrono::steady_clock::now() + 100ms;
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = http->post(call);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().kind == Kind::timed_out);
    CHECK(std::chrono::steady_clock::now() - begun < 4s);
}

TEST_CASE("a cancelled call leaves at once", "[plugin][http]") {
    Peer peer{{[](Line& line) { line.wait_for_close(); }}};
    const auto http = to_port(peer.port(), 10s);
    auto call = call_to("node");
    call.cancel_fd = eventfd(0, EFD_CLOEXEC);
    std::thread canceller{[fd = call.cancel_fd] {
        std::this_thread::sleep_for(50ms);
        const std::uint64_t one = 1;
        CHECK(write(fd, &one, sizeof one) == sizeof one);
    }};
    const auto answer = http->post(call);
    canceller.join();
    close(call.cancel_fd);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().kind == Kind::cancelled);
}

TEST_CASE("of too many exchanges at once the last fail at once, and their places come free again",
          "[plugin][http]") {
    Peer peer{{[](Line& line) { line.wait_for_close(); }}};
    const auto http = to_port(peer.port(), 1s);
    std::atomic<int> late{0};
    std::atomic<int> turned_away{0};
    std::vector<std::thread> callers;
    constexpr std::ptrdiff_t many = BlockingHttp::max_under_way + 8;
    std::latch together{many};
    for (std::ptrdiff_t i = 0; i < many; ++i)
        callers.emplace_back([&] {
            together.arrive_and_wait();
            const auto answer = http->post(call_to("node"));
            if (answer) return;
            if (answer.error().kind == Kind::timed_out) ++late;
            if (answer.error().text == "too many exchanges under way") ++turned_away;
        });
    for (auto& caller : callers) caller.join();
    CHECK(late + turned_away == static_cast<int>(callers.size()));
    CHECK(turned_away > 0);

    // An answer is handed over before its place is free.
    auto again = http->post(call_to("node"));
    for (int tries = 0; tries < 500 && !again.has_value() && again.error().kind != Kind::timed_out; ++tries) {
        std::this_thread::sleep_for(10ms);
        again = http->post(call_to("node"));
    }
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().kind == Kind::timed_out);
}

TEST_CASE("each failure of an exchange has the kind that plugins know", "[plugin][http]") {
    Peer peer{{[](Line& line) {
        line.read_request();
        line.say(test::ok(std::string(2000, 'x')));
    }}};
    const auto http = to_port(peer.port());
    const auto large = http->post(call_to("node"));
    REQUIRE_FALSE(large.has_value());
    CHECK(large.error().kind == Kind::too_large);

    const auto nowhere = http->post(call_to("other"));
    REQUIRE_FALSE(nowhere.has_value());
    CHECK(nowhere.error().kind == Kind::no_endpoint);

    const auto dead = to_port(test::free_port());
    const auto refused = dead->post(call_to("node"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == Kind::unreachable);
    CHECK(refused.error().text.find("connection refused") != std::string::npos);

    auto past = call_to("node");
    past.deadline = std::chrono::steady_clock::now() - 1s;
    const auto too_late = dead->post(past);
    REQUIRE_FALSE(too_late.has_value());
    CHECK(too_late.error().kind == Kind::timed_out);
}

TEST_CASE("a path cannot take the credentials to another host", "[plugin][http]") {
    const auto http = to_port(80);
    auto call = call_to("node");
    call.path = GENERATE("0/x", ".example/", "@evil/");
    const auto answer = http->get(call);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().kind == Kind::unreachable);
    CHECK(answer.error().text.find("refused") == std::string::npos);
}

TEST_CASE("an endpoint that cannot be asked is named at start-up", "[plugin][http]") {
    HttpEndpoint odd;
    odd.url = "gopher://node";
    const auto made = BlockingHttp::make({{"el", odd}});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().text.find("endpoints.el.url: ") == 0);
    CHECK(made.error().text.find("must begin with http://") != std::string::npos);
}

TEST_CASE("a renewed endpoint gives its new credentials, and one that has moved stays where it was",
          "[plugin][http]") {
    std::vector<std::string> requests;
    const auto note = [&](Line& line) {
        requests.push_back(line.read_request());
        line.say(test::ok("yes"));
        requests.push_back(line.read_request());
        line.say(test::ok("yes"));
    };
    Peer peer{{note}};
    HttpEndpoint node;
    node.url = "http://127.0.0.1:" + std::to_string(peer.port());
    node.fields = {{"Authorization", "Bearer old"}};
    const auto http = *BlockingHttp::make({{"node", node}});
    REQUIRE(http->post(call_to("node")).has_value());

    auto moved = node;
    moved.url = "http://127.0.0.1:1";
    moved.fields = {{"Authorization", "Bearer of another place"}};
    node.fields = {{"Authorization", "Bearer new"}};
    REQUIRE(http->renew({{"node", node}}).has_value());
    REQUIRE(http->renew({{"node", moved}, {"more", node}}).has_value());
    REQUIRE(http->post(call_to("node")).has_value());
    CHECK(requests.at(0).find("Bearer old\r\n") != std::string::npos);
    CHECK(requests.at(1).find("Bearer new\r\n") != std::string::npos);
    CHECK_FALSE(http->renew({{"node", {"gopher://x", 5s, {}, {}}}}).has_value());
}
