// Plays the events behind a recorded scrape of a real op-conductor and compares what ours serves then. Any
// difference that docs/divergence.md does not list fails.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <set>

#include "core/metrics/metrics.hpp"
#include "tests/support/checkout.hpp"
#include "tests/unit/metrics/scrape.hpp"

using namespace conductor;
using namespace conductor::metrics;
using metrics::test::Family;
using metrics::test::Sample;
using metrics::test::Scrape;
using TestLabels = metrics::test::Labels;

namespace {

const std::set<std::string> methods{"admin_sequencerActive",
                                    "conductor_active",
                                    "conductor_addServerAsNonvoter",
                                    "conductor_addServerAsVoter",
                                    "conductor_clusterMembership",
                                    "conductor_commitUnsafePayload",
                                    "conductor_demoteVoter",
                                    "conductor_leader",
                                    "conductor_leaderOverridden",
                                    "conductor_leaderWithID",
                                    "conductor_overrideLeader",
                                    "conductor_pause",
                                    "conductor_paused",
                                    "conductor_removeServer",
                                    "conductor_resume",
                                    "conductor_sequencerHealthy",
                                    "conductor_stop",
                                    "conductor_stopped",
                                    "conductor_transferLeader",
                                    "conductor_transferLeaderToServer",
                                    "eth_getBlockByNumber",
                                    "health_status",
                                    "miner_setMaxDASize",
                                    "optimism_outputAtBlock",
                                    "optimism_rollupConfig",
                                    "optimism_syncStatus",
                                    "rpc_modules"};

// The first column of the last table of the section: families (`go_*`) and labels.
std::set<std::string> allowed_differences() {
    std::ifstream page{checkout::sources() + "/docs/divergence.md"};
    std::set<std::string> rows;
    bool here = false;
    bool last_table = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("## ")) here = line == "## metrics";
        if (!here) last_table = false;
        if (here && line == "| Recorded | Ours |") last_table = true;
        if (!last_table || !line.starts_with("| `")) continue;
        rows.insert(line.substr(3, line.find('`', 3) - 3));
    }
    return rows;
}

Duration seconds_of(double value) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{value});
}

// One value for each observation of a histogram: within its bucket.
std::vector<double> observations(const Family& family, const TestLabels& labels) {
    std::vector<double> values;
    double below = 0;
    for (const auto& sample : family.samples) {
        auto own = sample.labels;
        const auto le = own.extract("le");
        if (own != labels || le.empty()) continue;
        const bool last = le.mapped() == "+Inf";
        const double bound = last ? below * 2 : std::strtod(le.mapped().c_str(), nullptr);
        while (static_cast<double>(values.size()) < sample.value)
            values.push_back(last ? bound : (below + bound) / 2);
        below = last ? below : bound;
    }
    return values;
}

const Family& family_of(const Scrape& scrape, const std::string& name) {
    static const Family none;
    const auto found = scrape.find("op_conductor_" + name);
    return found == scrape.end() ? none : found->second;
}

std::string as_ours(const std::string& method) {
    return method.empty() || methods.contains(method) ? method : "unknown";
}

TestLabels as_ours(TestLabels labels) {
    if (labels.contains("method")) labels["method"] = as_ours(labels["method"]);
    return labels;
}

template <class F>
void times(const Sample& sample, F&& event) {
    for (double i = 0; i < sample.value; ++i) event();
}

Outcome outcome_of(const TestLabels& labels) {
    return labels.at("success") == "true" ? Outcome::success : Outcome::failure;
}

Order order_of(const TestLabels& labels) {
    return labels.at("success") == "true" ? Order::obeyed : Order::already_so;
}

