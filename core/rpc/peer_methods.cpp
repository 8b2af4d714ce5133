#include "core/rpc/peer_methods.hpp"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "core/peers/status_json.hpp"
#include "core/rpc/json_text.hpp"
#include "core/rpc/pending.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;
using control::CheckRole;
using control::FaultClass;
using control::HealthReport;
using control::Judgement;

namespace {

std::string milliseconds(const std::optional<std::chrono::nanoseconds>& span) {
    if (!span) return "null";
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*span).count());
}

std::string text_or_null(std::string_view text) {
    return text.empty() ? std::string{"null"} : json_string(text);
}

std::string_view word_of(const control::Verdict& verdict) {
    if (!verdict.healthy) return "unhealthy";
    return verdict.degraded ? "degraded" : "healthy";
}

std::string_view word_of(FaultClass fault) {
    switch (fault) {
        case FaultClass::hard:
            return "hard";
        case FaultClass::stale:
            return "stale";
        case FaultClass::node_down:
            return "node_down";
        case FaultClass::supervisor_down:
            return "supervisor_down";
        case FaultClass::builder_unreachable:
            return "builder_unreachable";
        case FaultClass::builder_partial:
            return "builder_partial";
        case FaultClass::builder_down:
            return "builder_down";
    }
    return {};
}

std::string check_json(const HealthReport::Check& check) {
    const auto& report = check.report;
    const bool faulty = report.judgement == Judgement::unhealthy || report.judgement == Judgement::degraded;
    return R"({"instance":)" + json_string(report.instance) + R"(,"plugin":)" + text_or_null(check.plugin) +
           R"(,"role":)" + (report.role == CheckRole::gate ? R"("gate")" : R"("advice")") + R"(,"verdict":)" +
           text_or_null(control::to_text(report.judgement)) + R"(,"class":)" +
           (faulty ? text_or_null(word_of(report.fault)) : std::string{"null"}) + R"(,"reason":)" +
           text_or_null(report.reason) + R"(,"detail":)" + text_or_null(report.detail) + R"(,"sinceUnixMs":)" +
           milliseconds(check.since) + R"(,"tookMs":)" + milliseconds(report.took) + "}";
}

std::string plugins_json(const std::vector<control::PluginRow>& rows) {
    std::string out;
    for (const auto& row : rows)
        out += (out.empty() ? R"({"instance":)" : R"(,{"instance":)") + json_string(row.instance) +
               R"(,"id":)" + json_string(row.id) + R"(,"kind":)" + json_string(row.kind) + R"(,"version":)" +
               json_string(row.version) + R"(,"abi":)" + json_string(row.abi) + R"(,"path":)" +
               json_string(row.path) + R"(,"state":)" + json_string(row.state) + "}";
    return '[' + out + ']';
}

template <class T>
asio::awaitable<Answer> answered(std::function<void(std::function<void(T)>)> ask,
                                 std::string (*text)(const T&)) {
    const Pending<T> pending{co_await asio::this_coro::executor};
    auto done = [pending](T value) { pending.give(std::move(value)); };
    ask(std::move(done));
    const auto value = co_await pending.wait();
    if (!value) co_return application_error("request timed out");
    co_return text(*value);
}

}  // namespace

std::string report_json(const HealthReport& report) {
    std::string checks;
    for (const auto& check : report.checks) checks += (checks.empty() ? "" : ",") + check_json(check);
    return R"({"verdict":)" + (report.since ? json_string(word_of(report.verdict)) : std::string{"null"}) +
           R"(,"sinceUnixMs":)" + milliseconds(report.since) + R"(,"checks":[)" + checks + "]}";
}

void add_peer_methods(MethodTable& table, control::Portrait& portrait) {
    const auto read = Access::read;
    table.add<>("conductor_peerStatus", read, [&portrait] {
        return answered<peers::Status>([&portrait](auto done) { portrait.own_status(std::move(done)); },
                                       &peers::status_json);
    });
    table.add<>("conductor_peers", read, [&portrait] {
        return answered<peers::View>([&portrait](auto done) { portrait.peers(std::move(done)); },
                                     &peers::table_json);
    });
    table.add<>("conductor_healthReport", read, [&portrait] {
        return answered<HealthReport>([&portrait](auto done) { portrait.health(std::move(done)); },
                                      &report_json);
    });
    table.add<>("conductor_plugins", read, [&portrait] {
        return answered<std::vector<control::PluginRow>>(
            [&portrait](auto done) { portrait.plugins(std::move(done)); }, &plugins_json);
    });
}

}  // namespace conductor::rpc
