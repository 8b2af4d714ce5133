#include "core/plugin/services.hpp"

#include <poll.h>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

/// The services of one instance, called as a plugin calls them.
struct Served {
    World world;
    std::unique_ptr<HostServices> services;

    explicit Served(const std::string& kind = CONDUCTOR_HEALTH_CHECK) {
        Descriptor descriptor;
        descriptor.id = "org.example.any";
        descriptor.kind = kind;
        descriptor.metrics = {{"level", "", "kind", false}, {"calls", "", "", true}};
        OptionSpec endpoint;
        endpoint.key = "node";
        endpoint.type = OptionType::endpoint;
        descriptor.options = {endpoint};
        OptionValues values;
        values.values["node"] = {std::string{"node"}};
        values.values["n"] = {std::int64_t{7}, std::int64_t{8}};
        values.values["share"] = {0.5};
        values.secrets = {"hunter2"};
        services = std::make_unique<HostServices>("one", descriptor, values, world.ports());
    }
    template <class T>
    const T& table(const char* id) const {
        return *static_cast<const T*>(services->service(services.get(), id));
    }
    struct Rpc {
        conductor_status status;
        std::string text;
    };
    Rpc json(const std::string& endpoint, const std::string& method, const std::string& params = "[]",
             std::size_t bound = 1 << 20) const {
        BoundedText out{bound};
        const auto& rpc = table<conductor_rpc>(CONDUCTOR_RPC);
        const auto status = rpc.json(services.get(), nullptr, as_slice(endpoint), as_slice(method),
                                     as_slice(params), out.sink());
        return {status, out.text()};
    }
    struct Batch {
        conductor_status status;
        std::string text;
        std::vector<std::string> answers;  ///< place, status and text
    };
    Batch batch(const std::string& endpoint,
                const std::vector<std::pair<std::string, std::string>>& calls) const {
        std::vector<conductor_ask> asks;
        for (const auto& [method, params] : calls) asks.push_back({as_slice(method), as_slice(params)});
        std::vector<std::string> answers;
        const conductor_answers to{
            &answers, [](void* self, std::uint32_t index, conductor_status status, conductor_text text) {
                static_cast<std::vector<std::string>*>(self)->push_back(
                    std::to_string(index) + " " + std::to_string(status) + " " + std::string{as_view(text)});
            }};
        BoundedText error{1 << 20};
        const auto& rpc = table<conductor_rpc_batch>(CONDUCTOR_RPC_BATCH);
        const auto status = rpc.json(services.get(), nullptr, as_slice(endpoint), asks.data(),
                                     static_cast<std::uint32_t>(asks.size()), to, error.sink());
        return {status, error.text(), answers};
    }
    void answers(int status, const std::string& body) const {
        world.http->answer = [status, body](const HttpCall&) { return HttpReply{status, body}; };
    }
    void fails(HttpError::Kind kind, const std::string& text) const {
        world.http->answer = [kind, text](const HttpCall&) -> conductor::Result<HttpReply, HttpError> {
            return HttpError{kind, text};
        };
    }
};

}  // namespace

TEST_CASE("a service that does not exist is null, not an error", "[plugin][services]") {
    const Served served;
    CHECK(served.services->service(served.services.get(), "conductor.host.nothing/1") == nullptr);
    CHECK(served.services->service(served.services.get(), nullptr) == nullptr);
}

TEST_CASE("a transfer strategy is offered no network", "[plugin][services]") {
    const Served strategy{CONDUCTOR_LEADER_TRANSFER};
    CHECK(strategy.services->service(strategy.services.get(), CONDUCTOR_RPC) == nullptr);
    CHECK(strategy.services->service(strategy.services.get(), CONDUCTOR_RPC_BATCH) == nullptr);
    CHECK(strategy.services->service(strategy.services.get(), CONDUCTOR_CONFIG) != nullptr);
}

