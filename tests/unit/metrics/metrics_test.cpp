#include "core/metrics/metrics.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>

#include "core/metrics/exposition.hpp"
#include "core/plugin/served_metrics.hpp"
#include "core/rpc/http_server.hpp"
#include "core/rpc/metrics_observer.hpp"
#include "core/rpc/metrics_route.hpp"
#include "core/runtime/io_threads.hpp"
#include "tests/unit/metrics/scrape.hpp"
#include "tests/unit/rpc/raw_client.hpp"

using namespace conductor;
using namespace conductor::metrics;
using namespace std::chrono_literals;
using metrics::test::parse_scrape;
using metrics::test::Scrape;

namespace {

const std::string prefix{"op_conductor_"};

Scrape scrape_of(Metrics& metrics) {
    return parse_scrape(metrics.scrape());
}

}  // namespace

TEST_CASE("a float is spelled as Go spells it", "[metrics]") {
    const auto [value, text] =
        GENERATE(table<double, std::string>({{0, "0"},
                                             {1, "1"},
                                             {-1, "-1"},
                                             {0.005, "0.005"},
                                             {0.00025, "0.00025"},
                                             {0.0001, "0.0001"},
                                             {0.00001, "1e-05"},
                                             {2.5, "2.5"},
                                             {100000, "100000"},
                                             {999999, "999999"},
                                             {1e6, "1e+06"},
                                             {1.5e6, "1.5e+06"},
                                             {-2.5e6, "-2.5e+06"},
                                             {1507876, "1.507876e+06"},
                                             {1.79541384084e9, "1.79541384084e+09"},
                                             {18446744073709551615.0, "1.8446744073709552e+19"},
                                             {1e100, "1e+100"},
                                             {HUGE_VAL, "+Inf"},
                                             {-HUGE_VAL, "-Inf"},
                                             {std::nan(""), "NaN"}}));
    CHECK(go_float(value) == text);
}

TEST_CASE("what may be counted is at zero before it happens", "[metrics]") {
    Metrics metrics{"v1"};
    metrics.rpc_served({"conductor_leader"});
    auto scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "info"].value({{"version", "v1"}}) == 1);
    CHECK(scrape[prefix + "up"].value({}) == 0);
    CHECK(scrape[prefix + "state_changes_count"].samples.size() == 8);
    CHECK(scrape[prefix + "leader_transfers_count"].value({{"success", "false"}}) == 0);
    CHECK(scrape[prefix + "sequencer_stops_count"].value({{"success", "true"}}) == 0);
    CHECK(scrape[prefix + "healthchecks_count"].value({{"success", "true"}, {"error", ""}}) == 0);
    CHECK(scrape[prefix + "rpc_server_requests_total"].value(
              {{"rpc", "main"}, {"method", "conductor_leader"}}) == 0);
    CHECK(scrape[prefix + "loop_execution_time"].value({}, "_count") == 0);
    // A level is absent until somebody knows it.
    CHECK_FALSE(scrape.contains(prefix + "leader"));
    CHECK_FALSE(scrape.contains(prefix + "raft_term"));
}

