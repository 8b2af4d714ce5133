// What a conductor says of itself over RPC: shapes, and that whoever asks waits for the core thread.
#include "core/rpc/peer_methods.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::rpc;
using namespace std::chrono_literals;

namespace {

/// Answers when it is told to, from wherever that is.
class Sitter final : public control::Portrait {
public:
    void own_status(std::function<void(peers::Status)> done) override { status = std::move(done); }
    void peers(std::function<void(peers::View)> done) override { view = std::move(done); }
    void health(std::function<void(control::HealthReport)> done) override { report = std::move(done); }
    void plugins(std::function<void(std::vector<control::PluginRow>)> done) override { rows = std::move(done); }

    std::function<void(peers::Status)> status;
    std::function<void(peers::View)> view;
    std::function<void(control::HealthReport)> report;
    std::function<void(std::vector<control::PluginRow>)> rows;
};

class PortraitTable {
public:
    PortraitTable() { add_peer_methods(table_, sitter); }
    void ask(const std::string& name) {
        const auto* method = table_.find(name);
        REQUIRE(method != nullptr);
        CHECK(method->access == Access::read);
        boost::asio::co_spawn(context_, method->later(std::nullopt, {}),
                              [this](const std::exception_ptr&, const Answer& answer) { said = *answer; });
        turn();
    }
    void turn() {
        context_.restart();
        context_.poll();
    }

    Sitter sitter;
    std::string said;

private:
    MethodTable table_;
    boost::asio::io_context context_;
};

control::HealthReport::Check looked(const std::string& instance, control::Judgement judgement) {
    control::HealthReport::Check check;
    check.report.instance = instance;
    check.report.judgement = judgement;
    check.plugin = "conductor.health." + instance;
    check.since = 1'700'000'000'123ms;
    check.report.took = 12ms;
    return check;
}

}  // namespace

TEST_CASE("conductor_peerStatus answers once the core has spoken", "[rpc][peers][3.4.9]") {
    PortraitTable table;
    table.ask("conductor_peerStatus");
    CHECK(table.said.empty());
    REQUIRE(table.sitter.status);
    peers::Status status;
    status.id = ServerId{"seq-1"};
    status.protocol = peers::Protocol::ours;
    status.paused = peers::Says::yes;
    table.sitter.status(status);
    table.turn();
    CHECK(table.said ==
          R"({"id":"seq-1","version":null,"protocol":"conductord","leaseTimeoutMs":null,"health":null,)"
          R"("paused":true,"overridden":null,"active":null,"ready":null,"head":null})");
}

TEST_CASE("conductor_peers shows the table", "[rpc][peers][3.4.9]") {
    PortraitTable table;
    table.ask("conductor_peers");
    REQUIRE(table.sitter.view);
    table.sitter.view({});
    table.turn();
    CHECK(table.said == "[]");
}

TEST_CASE("conductor_healthReport says when nobody has looked yet", "[rpc][peers][3.4.9][4.7.5]") {
    PortraitTable table;
    table.ask("conductor_healthReport");
    REQUIRE(table.sitter.report);
    control::HealthReport report;
    report.checks.push_back({});
    report.checks[0].report.instance = "sync";
    table.sitter.report(report);
    table.turn();
    CHECK(table.said == R"({"verdict":null,"sinceUnixMs":null,"checks":[{"instance":"sync","plugin":null,)"
                        R"("role":"gate","verdict":null,"class":null,"reason":null,"detail":null,)"
                        R"("sinceUnixMs":null,"tookMs":null}]})");
}

TEST_CASE("a health report names the class and reason of what is wrong, and of nothing else",
          "[rpc][peers][3.4.9]") {
    control::HealthReport report;
    report.verdict.healthy = false;
    report.since = 1'700'000'000'000ms;
    auto good = looked("sync", control::Judgement::healthy);
    auto bad = looked("peers", control::Judgement::unhealthy);
    bad.report.role = control::CheckRole::advice;
    bad.report.fault = control::FaultClass::builder_partial;
    bad.report.reason = "too-few";
    bad.report.detail = "1 of \"2\"";
    report.checks = {good, bad};
    CHECK(
        report_json(report) ==
        R"({"verdict":"unhealthy","sinceUnixMs":1700000000000,"checks":[)"
        R"({"instance":"sync","plugin":"conductor.health.sync","role":"gate","verdict":"healthy","class":null,)"
        R"("reason":null,"detail":null,"sinceUnixMs":1700000000123,"tookMs":12},)"
        R"({"instance":"peers","plugin":"conductor.health.peers","role":"advice","verdict":"unhealthy",)"
        R"("class":"builder_partial","reason":"too-few","detail":"1 of \"2\"","sinceUnixMs":1700000000123,)"
        R"("tookMs":12}]})");
    report.verdict.healthy = report.verdict.degraded = true;
    CHECK(report_json(report).starts_with(R"({"verdict":"degraded")"));
}

TEST_CASE("conductor_plugins lists who is at work, from where, and how it is", "[rpc][peers][3.4.9]") {
    PortraitTable table;
    table.ask("conductor_plugins");
    REQUIRE(table.sitter.rows);
    table.sitter.rows({{"disk",
                        "org.example.disk",
                        "conductor.health-check/1",
                        "1.0.0",
                        "0.1",
                        "/usr/local/lib/conductord/plugins/disk.so",
                        "healthy",
                        {}}});
    table.turn();
    CHECK(table.said == R"([{"instance":"disk","id":"org.example.disk","kind":"conductor.health-check/1",)"
                        R"("version":"1.0.0","abi":"0.1","path":"/usr/local/lib/conductord/plugins/disk.so",)"
                        R"("state":"healthy"}])");
    table.ask("conductor_plugins");
    table.sitter.rows({});
    table.turn();
    CHECK(table.said == "[]");
}