TEST_CASE("options are read by key and index, and only as what they are", "[plugin][services]") {
    const Served served;
    const auto& config = served.table<conductor_config>(CONDUCTOR_CONFIG);
    const auto* host = served.services.get();
    std::int64_t n = 0;
    double d = 0;
    CHECK(config.count(host, "n") == 2);
    CHECK(config.count(host, "absent") == 0);
    CHECK(config.integer(host, "n", 1, &n) == CONDUCTOR_OK);
    CHECK(n == 8);
    CHECK(config.integer(host, "n", 2, &n) == CONDUCTOR_NOT_FOUND);
    CHECK(config.integer(host, "node", 0, &n) == CONDUCTOR_BAD_CONFIG);
    CHECK(config.real(host, "share", 0, &d) == CONDUCTOR_OK);
    CHECK(d == Approx(0.5));
    BoundedText narrow{2};
    CHECK(config.string(host, "node", 0, narrow.sink()) == CONDUCTOR_TRUNCATED);
}

TEST_CASE("an answer of the node is its result, or its own error object", "[plugin][services]") {
    const Served served;
    served.answers(200, R"({"jsonrpc":"2.0","id":1,"result":{"a":[1]}})");
    CHECK(served.json("node", "m").status == CONDUCTOR_OK);
    CHECK(served.json("node", "m").text == R"({"a":[1]})");
    served.answers(200, R"({"jsonrpc":"2.0","id":1,"result":null})");
    CHECK(served.json("node", "m").text == "null");
    served.answers(200, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}})");
    CHECK(served.json("node", "m").status == CONDUCTOR_REMOTE_ERROR);
    CHECK(served.json("node", "m").text == R"({"code":-32601,"message":"no such method"})");
}

TEST_CASE("what is no JSON-RPC is a remote error in the host's words", "[plugin][services]") {
    const Served served;
    served.answers(413, "Request Entity Too Large");
    CHECK(served.json("node", "m").status == CONDUCTOR_REMOTE_ERROR);
    CHECK(served.json("node", "m").text ==
          R"({"code":0,"message":"HTTP status 413: Request Entity Too Large","http":413})");
    for (const auto* body : {"<html>", "", "{}", "[]", R"({"jsonrpc":"2.0")"}) {
        served.answers(200, body);
        CHECK(served.json("node", "m").status == CONDUCTOR_REMOTE_ERROR);
        CHECK(served.json("node", "m").text.find("the answer is no JSON-RPC") != std::string::npos);
    }
}

TEST_CASE("a transport that fails keeps its kind", "[plugin][services]") {
    const Served served;
    using Kind = HttpError::Kind;
    const std::pair<Kind, conductor_status> kinds[] = {{Kind::timed_out, CONDUCTOR_TIMED_OUT},
                                                       {Kind::cancelled, CONDUCTOR_CANCELLED},
                                                       {Kind::unreachable, CONDUCTOR_UNREACHABLE},
                                                       {Kind::too_large, CONDUCTOR_TRUNCATED},
                                                       {Kind::no_endpoint, CONDUCTOR_BAD_CONFIG}};
    for (const auto& [kind, status] : kinds) {
        served.fails(kind, "connect: connection refused");
        CHECK(served.json("node", "m").status == status);
        CHECK(served.json("node", "m").text ==
              R"({"code":0,"message":"connect: connection refused","http":0})");
    }
}

TEST_CASE("a request leaves out empty params and counts its id", "[plugin][services]") {
    const Served served;
    (void)served.json("node", "one");
    (void)served.json("node", "two", R"(["0x1",false])");
    CHECK(served.world.http->asked[0] == R"({"jsonrpc":"2.0","id":1,"method":"one"})");
    CHECK(served.world.http->asked[1] == R"({"jsonrpc":"2.0","id":2,"method":"two","params":["0x1",false]})");
}

TEST_CASE("only endpoints that the instance's own options name can be asked", "[plugin][services]") {
    const Served served;
    CHECK(served.json("execution", "m").status == CONDUCTOR_BAD_CONFIG);
    CHECK(served.json("http://evil", "m").status == CONDUCTOR_BAD_CONFIG);
    CHECK(served.world.http->asked.empty());
}

