// What separates two configurations of plugins, and what of a bad one is said before anything changes.
#include "core/daemon/plugin_order.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "core/daemon/reloader.hpp"
#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::daemon;
using conductor::config::test::Start;
using namespace std::chrono_literals;

namespace {

constexpr const char* sample_id = "org.example.sample";

std::string file_with(const std::string& tables) {
    return "[plugins]\ntrust = \"user\"\ndirectories = [\"" + std::string{CONDUCTOR_SAMPLE_PLUGINS} + "\"]\n" +
           tables;
}
std::string extra(const std::string& options, const std::string& more = {}) {
    return "[[health]]\nname = \"extra\"\nplugin = \"org.example.sample\"\n" + more + "options = { " + options +
           " }\n";
}

config::Settings settings_with(const std::string& tables) {
    Start start;
    start.required();
    auto loaded = start.words({"--config", "/c.toml"}).file("/c.toml", file_with(tables)).load();
    auto* settings = std::get_if<config::Settings>(&loaded.outcome);
    if (settings == nullptr)
        FAIL((loaded.problems.empty() ? std::string{"no daemon"} : loaded.problems.front()));
    return std::move(*settings);
}

PluginOrder started(const std::string& tables) {
    auto order = order_of(settings_with(tables), plugin::CrashMarks{});
    if (!order) FAIL(order.error().front());
    return std::move(*order);
}

KnownPlugins known_of(const PluginOrder& order) {
    KnownPlugins out;
    for (const auto* one : order.all()) out[one->wish.instance.plugin] = one->admitted;
    return out;
}

PluginOrder reread(const PluginOrder& was, const std::string& tables) {
    auto order = reorder_of(settings_with(tables), known_of(was));
    if (!order) FAIL(order.error().front());
    return std::move(*order);
}

Difference difference(const std::string& was, const std::string& is) {
    const auto before = started(was);
    const auto after = reread(before, is);
    return difference_of(before.checks.back(), after.checks.back());
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("options marked LIVE change at work, all others wait for a restart", "[daemon][reload]") {
    const auto was = extra("mode = \"healthy\", min = 1");
    CHECK(difference(was, was) == Difference::none);
    CHECK(difference(was, extra("min = 1")) == Difference::none);  // the fallback is the same
    CHECK(difference(was, extra("mode = \"degraded\", min = 1")) == Difference::live);
    CHECK(difference(was, extra("mode = \"healthy\", min = 2")) == Difference::restart);
    CHECK(difference(was, extra("mode = \"degraded\", min = 2")) == Difference::restart);
    for (const auto* more : {"role = \"advice\"\n", "interval = \"7s\"\n", "timeout = \"3s\"\n",
                             "hold_for = \"9s\"\n", "fault_cooldown = \"9s\"\n", "failures_to_unhealthy = 2\n"})
        CHECK(difference(was, extra("mode = \"healthy\", min = 1", more)) == Difference::restart);
}

TEST_CASE("a secret is read again, and a new one may change at work", "[daemon][reload]") {
    const auto file =
        std::filesystem::temp_directory_path() / ("conductor-secret-" + std::to_string(::getpid()));
    const auto tables = extra("token = { file = \"" + file.string() + "\" }");
    std::ofstream{file} << "old";
    const auto was = started(tables);
    CHECK(difference_of(was.checks.back(), reread(was, tables).checks.back()) == Difference::none);
    std::ofstream{file} << "new";
    CHECK(difference_of(was.checks.back(), reread(was, tables).checks.back()) == Difference::live);
    std::filesystem::remove(file);
    const auto gone = reorder_of(settings_with(tables), known_of(was));
    REQUIRE_FALSE(gone.has_value());
    CHECK(gone.error().front().find("/c.toml:7:") != std::string::npos);
}

TEST_CASE("instances that come, go or change their place wait for a restart", "[daemon][reload]") {
    const std::string second = "[[health]]\nname = \"second\"\nplugin = \"org.example.second\"\n";
    const auto was = started(extra("") + second);
    CHECK(moved(was, reread(was, extra("") + second)).empty());
    CHECK(moved(was, reread(was, extra(""))) == Names{"second"});
    CHECK(moved(was, reread(was, second + extra(""))) == Names{"extra", "second"});
    const std::string third = "[[health]]\nname = \"third\"\nplugin = \"org.example.second\"\n";
    CHECK(moved(was, reread(was, extra("") + second + third)) == Names{"third"});
}

TEST_CASE("whoever asks an endpoint that has moved waits for a restart, a new token does not make him",
          "[daemon][reload]") {
    const auto endpoint = [](const std::string& url) { return "[endpoints.there]\nurl = \"" + url + "\"\n"; };
    const auto was = started(extra("node = \"there\"") + endpoint("http://127.0.0.1:1"));
    CHECK(moved(was, reread(was, extra("node = \"there\"") + endpoint("http://127.0.0.1:1"))).empty());
    CHECK(moved(was, reread(was, extra("node = \"there\"") + endpoint("http://127.0.0.1:2"))) ==
          Names{"extra"});
    const auto token =
        std::filesystem::temp_directory_path() / ("conductor-token-" + std::to_string(::getpid()));
    std::ofstream{token} << "t";
    const auto after = reread(was, extra("node = \"there\"") + endpoint("http://127.0.0.1:1") +
                                       "token_file = \"" + token.string() + "\"\n");
    CHECK(moved(was, after).empty());
    CHECK(after.endpoints.at("there").fields.front().second == "Bearer t");
    std::filesystem::remove(token);
}

TEST_CASE("all that is wrong with a new list is said with its place, and nothing is mapped for it",
          "[daemon][reload]") {
    const auto was = started(extra("mode = \"healthy\""));
    const auto bad =
        reorder_of(settings_with(extra("mod = \"healthy\", min = 5000") +
                                 "[[health]]\nname = \"new\"\nplugin = \"org.example.smaple\"\n" +
                                 "[[health]]\nname = \"falls\"\nplugin = \"org.example.unborn\"\n"),
                   known_of(was));
    REQUIRE_FALSE(bad.has_value());
    const auto& said = bad.error();
    REQUIRE(said.size() == 3);
    CHECK(said[0].starts_with("/c.toml:7:"));
    CHECK(said[0].find("did you mean \"mode\"?") != std::string::npos);
    CHECK(said[1].find("is out of range") != std::string::npos);
    CHECK(said[2].find("/c.toml:10:10: health \"new\": plugin \"org.example.smaple\" is not installed") !=
          std::string::npos);
}

TEST_CASE("a library that is not mapped is judged by what lies on the disk", "[daemon][reload]") {
    const auto was = started("");
    const auto after = reread(was, extra("whatever = 1"));
    REQUIRE(after.checks.size() == was.checks.size() + 1);
    CHECK(after.checks.back().wish.instance.plugin == sample_id);
    CHECK(after.checks.back().admitted.library == nullptr);
    CHECK(moved(was, after) == Names{"extra"});
}

TEST_CASE("of a bundled plugin that comes new the options are judged, too", "[daemon][reload]") {
    const auto was = started("");
    const auto bad = reorder_of(settings_with("[[health]]\nname = \"page\"\nplugin = \"io.conductord.http\"\n"
                                              "options = { endpont = \"node\" }\n"),
                                known_of(was));
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().front().find("unknown option \"endpont\"; did you mean \"endpoint\"?") !=
          std::string::npos);
}

TEST_CASE("two instances cannot have one name, of whatever kinds they are", "[daemon][reload]") {
    const auto twice =
        order_of(settings_with("[[health]]\nname = \"mine\"\nplugin = \"org.example.second\"\n"
                               "[transfer]\nname = \"mine\"\nplugin = \"io.conductord.round-robin\"\n"),
                 plugin::CrashMarks{});
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error().front().find("transfer \"mine\": the name is taken by another instance") !=
          std::string::npos);
}