void play_rpc(const Scrape& scrape, Metrics& metrics) {
    const auto& responses = family_of(scrape, "rpc_server_responses_total");
    for (const auto& requests : family_of(scrape, "rpc_server_requests_total").samples) {
        const auto& labels = requests.labels;
        const auto durations = observations(family_of(scrape, "rpc_server_request_duration_seconds"), labels);
        auto duration = durations.begin();
        const auto method = as_ours(labels.at("method"));
        RpcCall call;
        call.method = method;
        call.params_octets =
            static_cast<std::size_t>(family_of(scrape, "rpc_server_params_size_total").value(labels));
        const auto& results = family_of(scrape, "rpc_server_results_size_total");
        if (results.has(labels)) call.result_octets = static_cast<std::size_t>(results.value(labels));
        for (const auto& response : responses.samples) {
            if (response.labels.at("method") != labels.at("method")) continue;
            const auto& error = response.labels.at("error");
            call.error_code.reset();
            if (error != "<nil>") call.error_code = std::stoi(error.substr(std::string{"rpc_"}.size()));
            times(response, [&] {
                call.took = seconds_of(*duration++);
                metrics.rpc_answered(call);
                call.params_octets =
                    0;  // all of them came with the first call, the results' with the first success
                if (!call.error_code) call.result_octets = 0;
            });
        }
        CHECK(duration == durations.end());
    }
    for (const auto& sample : family_of(scrape, "rpc_client_notifications_received_total").samples) {
        RpcCall call;
        const auto method = as_ours(sample.labels.at("method"));
        call.method = method;
        call.notification = true;
        times(sample, [&] { metrics.rpc_answered(call); });
    }
}

void play_commits(const Scrape& scrape, Metrics& metrics) {
    const auto& binary = family_of(scrape, "binary_commit_request_duration_seconds");
    const auto octets = observations(family_of(scrape, "commit_payload_size_bytes"), {});
    auto next = octets.begin();
    for (const double took : observations(binary, {{"success", "false"}}))
        metrics.commit_answered(CommitRoute::binary, Outcome::failure, seconds_of(took), 1);
    for (const double took : observations(binary, {{"success", "true"}}))
        metrics.commit_answered(CommitRoute::binary, Outcome::success, seconds_of(took),
                                static_cast<std::size_t>(*next++));
    while (next != octets.end())
        metrics.commit_answered(CommitRoute::json, Outcome::success, Duration{},
                                static_cast<std::size_t>(*next++));
    for (const double took : observations(family_of(scrape, "commit_marshal_duration_seconds"), {}))
        metrics.payload_transcoded(seconds_of(took));
    for (const double took : observations(family_of(scrape, "commit_raft_apply_duration_seconds"), {}))
        metrics.payload_replicated(seconds_of(took));
    for (const double took : observations(family_of(scrape, "fsm_apply_duration_seconds"), {}))
        metrics.payload_applied(seconds_of(took));
    for (const double took : observations(family_of(scrape, "raft_log_store_duration_seconds"), {}))
        metrics.log_stored(seconds_of(took));
}

void play(const Scrape& scrape, Metrics& metrics) {
    if (family_of(scrape, "up").value({}) == 1) metrics.started();
    for (const auto& s : family_of(scrape, "healthchecks_count").samples)
        times(s, [&] { metrics.health_checked(s.labels.at("error")); });
    for (const auto& s : family_of(scrape, "leader_transfers_count").samples)
        times(s, [&] { metrics.leadership_transferred(outcome_of(s.labels)); });
    for (const auto& s : family_of(scrape, "sequencer_starts_count").samples)
        times(s, [&] { metrics.sequencer_started(order_of(s.labels)); });
    for (const auto& s : family_of(scrape, "sequencer_stops_count").samples)
        times(s, [&] { metrics.sequencer_stopped(order_of(s.labels)); });
    for (const auto& s : family_of(scrape, "state_changes_count").samples) {
        NodeState state;
        state.leader = s.labels.at("leader") == "true";
        state.healthy = s.labels.at("healthy") == "true";
        state.active = s.labels.at("active") == "true";
        times(s, [&] { metrics.state_entered(state); });
    }
    for (const double took : observations(family_of(scrape, "loop_execution_time"), {}))
        metrics.loop_turned(seconds_of(took));
    metrics.relay_clients(static_cast<std::size_t>(family_of(scrape, "websocket_clients_connected").value({})));
    play_rpc(scrape, metrics);
    play_commits(scrape, metrics);
}