TEST_CASE("a batch is one request, and each answer finds its call by its number", "[plugin][services][batch]") {
    const Served served;
    served.answers(200, R"([{"id":3,"result":[1, 2]},{"id":1,"error":{"code":-32000,"message":"no"}},)"
                        R"({"id":2,"error":null,"result":null}])");
    const auto got = served.batch("node", {{"a", "[1]"}, {"b", "[]"}, {"c", ""}});
    CHECK(got.status == CONDUCTOR_OK);
    CHECK(got.answers ==
          std::vector<std::string>{R"(2 0 [1, 2])", R"(0 -6 {"code":-32000,"message":"no"})", "1 0 null"});
    REQUIRE(served.world.http->asked.size() == 1);
    CHECK(served.world.http->asked[0] == R"([{"jsonrpc":"2.0","id":1,"method":"a","params":[1]},)"
                                         R"({"jsonrpc":"2.0","id":2,"method":"b"},)"
                                         R"({"jsonrpc":"2.0","id":3,"method":"c"}])");
}

TEST_CASE("a batch that a node does not answer as one is an error with its words",
          "[plugin][services][batch]") {
    const Served served;
    served.answers(200,
                   R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"one by one, please"}})");
    CHECK(served.batch("node", {{"a", ""}}).status == CONDUCTOR_REMOTE_ERROR);
    CHECK(served.batch("node", {{"a", ""}}).text == R"({"code":-32600,"message":"one by one, please"})");
    served.answers(500, "oops");
    CHECK(served.batch("node", {{"a", ""}}).text.find("HTTP status 500: oops") != std::string::npos);
    served.fails(HttpError::Kind::timed_out, "late");
    CHECK(served.batch("node", {{"a", ""}}).status == CONDUCTOR_TIMED_OUT);
    served.answers(200, "[]");
    CHECK(served.batch("node", {{"a", ""}}).status == CONDUCTOR_OK);
    CHECK(served.batch("elsewhere", {{"a", ""}}).status == CONDUCTOR_BAD_CONFIG);
}

TEST_CASE("an empty batch, and one of more than a hundred calls, is refused before anything is sent",
          "[plugin][services][batch]") {
    const Served served;
    served.answers(200, "[]");
    CHECK(served.batch("node", {}).status == CONDUCTOR_REFUSED);
    CHECK(served.batch("node", std::vector<std::pair<std::string, std::string>>(101, {"a", ""})).status ==
          CONDUCTOR_REFUSED);
    CHECK(served.world.http->asked.empty());
    CHECK(served.batch("node", std::vector<std::pair<std::string, std::string>>(100, {"a", ""})).status ==
          CONDUCTOR_OK);
}

TEST_CASE("an answer that the plugin's sink cuts is truncated", "[plugin][services]") {
    const Served served;
    served.answers(200, R"({"result":"0123456789"})");
    CHECK(served.json("node", "m", "[]", 4).status == CONDUCTOR_TRUNCATED);
}

TEST_CASE("a plain page is read with whatever status it has", "[plugin][services]") {
    const Served served;
    served.answers(503, "down");
    const auto& rpc = served.table<conductor_rpc>(CONDUCTOR_RPC);
    BoundedText out{100};
    std::int32_t http = 0;
    CHECK(rpc.get(served.services.get(), nullptr, as_slice("node"), as_slice("/healthz"), &http, out.sink()) ==
          CONDUCTOR_OK);
    CHECK(http == 503);
    CHECK(out.text() == "down");
}

TEST_CASE("an exchange ends a little before its call, so that the plugin can still answer",
          "[plugin][services]") {
    const auto now = std::chrono::steady_clock::now();
    CHECK(exchange_deadline(now + 10s, now) == now + 10s - 50ms);
    CHECK(exchange_deadline(now + 100ms, now) == now + 90ms);
    CHECK(exchange_deadline(SteadyTime::max(), now) == SteadyTime::max());
}