TEST_CASE("levels show the last that was said, and nothing of what is unknown", "[metrics]") {
    Metrics metrics{"v1"};
    RaftFigures raft;
    raft.term = 7;
    raft.commit_index = 90;
    raft.voters = 3;
    raft.peers = {{"b", 150ms, 91}, {"c", std::nullopt, 12}};
    metrics.show(raft);
    ChainFigures chain;
    chain.el_head = 41;
    chain.unsafe_age = 1500ms;
    metrics.show(chain);
    NodeFigures node;
    node.state = {true, false, true};
    node.paused = true;
    metrics.show(node);
    metrics.show(std::vector<PeerRpc>{{"b", true, true}});

    auto scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "raft_term"].value({}) == 7);
    CHECK(scrape[prefix + "cluster_servers"].value({{"suffrage", "voter"}}) == 3);
    CHECK(scrape[prefix + "raft_last_contact_seconds"].value({{"peer", "b"}}) == 0.15);
    CHECK_FALSE(scrape[prefix + "raft_last_contact_seconds"].has({{"peer", "c"}}));
    CHECK(scrape[prefix + "raft_peer_next_index"].value({{"peer", "c"}}) == 12);
    CHECK(scrape[prefix + "unsafe_head_number"].value({{"source", "el"}}) == 41);
    CHECK_FALSE(scrape[prefix + "unsafe_head_number"].has({{"source", "fsm"}}));
    CHECK(scrape[prefix + "unsafe_head_age_seconds"].value({}) == 1.5);
    CHECK_FALSE(scrape.contains(prefix + "safe_head_age_seconds"));
    CHECK(scrape[prefix + "leader"].value({}) == 1);
    CHECK(scrape[prefix + "healthy"].value({}) == 0);
    CHECK(scrape[prefix + "paused"].value({}) == 1);
    CHECK(scrape[prefix + "peer_rpc_known"].value({{"peer", "b"}, {"guessed", "true"}}) == 1);

    raft.peers = {{"c", 2s, std::nullopt}};
    metrics.show(raft);
    metrics.show(ChainFigures{});
    metrics.show(std::vector<PeerRpc>{});
    scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "raft_last_contact_seconds"].value({{"peer", "c"}}) == 2);
    CHECK_FALSE(scrape[prefix + "raft_last_contact_seconds"].has({{"peer", "b"}}));
    CHECK_FALSE(scrape.contains(prefix + "raft_peer_next_index"));
    CHECK_FALSE(scrape.contains(prefix + "unsafe_head_number"));
    CHECK_FALSE(scrape.contains(prefix + "unsafe_head_age_seconds"));
    CHECK_FALSE(scrape.contains(prefix + "peer_rpc_known"));
}

TEST_CASE("each event of ours counts where it says", "[metrics]") {
    Metrics metrics{"v1"};
    metrics.action_failed("start", "timed_out");
    metrics.sequencer_start_failed();
    metrics.sequencer_stop_failed();
    metrics.went_without_sequencer(2500ms);
    metrics.failed_over(700ms);
    metrics.check_answered("el", 3ms, Outcome::failure);
    metrics.rpc_body_refused();
    metrics.rpc_connection_refused();
    metrics.relay_client_dropped();
    metrics.relay_clients(4);
    metrics.builder_connection_tried("ws://builder", Outcome::failure);

    auto scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "action_failures_total"].value({{"action", "start"}, {"reason", "timed_out"}}) == 1);
    CHECK(scrape[prefix + "sequencer_start_failures_total"].value({}) == 1);
    CHECK(scrape[prefix + "sequencer_stop_failures_total"].value({}) == 1);
    CHECK(scrape[prefix + "time_without_active_sequencer_seconds_total"].value({}) == 2.5);
    CHECK(scrape[prefix + "failover_duration_seconds"].value({{"le", "0.5"}}) == 0);
    CHECK(scrape[prefix + "failover_duration_seconds"].value({{"le", "1"}}) == 1);
    CHECK(scrape[prefix + "health_check_ok"].value({{"check", "el"}}) == 0);
    CHECK(scrape[prefix + "health_check_duration_seconds"].value({{"check", "el"}}, "_count") == 1);
    CHECK(scrape[prefix + "rpc_server_bodies_refused_total"].value({}) == 1);
    CHECK(scrape[prefix + "rpc_server_connections_refused_total"].value({}) == 1);
    CHECK(scrape[prefix + "ws_slow_client_drops_total"].value({}) == 1);
    CHECK(scrape[prefix + "websocket_clients_connected"].value({}) == 4);
    CHECK(scrape[prefix + "rollup_boost_connection_attempts_count"].value(
              {{"success", "false"}, {"source", "ws://builder"}}) == 1);
}

TEST_CASE("a duration on a bucket's bound is within that bucket", "[metrics]") {
    Metrics metrics{"v1"};
    metrics.loop_turned(5ms);
    CHECK(scrape_of(metrics)[prefix + "loop_execution_time"].value({{"le", "0.005"}}) == 1);
}