TEST_CASE("a plugin that brought the daemon down twice is not even mapped, the driver alone cannot be left out",
          "[daemon][plugins][7.7]") {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const auto marks =
        std::filesystem::temp_directory_path() / ("conductor-marks-" + std::to_string(::getpid()));
    std::ofstream{marks} << now - 20 << " org.example.unborn\n" << now - 10 << " org.example.unborn\n";
    const auto crashes = plugin::CrashMarks::read(marks, now);
    std::filesystem::remove(marks);
    ::setenv("CONDUCTOR_TEST_CRASH", "1", 1);  // its constructor would end this process
    const auto order =
        order_of(settings_with("[[health]]\nname = \"falls\"\nplugin = \"org.example.unborn\"\n"), crashes);
    ::unsetenv("CONDUCTOR_TEST_CRASH");
    if (!order) FAIL(order.error().front());
    CHECK(order->gate_missing);
    for (const auto* one : order->all()) CHECK(one->wish.instance.plugin != "org.example.unborn");
}

TEST_CASE("options of the program that wait for a restart are named, those of the checks alone are not",
          "[daemon][reload]") {
    const auto effective = [](const std::vector<std::string>& words) {
        Start start;
        start.required();
        return start.words(words).load().effective;
    };
    const auto was = effective({});
    CHECK(changed_options(was, was).empty());
    CHECK(changed_options(was, effective({"--healthcheck.unsafe-interval", "99"})).empty());
    CHECK(changed_options(was, effective({"--raft.heartbeat-timeout", "2s", "--healthcheck.interval", "9"})) ==
          Names{"healthcheck.interval", "raft.heartbeat-timeout"});
}
