#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <conductor/testing/conformance.hpp>
#include <csignal>
#include <cstdlib>
#include <map>

using namespace std::chrono_literals;
namespace testing = conductor::testing;

namespace {

const testing::Library& misbehaving() {
    static const testing::Library library{CONDUCTOR_FIXTURES "/misbehaving.so"};
    return library;
}

/// What the rule of that beginning saw of the plugin in that mode.
std::string seen(const std::string& rule, const std::string& mode) {
    const auto setup = [&mode](const std::string&, testing::Host& host) { host.option("mode", mode); };
    const testing::Subject subject{misbehaving(), *misbehaving().plugins().front(), setup};
    for (const auto& one : testing::rules())
        if (one.name.rfind(rule, 0) == 0) return one.check(subject).problem;
    FAIL("no rule " << rule);
    return {};
}

// What the rules have seen changed, one after the other.
void restore_the_process() {
    (void)std::signal(SIGUSR2, SIG_DFL);
    (void)::umask(022);
    (void)std::setlocale(LC_ALL, "C");
    ::unsetenv("CONDUCTOR_MISBEHAVED");
}

/// Asks for the peers of a node; what stands in for a plugin of an author.
class Peers final : public conductor::HealthCheck {
public:
    explicit Peers(conductor::Host host) : host_{host} {}
    conductor::Finding judge(const conductor_call& call) override {
        const auto answer = host_.call(call, "node", "peers");
        if (!answer.ok()) return conductor::Finding::unhealthy("down", answer.why());
        host_.gauge("connected", static_cast<double>(answer.natural("/connected")));
        host_.log(CONDUCTOR_LOG_INFO, "asked", {{"at", std::to_string(host_.unix_ns())}});
        return conductor::Finding::healthy();
    }

private:
    conductor::Host host_;
};

int called = 0;

/// A host whose tables end before their first member.
struct ShortHost : conductor_host {
    ShortHost() : conductor_host{} {
        size = sizeof(conductor_host);
        service = [](const conductor_host*, const char* id) -> const void* {
            static constexpr conductor_log log{8, 0, [](auto...) { ++called; }};
            static constexpr conductor_clock clock{8, 0, [](auto...) { return std::uint64_t{0}; },
                                                   [](auto...) { return std::int64_t{0}; }};
            static constexpr conductor_metrics metrics{8, 0, [](auto...) { ++called; },
                                                       [](auto...) { ++called; }};
            static constexpr conductor_config config{8, 0, nullptr, nullptr, nullptr, nullptr};
            static constexpr conductor_rpc rpc{8, 0, nullptr, nullptr, nullptr};
            const std::string_view wanted{id};
            if (wanted == CONDUCTOR_LOG) return &log;
            if (wanted == CONDUCTOR_CLOCK) return &clock;
            if (wanted == CONDUCTOR_METRICS) return &metrics;
            if (wanted == CONDUCTOR_CONFIG) return &config;
            return &rpc;
        };
    }
};

}  // namespace

TEST_CASE("a scripted node answers in turn, refuses and hangs", "[sdk][kit]") {
    testing::Host host;
    host.node().answers("peers", R"({"connected":3})").answers("peers", R"({"connected":"0x5"})");
    Peers peers{conductor::Host{&host}};
    const testing::Call call;
    CHECK(peers.judge(call).verdict == CONDUCTOR_HEALTHY);
    CHECK(host.gauges().at("connected") == 3);
    host.advance(2s);
    CHECK(peers.judge(call).verdict == CONDUCTOR_HEALTHY);
    CHECK(host.gauges().at("connected") == 5);
    CHECK(host.lines().back().pairs.at("at") == "1700000002000000000");
    host.node().errors("peers", -32601, "no such \"method\"");
    (void)peers.judge(call);
    CHECK(peers.judge(call).detail == "no such \"method\"");
    host.node().refuses();
    CHECK(peers.judge(call).detail == "connect: connection refused");
    host.node().hangs();
    const testing::Call brief{100ms};
    CHECK(peers.judge(brief).detail == "context deadline exceeded");
    testing::Call cancelled{10s};
    cancelled.cancel();
    CHECK(peers.judge(cancelled).detail == "context canceled");
    CHECK(host.node().asked().size() == 7);
}