TEST_CASE("labels hold any text, and however many there are, series stay bounded", "[metrics]") {
    Metrics metrics{"v1"};
    const std::string odd{"a\"b\\c\nd"};
    metrics.health_checked(odd);
    for (int i = 0; i < 2000; ++i) metrics.health_checked("error " + std::to_string(i));
    auto scrape = scrape_of(metrics);
    const auto& checks = scrape[prefix + "healthchecks_count"];
    CHECK(metrics.scrape().find(R"(error="a\"b\\c\nd")") != std::string::npos);
    CHECK(checks.samples.size() <= 513);
    double sum = 0;
    for (const auto& sample : checks.samples) sum += sample.value;
    CHECK(sum == 2001);  // nothing is lost
}

TEST_CASE("a plugin's metrics bear its name; what cannot be served is refused and counted", "[metrics]") {
    const auto served = std::make_shared<Metrics>("v1");
    plugin::ServedMetrics port{served};
    port.gauge({"el", "connected", "Connected peers", "layer", "el"}, 5);
    port.gauge({"cl", "connected", "Other words", {}, {}}, 6);
    port.count({"el", "asked", "Questions", {}, {}}, 2);
    port.count({"el", "asked", "Questions", {}, {}}, 3);
    port.count({"cl", "connected", "Of the other type", {}, {}}, 1);
    port.gauge({"cl", "no name", "Blank", {}, {}}, 1);
    port.gauge({"cl", "", "Nothing", {}, {}}, 1);
    port.gauge({"cl", "own", "Reserved label", "__name__", "x"}, 1);

    auto scrape = scrape_of(*served);
    const auto& connected = scrape[prefix + "plugin_connected"];
    CHECK(connected.type == "gauge");
    CHECK(connected.help == "Connected peers");
    CHECK(connected.value({{"plugin", "el"}, {"layer", "el"}}) == 5);
    CHECK(connected.value({{"plugin", "cl"}}) == 6);
    CHECK(scrape[prefix + "plugin_asked"].value({{"plugin", "el"}}) == 5);
    CHECK(scrape[prefix + "plugin_own"].value({{"plugin", "cl"}}) == 1);
    CHECK(scrape[prefix + "plugin_metrics_refused_total"].value({}) == 3);
}

TEST_CASE("a scrape tells of this process and counts itself", "[metrics]") {
    Metrics metrics{"v1"};
    (void)metrics.scrape();
    auto scrape = scrape_of(metrics);
    CHECK(scrape["promhttp_metric_handler_requests_total"].value({{"code", "200"}}) == 1);
    CHECK(scrape["promhttp_metric_handler_requests_in_flight"].value({}) == 1);
    CHECK(scrape["process_open_fds"].value({}) >= 3);
    CHECK(scrape["process_resident_memory_bytes"].value({}) > 1e5);
    const auto now = std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count();
    const auto age = now - scrape["process_start_time_seconds"].value({});
    CHECK(age > -5);
    CHECK(age < 3600);
}

TEST_CASE("events from many threads are all counted while others scrape", "[metrics][threads]") {
    Metrics metrics{"v1"};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&metrics, t] {
            RpcCall call;
            call.method = "conductor_leader";
            RaftFigures raft;
            for (int i = 0; i < 200; ++i) {
                metrics.rpc_answered(call);
                metrics.health_checked("error " + std::to_string(i % 7));
                raft.peers = {{std::to_string((i + t) % 3), 1ms, 1}};
                metrics.show(raft);
                metrics.plugin_counter({"p", "asked", "Questions", "l", std::to_string(i % 5)}, 1);
                if (i % 50 == 0) (void)metrics.scrape();
            }
        });
    for (auto& thread : threads) thread.join();
    auto scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "rpc_server_requests_total"].value(
              {{"rpc", "main"}, {"method", "conductor_leader"}}) == 800);
    CHECK(scrape["promhttp_metric_handler_requests_total"].value({{"code", "200"}}) == 16);
}