// Samples whose labels become one of ours are one of ours.
std::map<std::pair<std::string, TestLabels>, double> summed(const Family& family) {
    std::map<std::pair<std::string, TestLabels>, double> sums;
    for (const auto& sample : family.samples) sums[{sample.name, as_ours(sample.labels)}] += sample.value;
    return sums;
}

}  // namespace

TEST_CASE("after the events of a recorded op-conductor ours serves the same series with the same counts",
          "[metrics][recorded]") {
    const auto name =
        GENERATE(as<std::string>{}, "okx-failover-leader", "okx-failover-follower", "okx-fresh-leader",
                 "okx-steady-leader", "okx-steady-follower", "base-failover-leader", "base-failover-follower",
                 "base-fresh-leader", "base-steady-leader", "base-steady-follower");
    INFO(name);
    const auto theirs = metrics::test::parse_scrape(metrics::test::recorded(name));
    Metrics metrics{family_of(theirs, "info").samples.at(0).labels.at("version")};
    metrics.rpc_served({methods.begin(), methods.end()});
    play(theirs, metrics);
    const auto ours = metrics::test::parse_scrape(metrics.scrape());
    const auto allowed = allowed_differences();
    REQUIRE(allowed.contains("method"));

    std::size_t compared = 0;
    for (const auto& [family_name, family] : theirs) {
        if (allowed.contains("go_*") && family_name.starts_with("go_")) continue;
        INFO(family_name);
        const auto found = ours.find(family_name);
        REQUIRE(found != ours.end());
        CHECK(found->second.help == family.help);
        CHECK(found->second.type == family.type);
        const bool counts = family_name.starts_with("op_conductor_");
        const auto mine = summed(found->second);
        for (const auto& [sample, value] : summed(family)) {
            std::string shown = sample.first;
            for (const auto& [label, text] : sample.second) shown += " " + label + "=" + text;
            INFO(shown);
            const auto same = mine.find(sample);
            REQUIRE(same != mine.end());
            if (counts && !sample.first.ends_with("_sum")) CHECK(same->second == value);
            ++compared;
        }
        // No bucket and no label set of another shape beside the recorded ones.
        for (const auto& [sample, value] : mine) {
            std::set<std::string> labels;
            for (const auto& label : sample.second) labels.insert(label.first);
            std::set<std::string> recorded_labels;
            for (const auto& other : family.samples)
                if (other.name == sample.first)
                    for (const auto& label : other.labels) recorded_labels.insert(label.first);
            CHECK(labels == recorded_labels);
            if (!sample.second.contains("le")) continue;
            const auto& le = sample.second.at("le");
            CHECK(std::any_of(family.samples.begin(), family.samples.end(), [&](const Sample& s) {
                return s.labels.contains("le") && s.labels.at("le") == le;
            }));
        }
    }
    CHECK(compared > 60);
}

TEST_CASE("the scrape is sorted and spelled as Go's, line by line", "[metrics][recorded]") {
    // Everything but the order and the spelling differs from run to run; both show in a recorded text.
    const auto text = metrics::test::recorded("base-failover-leader");
    const auto theirs = metrics::test::parse_scrape(text);
    Metrics metrics{"untagged"};
    play(theirs, metrics);
    const auto heads_of = [](const std::string& scrape) {
        std::vector<std::string> heads;
        for (std::size_t at = 0; at < scrape.size();) {
            const auto end = scrape.find('\n', at);
            auto line = scrape.substr(at, end - at);
            at = end + 1;
            if (line.starts_with("#") || line.starts_with("go_") || line.starts_with("process_")) continue;
            heads.push_back(line.substr(0, line.rfind(' ')));
        }
        return heads;
    };
    const auto recorded_heads = heads_of(text);
    const auto heads = heads_of(metrics.scrape());
    auto at = heads.begin();
    for (const auto& head : recorded_heads) {
        INFO(head);
        at = std::find(at, heads.end(), head);  // ours in the same order, with others between them
        REQUIRE(at != heads.end());
    }
}