TEST_CASE("a call of the plugin's own thread has no deadline and is cancelled by the beginning of stop",
          "[plugin][services]") {
    const Served served;
    int fd = -1;
    SteadyTime deadline{};
    served.world.http->answer = [&](const HttpCall& call) {
        fd = call.cancel_fd;
        deadline = call.deadline;
        return HttpReply{200, R"({"result":1})"};
    };
    (void)served.json("node", "m");
    CHECK(deadline == SteadyTime::max());
    pollfd poller{fd, POLLIN, 0};
    CHECK(::poll(&poller, 1, 0) == 0);
    served.services->begin_stop();
    CHECK(::poll(&poller, 1, 0) == 1);
}

TEST_CASE("a chatty plugin floods neither log nor metrics", "[plugin][services]") {
    World world;
    const auto instance = world.sample("chatter");
    CHECK(world.judge(*instance).verdict == Verdict::healthy);
    world.close(*instance);
    CHECK(world.log->lines.size() == 50);
    CHECK(world.log->lines[0].instance == "test");
    CHECK(world.log->lines[0].id == "org.example.sample");
    CHECK(world.log->lines[0].pairs == std::vector<LogPair>{{"i", "0"}});
    CHECK(world.metrics->gauges.size() == 33);  // 32 values and the rest
    CHECK(world.metrics->gauges.count("level/other") == 1);
    CHECK(world.metrics->gauges.count("undeclared/") == 0);
    CHECK(world.metrics->counts["calls"] == 1);
}

TEST_CASE("log credit comes back with time", "[plugin][services]") {
    const Served served;
    const auto& log = served.table<conductor_log>(CONDUCTOR_LOG);
    const auto write = [&] { log.write(served.services.get(), CONDUCTOR_LOG_WARN, as_slice("x"), nullptr, 0); };
    for (int i = 0; i < 60; ++i) write();
    CHECK(served.world.log->lines.size() == 50);
    CHECK(served.services->dropped_lines() == 10);
    served.world.clock->monotonic += 1'000'000'000;
    for (int i = 0; i < 60; ++i) write();
    CHECK(served.world.log->lines.size() == 60);
    // Nobody wonders where the others are.
    CHECK(served.world.log->lines[49].pairs.empty());
    CHECK(served.world.log->lines[50].pairs == std::vector<LogPair>{{"dropped_lines", "10"}});
    CHECK(served.world.log->lines[51].pairs.empty());
}

TEST_CASE("a line of a plugin is bounded in every part, and tells no secret", "[plugin][services]") {
    Served served;
    const auto& log = served.table<conductor_log>(CONDUCTOR_LOG);
    const std::string huge(1 << 20, 'x');
    const conductor_pair pairs[] = {{as_slice(huge), as_slice(huge)},
                                    {as_slice("hunter2"), as_slice("hunter2")}};
    log.write(served.services.get(), 99, as_slice(huge), pairs, 2);
    const auto& line = served.world.log->lines.at(0);
    CHECK(line.level == LogLevel::error);  // a level of a younger ABI is the loudest that there is
    CHECK(line.message.size() == detail_bound);
    CHECK(line.pairs.at(0).first.size() == reason_bound);
    CHECK(line.pairs.at(0).second.size() == detail_bound);
    CHECK(line.pairs.at(1) == LogPair{"***", "***"});
}

TEST_CASE("a plugin asks through the host and reads the answer with its selector", "[plugin][services]") {
    World world;
    world.http->answer = [](const HttpCall&) {
        return HttpReply{200, R"({"error":{"code":-32000,"message":"not now"}})"};
    };
    const auto instance = world.sample("ask");
    const auto finding = world.judge(*instance);
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.detail == "not now");
    CHECK(world.http->asked.front() == R"({"jsonrpc":"2.0","id":1,"method":"some_method","params":[1]})");
    world.close(*instance);
}