TEST_CASE("the metrics port answers every path and verb with the scrape", "[metrics][http]") {
    Metrics metrics{"v1"};
    rpc::MetricsRoute route{metrics};
    rpc::Observer silent;
    IoThreads threads{1};
    rpc::HttpServerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    rpc::HttpServer server{[&] { return threads.next(); }, route, silent, options};
    const auto port = server.listen();
    REQUIRE(port.has_value());

    const std::string request = GENERATE(
        as<std::string>{}, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /foo?x=1 HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\r\n",
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    INFO(request);
    const bool head = request.starts_with("HEAD");
    rpc::test::RawClient client{*port};
    REQUIRE(client.send(request));
    const auto answer = client.receive(head);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    const bool packed = request.find("gzip") != std::string::npos;
    CHECK(answer->field("Content-Encoding").has_value() == packed);
    if (head) {
        CHECK(answer->body.empty());
    } else {
        const auto text = packed ? rpc::test::gunzip(answer->body) : answer->body;
        CHECK(parse_scrape(text)[prefix + "info"].value({{"version", "v1"}}) == 1);
    }
    boost::asio::co_spawn(threads.next(), server.stop(), boost::asio::use_future).get();
}

TEST_CASE("the scrape is packed for whoever wants that more than the plain text", "[metrics][http]") {
    const auto [accepted, packed] = GENERATE(table<std::string, bool>({
        {"gzip", true},
        {"deflate, gzip", true},
        {"gzip;q=0.5", true},
        {"gzip;q=1.0, identity;q=0.5", true},
        {"zstd,gzip;q=0.8", true},
        {"gzip, *;q=0", true},
        {"gzip;q=0", false},
        {"gzip;q=0.0, deflate", false},
        {"identity, gzip", false},
        {"*", false},
        {"xgzip", false},
        {"", false},
    }));
    CAPTURE(accepted);
    Metrics metrics{"v1"};
    rpc::MetricsRoute route{metrics};
    rpc::RequestHead head;
    head.accept_encoding = accepted;
    const auto admission = route.admit(head);
    REQUIRE(admission.at_once.has_value());
    const auto& fields = admission.at_once->fields;
    CHECK(std::ranges::any_of(fields, [](const auto& field) { return field.first == "Content-Encoding"; }) ==
          packed);
}

TEST_CASE("what the RPC server reports is counted and handed on", "[metrics][rpc]") {
    struct Next final : rpc::Observer {
        int told{0};
        void call_answered(const rpc::CallFacts&) override { ++told; }
        void payload_transcoded(Duration) override { ++told; }
        void commit_begins(BlockNumber, const BlockHash&) override { ++told; }
        void commit_answered(const rpc::CommitFacts&) override { ++told; }
        void body_refused(std::uint64_t, std::uint64_t) override { ++told; }
        void connection_refused() override { ++told; }
    };
    Metrics metrics{"v1"};
    Next next;
    rpc::MetricsObserver observer{metrics, next};
    rpc::CallFacts facts;
    facts.method = "conductor_leader";
    facts.error_code = -32000;
    facts.params_octets = 2;
    observer.call_answered(facts);
    observer.payload_transcoded(1ms);
    observer.commit_begins(BlockNumber{7}, BlockHash{});
    observer.commit_answered({rpc::CommitVia::json, BlockNumber{7}, {}, 4ms, 2000, {}});
    observer.commit_answered({rpc::CommitVia::binary, BlockNumber{8}, {}, 6ms, 3000, "node is not the leader"});
    observer.body_refused(9, 8);
    observer.connection_refused();

    CHECK(next.told == 7);
    auto scrape = scrape_of(metrics);
    CHECK(scrape[prefix + "rpc_server_responses_total"].value(
              {{"rpc", "main"}, {"method", "conductor_leader"}, {"error", "rpc_-32000"}}) == 1);
    CHECK(scrape[prefix + "commit_total"].value({{"result", "success"}}) == 1);
    CHECK(scrape[prefix + "commit_total"].value({{"result", "failure"}}) == 1);
    CHECK(scrape[prefix + "commit_payload_size_bytes"].value({}, "_sum") == 2000);
    CHECK(scrape[prefix + "commit_marshal_duration_seconds"].value({}, "_count") == 1);
    CHECK(scrape[prefix + "commit_raft_apply_duration_seconds"].value({}, "_count") == 1);
    CHECK(scrape[prefix + "binary_commit_request_duration_seconds"].value({{"success", "false"}}, "_count") ==
          1);
    CHECK(scrape[prefix + "commit_duration_seconds"].value({{"transport", "json"}}, "_count") == 1);
}