TEST_CASE("a service that is withheld, or whose table is too short, is not offered", "[sdk][kit][abi]") {
    testing::Host poor;
    poor.withheld = {CONDUCTOR_LOG, CONDUCTOR_METRICS, CONDUCTOR_CLOCK, CONDUCTOR_CONFIG, CONDUCTOR_RPC};
    const ShortHost lying;
    called = 0;
    for (const conductor_host* raw :
         {static_cast<const conductor_host*>(&poor), static_cast<const conductor_host*>(&lying)}) {
        const conductor::Host host{raw};
        host.log(CONDUCTOR_LOG_INFO, "nobody listens", {{"key", "value"}});
        host.gauge("level", 1);
        host.add("calls", 1);
        const auto status = [](auto ask) -> conductor_status {
            try {
                ask();
            } catch (const conductor::Failure& failure) {
                return failure.status;
            }
            return CONDUCTOR_OK;
        };
        const testing::Call call;
        CHECK(status([&] { (void)host.unix_ns(); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.monotonic_ns(); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.string("key"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.integer("key"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.real("key"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.count("key"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.call(call, "node", "method"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.get(call, "node", "/"); }) == CONDUCTOR_UNSUPPORTED);
        CHECK(status([&] { (void)host.json("{}").kind(); }) == CONDUCTOR_UNSUPPORTED);
    }
    CHECK(called == 0);
}

TEST_CASE("a finding that is too short is not written to", "[sdk][kit][abi]") {
    testing::Host host;
    const testing::Instance instance{misbehaving(), "org.example.misbehaving", host};
    conductor_finding finding{};
    finding.size = offsetof(conductor_finding, reason);
    finding.verdict = 77;
    const testing::Call call;
    const auto& table = instance.table<conductor_health_check>(CONDUCTOR_HEALTH_CHECK);
    CHECK(table.judge(instance.self(), &call, &finding) == CONDUCTOR_INTERNAL);
    CHECK(finding.verdict == 77);
}

TEST_CASE("each rule of conformance sees who breaks it, and nobody else", "[sdk][kit][conformance]") {
    CHECK(seen("a thousand lives", "good").empty());
    CHECK(seen("deadline", "good").empty());
    CHECK(seen("deadline", "deaf").find("judge came back ") == 0);
    const std::map<std::string, std::string> left{{"descriptor", " (/dev/null) is open"},
                                                  {"thread", " threads run on"},
                                                  {"handler", "the handler of signal 12 was changed"},
                                                  {"umask", "the umask was changed"},
                                                  {"directory", "the working directory was changed"},
                                                  {"locale", "the locale was changed"},
                                                  {"environment", "the environment was changed"}};
    for (const auto& [mode, problem] : left) {
        CAPTURE(mode);
        CHECK(seen("a thousand lives", mode).find(problem) != std::string::npos);
        restore_the_process();
    }
}

TEST_CASE("a driver that starts on whatever head there is has to say so", "[sdk][kit][conformance]") {
    const testing::Subject subject{misbehaving(), *misbehaving().plugins().at(1), nullptr};
    CHECK(testing::detail::refuses_headless(subject).problem.find("a start without a head is status 0") == 0);
}

TEST_CASE("a plugin that cannot be made is judged by what can be known without", "[sdk][kit][conformance]") {
    std::vector<std::string> begun;
    std::map<std::string, std::string> problems;
    const auto setup = [](const std::string&, testing::Host& host) {
        host.option("mode", std::string{"unmade"});
    };
    testing::conform(
        {misbehaving(), *misbehaving().plugins().front(), setup},
        [&](const std::string& rule) { begun.push_back(rule); },
        [&](const std::string& rule, const testing::Seen& saw) { problems[rule] = saw.problem; });
    CHECK(begun.back() == testing::can_be_made);
    CHECK(begun.size() == 6);
    CHECK(problems[testing::can_be_made] == "create: not today");
    CHECK(problems["no option at all does no harm"].empty());
}

TEST_CASE("what is required and has no fallback gets a value of its type and bounds", "[sdk][kit]") {
    const auto given = [](conductor_option option) { return testing::detail::plausible(option); };
    CHECK(std::get<std::string>(given(conductor::option_string("k", nullptr, ""))) == "x");
    CHECK(std::get<std::string>(given(conductor::option_choice("k", nullptr, "red|green", ""))) == "red");
    CHECK(std::get<std::string>(given(conductor::option_endpoint("k", nullptr, ""))) == "node");
    CHECK(std::get<std::int64_t>(given(conductor::option_integer("k", nullptr, 7, 9, ""))) == 7);
    CHECK(std::get<double>(given(conductor::option_real("k", nullptr, ""))) == 1);
}

TEST_CASE("a table is looked at before anybody calls through it", "[sdk][kit][abi]") {
    const conductor_health_check whole{
        sizeof whole, 0,
        [](void*, const conductor_call*, conductor_finding*) -> conductor_status { return CONDUCTOR_OK; }};
    const conductor_health_check brief{8, 0, whole.judge};
    const conductor_health_check empty{sizeof empty, 0, nullptr};
    CHECK(testing::table_problem(CONDUCTOR_HEALTH_CHECK, &whole).empty());
    CHECK(testing::table_problem(CONDUCTOR_HEALTH_CHECK, &brief) == "the table of its kind is too short");
    CHECK(testing::table_problem(CONDUCTOR_HEALTH_CHECK, &empty) == "the table of its kind has empty members");
    CHECK(testing::table_problem(CONDUCTOR_HEALTH_CHECK, nullptr) == "it has no table of its own kind");
    for (const auto* kind : {CONDUCTOR_SEQUENCER_DRIVER, CONDUCTOR_NETWORK_PROFILE, CONDUCTOR_LEADER_TRANSFER})
        CHECK(testing::table_problem(kind, &brief) == "the table of its kind is too short");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Sanitizers report the leak themselves, and count no octets.
TEST_CASE("memory that grows is seen", "[sdk][kit][conformance]") {
    CHECK(seen("a thousand lives", "memory").find("the heap grows by ") == 0);
}
#endif

TEST_CASE("values are read as the daemon's selector reads them", "[sdk][kit]") {
    testing::Host host;
    const auto json = conductor::Host{&host}.json(
        R"({"a":1,"a":2,"list":[true,null,-3.5e2],"s":"A\u00e4\ud83d\ude00","x/y~z":{"big":18446744073709551615}})");
    CHECK(json.integer("/a") == 2);
    CHECK(json.boolean("/list/0"));
    CHECK(json.kind("/list/1") == CONDUCTOR_JSON_NULL);
    CHECK(json.real("/list/2") == -350);
    CHECK(json.length("/list") == 3);
    CHECK(json.string("/s") == "A\u00e4\U0001f600");
    CHECK(json.natural("/x~1y~0z/big") == UINT64_MAX);
    CHECK(json.kind("/nothing") == CONDUCTOR_JSON_MISSING);
    CHECK_THROWS_AS(json.integer("/s"), conductor::Failure);
    CHECK_THROWS_AS(conductor::Host{&host}.json("{").kind(), conductor::Failure);
    CHECK_THROWS_AS(json.kind("a"), conductor::Failure);
}
