#include "core/config/flags.hpp"

#include <catch2/catch.hpp>

#include "core/config/environment.hpp"

using namespace conductor::config;
using namespace std::chrono_literals;

namespace {

Flags parsed(std::vector<std::string> words) {
    return parse_flags(words);
}

std::string problem_of(std::vector<std::string> words) {
    return parsed(std::move(words)).problem.value_or("none");
}

Value value(const Flags& flags, std::string_view name) {
    for (const auto& given : flags.given)
        if (given.option->name == name) return given.value;
    FAIL(name << " was not given");
    return {};
}

}  // namespace

TEST_CASE("one dash or two, equals or blank: the same flag", "[config][flags]") {
    for (const auto& words : std::vector<std::vector<std::string>>{{"-raft.server.id=a"},
                                                                   {"--raft.server.id=a"},
                                                                   {"-raft.server.id", "a"},
                                                                   {"--raft.server.id", "a"}}) {
        const auto flags = parsed(words);
        CHECK_FALSE(flags.problem);
        CHECK(value(flags, "raft.server.id") == Value{std::string{"a"}});
    }
    CHECK(value(parsed({"--raft.server.id", "--odd"}), "raft.server.id") == Value{std::string{"--odd"}});
    CHECK(value(parsed({"--raft.server.id="}), "raft.server.id") == Value{std::string{}});
    CHECK(value(parsed({"--raft.server.id=a=b"}), "raft.server.id") == Value{std::string{"a=b"}});
}

TEST_CASE("a boolean takes a value behind an equals sign only", "[config][flags]") {
    CHECK(value(parsed({"--paused"}), "paused") == Value{true});
    CHECK(value(parsed({"--paused=F"}), "paused") == Value{false});
    // The next word is no value but the end of the flags.
    const auto flags = parsed({"--paused", "false", "--no.such"});
    CHECK(value(flags, "paused") == Value{true});
    CHECK_FALSE(flags.problem);
    CHECK(problem_of({"--paused=maybe"}) == "invalid boolean value \"maybe\" for -paused: parse error");
}

TEST_CASE("the last of two equal flags counts, lists are joined", "[config][flags]") {
    CHECK(value(parsed({"--rpc.port=1", "--rpc.port=2"}), "rpc.port") == Value{std::int64_t{2}});
    CHECK(value(parsed({"--peers.rpc=a=http://a", "--peers.rpc=b=http://b,c=http://c"}), "peers.rpc") ==
          Value{std::vector<std::string>{"a=http://a", "b=http://b", "c=http://c"}});
}

TEST_CASE("flags end at two dashes and at the first other word", "[config][flags]") {
    CHECK_FALSE(parsed({"--", "--no.such"}).problem);
    CHECK_FALSE(parsed({"extra", "--no.such"}).problem);
    CHECK_FALSE(parsed({"-", "--no.such"}).problem);
}

TEST_CASE("a bad flag is refused in the words of Go", "[config][flags]") {
    CHECK(problem_of({"--no.such.flag"}) == "flag provided but not defined: -no.such.flag");
    CHECK(problem_of({"-no=1"}) == "flag provided but not defined: -no");
    CHECK(problem_of({"--rpc.port"}) == "flag needs an argument: -rpc.port");
    CHECK(problem_of({"---x"}) == "bad flag syntax: ---x");
    CHECK(problem_of({"--=x"}) == "bad flag syntax: --=x");
    CHECK(problem_of({"--rpc.port=abc"}) == "invalid value \"abc\" for flag -rpc.port: parse error");
    CHECK(problem_of({"--rpc.port=99999999999999999999"}) ==
          "invalid value \"99999999999999999999\" for flag -rpc.port: value out of range");
    CHECK(problem_of({"--log.level=loud"}) ==
          "invalid value \"loud\" for flag -log.level: unknown level: loud");
    CHECK(problem_of({"--raft.snapshot-interval", "5"}) ==
          "invalid value \"5\" for flag -raft.snapshot-interval: parse error");
}

TEST_CASE("help and version have short names, and help is a command too", "[config][flags]") {
    for (const auto* word : {"-h", "--h", "-help", "--help", "help", "h"}) CHECK(parsed({word}).help);
    for (const auto* word : {"-v", "--version"}) CHECK(parsed({word}).version);
    CHECK_FALSE(parsed({"version"}).version);
}

TEST_CASE("an alias sets the option it stands for", "[config][flags]") {
    CHECK(value(parsed({"--control.interval=750ms"}), "healthcheck.interval") ==
          Value{std::chrono::nanoseconds{750ms}});
}

TEST_CASE("guards that do not exist are not accepted", "[config][flags]") {
    CHECK(problem_of({"--rpc.auth-token=x"}).starts_with("flag provided but not defined"));
    CHECK(problem_of({"--rpc.admin-addr=x"}).starts_with("flag provided but not defined"));
}

TEST_CASE("an empty variable sets texts and booleans, and nothing else", "[config][environment]") {
    const auto read = read_environment({{"OP_CONDUCTOR_RAFT_SERVER_ID", ""},
                                        {"OP_CONDUCTOR_RPC_ENABLE_PROXY", ""},
                                        {"OP_CONDUCTOR_CONSENSUS_PORT", ""},
                                        {"OP_CONDUCTOR_HEALTHCHECK_INTERVAL", ""},
                                        {"OP_CONDUCTOR_RAFT_LEASE_TIMEOUT", ""},
                                        {"OP_CONDUCTOR_LOG_LEVEL", ""}});
    REQUIRE(read.set.size() == 2);
    CHECK(read.set[0].value == Value{std::string{}});
    CHECK(read.set[1].value == Value{false});
    CHECK(read.problems.empty());
    CHECK(read.unknown.empty());
}

TEST_CASE("every bad variable is reported, with its flag", "[config][environment]") {
    const auto read =
        read_environment({{"OP_CONDUCTOR_PAUSED", "maybe"}, {"OP_CONDUCTOR_CONSENSUS_PORT", "x"}});
    REQUIRE(read.problems.size() == 2);
    CHECK(
        read.problems[0] ==
        "could not parse \"x\" as int value from environment variable \"OP_CONDUCTOR_CONSENSUS_PORT\" for flag "
        "consensus.port: strconv.ParseInt: parsing \"x\": invalid syntax");
}

TEST_CASE("strangers under our prefix are named without their value", "[config][environment]") {
    const auto read =
        read_environment({{"OP_CONDUCTOR_FOO", "secret"}, {"OP_CONDUCTORS", "x"}, {"PATH", "/bin"}});
    CHECK(read.unknown == std::vector<std::string>{"OP_CONDUCTORS", "OP_CONDUCTOR_FOO"});
}

TEST_CASE("options of the plugins have no variable", "[config][environment]") {
    CHECK(read_environment({{"OP_CONDUCTOR_PLUGINS_TRUST", "user"}}).unknown.size() == 1);
}
